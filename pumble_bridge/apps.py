from django.apps import AppConfig
from django.db.models.signals import post_save


class PumbleBridgeConfig(AppConfig):
    name = "pumble_bridge"

    def ready(self) -> None:
        from keys.models import Member
        from keys.signals import audit_event_recorded
        from pumble_bridge.chat.home import receivers as home
        from pumble_bridge.chat.notices import enqueue_for_event
        from pumble_bridge.events.receivers import end_listening_for_event

        audit_event_recorded.connect(home.mark_stale_for_event, dispatch_uid="home")
        audit_event_recorded.connect(enqueue_for_event, dispatch_uid="notices")
        audit_event_recorded.connect(end_listening_for_event, dispatch_uid="events")
        post_save.connect(home.mark_stale_for_reader, sender=Member, dispatch_uid="home")

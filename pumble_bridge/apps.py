from django.apps import AppConfig
from django.db.models.signals import post_save


class PumbleBridgeConfig(AppConfig):
    name = "pumble_bridge"

    def ready(self) -> None:
        from keys import notify
        from keys.models import Member
        from pumble_bridge import home, notices

        notify.listen(home.listener)
        post_save.connect(home.listener.member_saved, sender=Member)
        notify.listen(notices.listener)

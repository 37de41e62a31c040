from django.apps import AppConfig


class PumbleBridgeConfig(AppConfig):
    name = "pumble_bridge"

    def ready(self) -> None:
        from keys import notify
        from pumble_bridge import notices

        notify.listen(notices.listener)

from django.apps import AppConfig


class PumbleBridgeConfig(AppConfig):
    name = "pumble_bridge"

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "pumble_bridge.sandbox"
    label = "sandbox"
    verbose_name = "Local Pumble"

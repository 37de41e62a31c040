from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class PortalConfig(AppConfig):
    name = "portal"
    default = True

    def ready(self) -> None:
        from portal import checks  # noqa: F401 - registers them


class AdminConfig(SimpleAdminConfig):
    """Django's admin, of which `portal.admin` makes a site of its own."""

    default_site = "portal.admin.site.PortalAdmin"

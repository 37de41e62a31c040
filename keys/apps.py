from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class KeysConfig(AppConfig):
    name = "keys"

    def ready(self) -> None:
        """Create the triggers that protect the audit events after each migration."""
        from keys.audit import triggers  # needs the models

        pre_migrate.connect(triggers.before_migrations, sender=self)
        post_migrate.connect(triggers.after_migrations, sender=self)

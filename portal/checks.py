"""What `manage.py check --deploy` says of a deployment beyond Django's own checks, each with its cure.

What must not be started at all is refused where the settings are read.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register

_THIS_MACHINE = ("127.", "::1", "localhost")


@register(Tags.security, deploy=True)
def check_privacy_of_files(app_configs: Any, **options: Any) -> list[CheckMessage]:
    return list(_open_to_others())


@register(Tags.security, deploy=True)
def check_proxies(app_configs: Any, **options: Any) -> list[CheckMessage]:
    if settings.TRUSTED_PROXIES or settings.BIND.startswith(_THIS_MACHINE):
        return []
    hint = "Set TRUSTED_PROXIES to the addresses of the proxies before the portal."
    text = "BIND is open to other machines and no proxy is trusted: behind one, every call has the proxy's address."
    return [checks.Warning(text, hint=hint, id="portal.W002")]


def _open_to_others() -> Iterator[CheckMessage]:
    for path, mode in ((Path(settings.DATA_DIR), 0o700), (settings.BASE_DIR / ".env", 0o600)):
        if path.exists() and path.stat().st_mode & 0o077:
            hint = f"Run chmod {mode:o} on it."
            yield checks.Warning(f"Other accounts may look into {path.name}.", hint=hint, id="portal.W001")

"""System checks for `manage.py check --deploy`, each with a remedy.

Settings that must not start are refused in `portal.settings`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register

_THIS_MACHINE = ("127.", "::1", "localhost")


@register(Tags.security, deploy=True)
def check_file_permissions(app_configs: Any, **options: Any) -> list[CheckMessage]:
    return list(_files_open_to_others())


@register(Tags.security, deploy=True)
def check_proxies(app_configs: Any, **options: Any) -> list[CheckMessage]:
    if settings.TRUSTED_PROXIES or settings.BIND.startswith(_THIS_MACHINE):
        return []
    hint = "Set TRUSTED_PROXIES to the addresses of the proxies in front of the portal."
    text = "BIND accepts other machines and TRUSTED_PROXIES is empty. Behind a proxy, every call has the proxy's address."
    return [checks.Warning(text, hint=hint, id="portal.W002")]


def _files_open_to_others() -> Iterator[CheckMessage]:
    for path, mode in ((Path(settings.DATA_DIR), 0o700), (settings.WORK_DIR / ".env", 0o600)):
        if path.exists() and path.stat().st_mode & 0o077:
            hint = f"Run chmod {mode:o} on it."
            yield checks.Warning(f"Other accounts can read {path.name}.", hint=hint, id="portal.W001")

"""Settings: Django's deployment checks and the portal's own, the strength of secrets, and who can read their files.

What must not start is refused in `portal.settings`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core import checks
from django.utils.translation import gettext_noop as _

from portal.doctor.findings import Finding, ok, warning
from portal.environment import SECRET_NAMES, is_random

_MIN_ISSUED_SECRET = 16  # characters of a secret that Pumble issued
_ENGINE_FOLDERS = ("/run/secrets/", "/var/run/secrets/")  # container engines set the modes there


def check() -> Iterator[Finding]:
    problems = [
        message for message in checks.run_checks(include_deployment_checks=True) if _concerns(message)
    ]
    for message in problems:
        yield warning(
            "settings",
            "%(text)s",
            "%(hint)s",
            text=f"{str(message.msg).rstrip('.')} ({message.id}).",
            hint=str(message.hint or ""),
        )
    if not problems:
        yield ok("settings", _("The settings pass the deployment checks."))
    yield from _strength()
    yield from _secret_files()


def _concerns(message: checks.CheckMessage) -> bool:
    """Return whether the message counts here. Without TLS, as with the local Pumble, those about HTTPS do not."""
    is_own = (message.id or "").startswith("portal.")
    return not message.is_silenced() and (is_own or not settings.LOCAL_PUMBLE)


def _strength() -> Iterator[Finding]:
    weak = [] if all(map(is_random, settings.SECRET_KEY_FALLBACKS)) else ["SECRET_KEY_FALLBACKS"]
    issued = {
        "PUMBLE_APP_KEY": [settings.PUMBLE_APP_KEY],
        "PUMBLE_APP_CLIENT_SECRET": [settings.PUMBLE_APP_CLIENT_SECRET],
        "PUMBLE_APP_SIGNING_SECRET": settings.PUMBLE_APP_SIGNING_SECRETS,
    }
    weak += [name for name, values in issued.items() if any(len(it) < _MIN_ISSUED_SECRET for it in values)]
    for name in weak:
        yield warning(
            "secrets.strength",
            _("%(name)s has a value that is too short or not random."),
            _("Remove it, or set the whole value that was issued."),
            name=name,
        )
    if not weak:
        yield ok("secrets.strength", _("The secrets are long, random and different."))


def _secret_files() -> Iterator[Finding]:
    """Check the files that `NAME_FILE` names. `portal.W001` covers `.env` and DATA_DIR."""
    open_files = []
    for name in sorted(SECRET_NAMES):
        path = os.environ.get(f"{name}_FILE", "")
        if path and not path.startswith(_ENGINE_FOLDERS) and Path(path).stat().st_mode & 0o077:
            open_files.append(name)
    for name in open_files:
        yield warning(
            "secrets.files",
            _("Other accounts can read the file of %(name)s_FILE."),
            _("Run chmod 600 on it."),
            name=name,
        )
    if not open_files:
        yield ok("secrets.files", _("Only this account can read the files of secrets."))

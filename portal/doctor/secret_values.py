"""Secrets: those with which keys and tokens were stored, and those of the app at Pumble."""

import contextlib
from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from keys.models import ApiKey
from portal.doctor.findings import Finding, failure, ok, warning
from portal.environment import LOCAL_PUMBLE_CREDENTIALS
from pumble_bridge import secret_checks
from pumble_bridge.models import SecretCheck

Kind = SecretCheck.Kind


def check() -> Iterator[Finding]:
    with contextlib.suppress(DatabaseError):  # a full disk or a standby server: other lines say so
        secret_checks.record(now=timezone.now())
    yield from _check_peppers()
    yield _check_encryption_keys()
    yield from _check_app_secrets()


def _check_peppers() -> Iterator[Finding]:
    live = ApiKey.objects.live(timezone.now()).order_by().values_list("pepper_number")
    counts = dict(live.annotate(number_of_keys=Count("pk")))
    problems = [
        (
            _(
                "Pepper %(number)s of KEY_PEPPERS is not the one that was used before. Keys refused: %(keys)s."
            ),
            number,
        )
        for number in secret_checks.find_changed_peppers()
    ]
    problems += [
        (_("KEY_PEPPERS lacks pepper %(number)s. Keys refused: %(keys)s."), number)
        for number in sorted(set(counts) - set(settings.KEY_PEPPERS))
    ]
    for message, number in problems:
        cure = _("Set this pepper to its former value again. Put a new pepper before it, with a new number.")
        yield failure("secrets.peppers", message, cure, number=number, keys=counts.get(number, 0))
    if not problems:
        yield ok("secrets.peppers", _("The peppers are those with which the keys were stored."))


def _check_encryption_keys() -> Finding:
    check = "secrets.encryption_keys"
    unreadable, total = secret_checks.count_unreadable_tokens()
    if unreadable:
        message = _("No key of TOKEN_ENCRYPTION_KEYS decrypts %(unreadable)s of %(total)s stored tokens.")
        cure = _("Put the removed key back, or let the owners of these tokens sign in again.")
        if secret_checks.are_encryption_keys_changed():
            cure = _("The keys are not those of before. Put the former key back, after the new one.")
        return failure(check, message, cure, unreadable=unreadable, total=total)
    return ok(check, _("TOKEN_ENCRYPTION_KEYS decrypts the stored tokens (%(total)s)."), total=total)


def _check_app_secrets() -> Iterator[Finding]:
    """Warn of a secret of the app at Pumble that has not been used since it was set."""
    cures = {
        Kind.CLIENT_SECRET: _("Sign in with Pumble once at %(url)s, then run doctor again."),
        Kind.SIGNING_SECRET: _(
            "Type /api-keys help once in Pumble, then run doctor again within 10 minutes."
        ),
    }
    for kind, has_worked in secret_checks.list_app_secrets():
        check, name = f"pumble.{kind.lower()}", f"PUMBLE_APP_{kind}"
        if has_worked or (settings.LOCAL_PUMBLE and _is_published(name)):
            yield ok(check, _("%(name)s works."), name=name)
        else:
            message = _("%(name)s has not been used yet, and Pumble has no call that tries it alone.")
            yield warning(check, message, cures[Kind(kind)], name=name, url=settings.PUBLIC_URL)


def _is_published(name: str) -> bool:
    """Return whether the value is that of the local Pumble, which needs no trial."""
    values = {
        "PUMBLE_APP_CLIENT_SECRET": settings.PUMBLE_APP_CLIENT_SECRET,
        "PUMBLE_APP_SIGNING_SECRET": settings.PUMBLE_APP_SIGNING_SECRETS[0],
    }
    return values[name] == LOCAL_PUMBLE_CREDENTIALS[name]

"""Find a secret that was changed by mistake, and a secret of the app at Pumble that has not been tried yet.

A check value is the HMAC of a fixed label under the secret. It reveals nothing of a random secret of 32 bytes, and is the
same as long as the secret is. `maintenance` and `doctor` store it when they first see the secret. Digests and tokens
cannot replace it: a digest tells nothing without the key's plaintext, and a new installation has no tokens.

Pumble has no call that tries the client secret or the signing secret alone. They work if, after they were first seen, somebody
signed in or Pumble sent a hook.
"""

import hmac
from datetime import datetime

from django.conf import settings

from keys.models import ApiKey, AuditEvent
from pumble_bridge import tokens
from pumble_bridge.models import AcceptedHook, Authorization, Installation, SecretCheck

_LABEL = b"pumble-api-keys: check value of a secret"
_MAX_TOKENS = 2000  # of each kind; decrypting one takes about 60 µs
_Kind = SecretCheck.Kind
_EXCHANGES = (AuditEvent.Type.MEMBER_AUTHORIZED, AuditEvent.Type.MEMBER_SIGNED_IN)  # need the client secret


def record(*, now: datetime) -> int:
    """Store the check values of secrets that were not seen before, unless stored data contradict them. Return how many.

    A secret that no live key and no stored token depends on may change, so its old check value is replaced.
    """
    _record_app_secrets(now)
    known = _known()
    new = [
        SecretCheck(kind=kind, number=number, value=value, first_seen_at=now)
        for kind, number, value in _current()
        if value not in known.get((kind, number), ())
    ]
    if not new:  # as in nearly every run
        return 0
    changed = find_changed_peppers()
    live = ApiKey.objects.live(now)
    unused = [number for number in changed if not live.filter(pepper_number=number).exists()]
    SecretCheck.objects.filter(kind=_Kind.PEPPER, number__in=unused).delete()
    refused = {(_Kind.PEPPER, number) for number in set(changed) - set(unused)}
    if count_unreadable_tokens()[0]:
        refused.add((_Kind.ENCRYPTION_KEY, 0))
    elif are_encryption_keys_changed():
        SecretCheck.objects.filter(kind=_Kind.ENCRYPTION_KEY).delete()
    accepted = [check for check in new if (check.kind, check.number) not in refused]
    SecretCheck.objects.bulk_create(accepted, ignore_conflicts=True)
    return len(accepted)


def list_app_secrets() -> list[tuple[str, bool]]:
    """Return the kind of each secret of the app at Pumble, and whether it is known to work."""
    return [
        (kind, check is not None and (check.worked_at is not None or _has_worked(check)))
        for kind, _value, check in _app_secrets()
    ]


def _record_app_secrets(now: datetime) -> None:
    for kind, value, check in _app_secrets():
        if check is None:
            new = SecretCheck(kind=kind, value=value, first_seen_at=now)
            SecretCheck.objects.bulk_create([new], ignore_conflicts=True)
        elif check.worked_at is None and _has_worked(check):
            check.worked_at = now
            check.save(update_fields=["worked_at"])


def _app_secrets() -> list[tuple[str, str, SecretCheck | None]]:
    """Return kind, check value and stored check of the client secret and of the signing secret."""
    values = {
        _Kind.CLIENT_SECRET.value: _check_value(settings.PUMBLE_APP_CLIENT_SECRET.encode()),
        _Kind.SIGNING_SECRET.value: _check_value(settings.PUMBLE_APP_SIGNING_SECRETS[0].encode()),
    }
    return [
        (kind, value, SecretCheck.objects.filter(kind=kind, value=value).first())
        for kind, value in values.items()
    ]


def _has_worked(check: SecretCheck) -> bool:
    if check.kind == _Kind.CLIENT_SECRET:
        return AuditEvent.objects.filter(type__in=_EXCHANGES, at__gt=check.first_seen_at).exists()
    if len(settings.PUMBLE_APP_SIGNING_SECRETS) > 1:  # an older one may have verified the hook
        return False
    return AcceptedHook.objects.filter(accepted_at__gt=check.first_seen_at).exists()


def find_changed_peppers() -> list[int]:
    """Return the numbers of peppers that are not what they were when they were first seen."""
    known = _known()
    return [
        number
        for kind, number, value in _current()
        if kind == _Kind.PEPPER and (kind, number) in known and value not in known[kind, number]
    ]


def are_encryption_keys_changed() -> bool:
    """Return whether none of the encryption keys was seen before, although others were.

    In a rotation, the new key is used beside the old one first.
    """
    known = _known().get((_Kind.ENCRYPTION_KEY, 0), set())
    return bool(known) and not known & {value for kind, _n, value in _current() if kind != _Kind.PEPPER}


def count_unreadable_tokens() -> tuple[int, int]:
    """Return how many stored tokens no encryption key decrypts, and how many were tried."""
    stored = [
        *Installation.objects.values_list("encrypted_bot_token", flat=True).order_by("-pk")[:_MAX_TOKENS],
        *Authorization.objects.values_list("encrypted_access_token", flat=True).order_by("-pk")[:_MAX_TOKENS],
    ]
    return sum(tokens.reencrypt(token) is None for token in stored), len(stored)


def _current() -> list[tuple[str, int, str]]:
    peppers = [
        (_Kind.PEPPER.value, number, _check_value(pepper)) for number, pepper in settings.KEY_PEPPERS.items()
    ]
    keys = [
        (_Kind.ENCRYPTION_KEY.value, 0, _check_value(key.encode())) for key in settings.TOKEN_ENCRYPTION_KEYS
    ]
    return peppers + keys


def _known() -> dict[tuple[str, int], set[str]]:
    known: dict[tuple[str, int], set[str]] = {}
    for kind, number, value in SecretCheck.objects.values_list("kind", "number", "value"):
        known.setdefault((kind, number), set()).add(value)
    return known


def _check_value(secret: bytes) -> str:
    return hmac.new(secret, _LABEL, "sha256").hexdigest()

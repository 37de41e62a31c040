"""Who calls, and how often: the API key in the request's headers, and its own limit."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication

from keys import authentication
from keys.exceptions import KeyMalformed, KeyMissing
from keys.key_cache import KeyRecord
from keys.limits import CallBudget

_KEY_HEADERS = ("HTTP_APIKEY", "HTTP_API_KEY", "HTTP_X_API_KEY")  # ApiKey, Api-Key, X-API-Key


class ApiKeyAuthentication(BaseAuthentication):
    """Set `request.user` to the owner's primary key and `request.auth` to the key's record.

    `request.budget` has the limits of the call. One call is already taken from the key's own limit, because Redis answers in
    the same trip whether the record is current.
    """

    def authenticate(self, request: Any) -> tuple[int, KeyRecord]:
        """
        Raises:
            KeyMissing, KeyMalformed, KeyUnknown.
            RateLimited: instead of these, after too many of them.
        """
        record, own = authentication.authenticate(
            find_key(request.META), by=request.actor, now=timezone.now()
        )
        request.budget = CallBudget(record, own)
        return record.owner_id, record


def find_key(meta: Mapping[str, object]) -> bytes:
    """Return the bytes of the key that the request presents.

    `Authorization` counts only as `Bearer pmb_...`; any other value of it belongs to somebody else. Query, body and
    cookies never count.

    Raises:
        KeyMissing: no header has one.
        KeyMalformed: headers disagree; one sent twice arrives joined by a comma and is no key either.
    """
    keys = {value.strip() for name in _KEY_HEADERS if (value := _raw(meta.get(name))).strip()}
    scheme, _, bearer = _raw(meta.get("HTTP_AUTHORIZATION")).strip().partition(b" ")
    if scheme.lower() == b"bearer" and bearer.strip().startswith(b"pmb_"):
        keys.add(bearer.strip())
    if not keys:
        raise KeyMissing
    if len(keys) > 1:
        raise KeyMalformed
    return keys.pop()


def has_key_header(meta: Mapping[str, object]) -> bool:
    """Return whether a header that is ours holds anything at all."""
    return any(_raw(meta.get(name)) for name in _KEY_HEADERS)


def _raw(value: object) -> bytes:
    """Return the header's bytes: WSGI hands them over as Latin-1 text."""
    return value.encode("latin-1", "replace") if isinstance(value, str) else b""

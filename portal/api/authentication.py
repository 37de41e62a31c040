"""Authenticate a call by the API key in its headers."""

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

    `request.budget` holds the limits of the call. Authentication takes the call from the key's own limit, because one
    command to Redis also answers whether the key's record is current.
    """

    counts = True

    def authenticate(self, request: Any) -> tuple[int, KeyRecord]:
        """
        Raises:
            KeyMissing, KeyMalformed, KeyUnknown.
            RateLimited: this client or this key id failed too often.
        """
        record, limit_status = authentication.authenticate(
            find_key(request.META), by=request.actor, now=timezone.now(), counts=self.counts
        )
        request.budget = CallBudget(record, limit_status)
        return record.owner_id, record


class UncountedKeyAuthentication(ApiKeyAuthentication):
    """Authenticate a key before its call, which counts."""

    counts = False


def find_key(meta: Mapping[str, object]) -> bytes:
    """Return the bytes of the key in the request's headers.

    `Authorization` is read only as `Bearer pmb_...`, because a proxy may use it for itself. Query, body and cookies
    are never read.

    Raises:
        KeyMissing: no header has a key.
        KeyMalformed: two headers have different values. A header sent twice arrives joined by a comma, which is malformed too.
    """
    keys = {value.strip() for name in _KEY_HEADERS if (value := _header_bytes(meta.get(name))).strip()}
    scheme, _, bearer = _header_bytes(meta.get("HTTP_AUTHORIZATION")).strip().partition(b" ")
    if scheme.lower() == b"bearer" and bearer.strip().startswith(b"pmb_"):
        keys.add(bearer.strip())
    if not keys:
        raise KeyMissing
    if len(keys) > 1:
        raise KeyMalformed
    return keys.pop()


def has_key_header(meta: Mapping[str, object]) -> bool:
    """Return whether a key header has any value."""
    return any(_header_bytes(meta.get(name)) for name in _KEY_HEADERS)


def _header_bytes(value: object) -> bytes:
    """Return the header's bytes. WSGI decodes headers as Latin-1."""
    return value.encode("latin-1", "replace") if isinstance(value, str) else b""

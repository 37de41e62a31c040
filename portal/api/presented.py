"""Finds the key a request presents: the headers that count, and nothing else. Pure but for the error it raises."""

from collections.abc import Mapping

from keys.exceptions import KeyMalformed, KeyMissing

_KEY_HEADERS = ("HTTP_APIKEY", "HTTP_API_KEY", "HTTP_X_API_KEY")  # ApiKey, Api-Key, X-API-Key


def find_key(meta: Mapping[str, object]) -> bytes:
    """The bytes of the presented key.

    `Authorization` counts only as `Bearer pmb_...`; any other value of it belongs to somebody else. Query, body and
    cookies never count.

    Raises:
        KeyMissing: no header has one.
        KeyMalformed: headers disagree; one sent twice arrives joined by a comma and is no key either.
    """
    presented = {value.strip() for name in _KEY_HEADERS if (value := _raw(meta.get(name))).strip()}
    scheme, _, bearer = _raw(meta.get("HTTP_AUTHORIZATION")).strip().partition(b" ")
    if scheme.lower() == b"bearer" and bearer.strip().startswith(b"pmb_"):
        presented.add(bearer.strip())
    if not presented:
        raise KeyMissing
    if len(presented) > 1:
        raise KeyMalformed
    return presented.pop()


def presents_key(meta: Mapping[str, object]) -> bool:
    """Whether a header that is ours holds anything at all."""
    return any(_raw(meta.get(name)) for name in _KEY_HEADERS)


def _raw(value: object) -> bytes:
    """The header's bytes: WSGI hands them over as Latin-1 text."""
    return value.encode("latin-1", "replace") if isinstance(value, str) else b""

"""The one response that contains a key's plaintext. The key becomes live when the response was sent, and is revoked otherwise."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace

from django.http import StreamingHttpResponse
from django.utils import timezone

from keys import lifecycle
from keys.audit import Actor
from keys.models import ApiKey

log = logging.getLogger(__name__)


def deliver(
    body: bytes,
    key: ApiKey,
    *,
    by: Actor,
    content_type: str | None = None,
    on_failure: Callable[[], None] | None = None,
) -> StreamingHttpResponse:
    """Return the response with `body`, which contains the plaintext of a pending key.

    Args:
        on_failure: called after the key was revoked because the response could not be sent.
    """
    response = StreamingHttpResponse(_stream(body, key, by, on_failure), content_type=content_type)
    response["Content-Length"] = str(len(body))
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def revoke_undelivered(key: ApiKey, by: Actor) -> None:
    """Revoke a pending key as its owner, because a key that rotates itself does not manage its successor."""
    log.warning("key.not_delivered", extra={"key_id": key.key_id})
    lifecycle.revoke(
        key=key, by=replace(by, key=None), reason=ApiKey.RevokeReason.NOT_DELIVERED, now=timezone.now()
    )


def _stream(body: bytes, key: ApiKey, by: Actor, on_failure: Callable[[], None] | None) -> Iterator[bytes]:
    """Yield the body, then confirm the key. The server asks for more after it wrote the body, and closes the iterator on failure."""
    try:
        yield body
    except GeneratorExit:
        revoke_undelivered(key, by)
        if on_failure is not None:
            on_failure()
        raise
    try:
        lifecycle.confirm(key=key, by=by, now=timezone.now())
    except Exception:
        # The body was sent. The key becomes live with its first use, and maintenance revokes it if it is never used.
        log.exception("key.not_confirmed", extra={"key_id": key.key_id})

"""The one response that contains a key's plaintext. The key becomes live when the response was sent, and is revoked otherwise."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.text import slugify

from keys import lifecycle
from keys.audit import Actor
from keys.key_format import Plaintext
from keys.models import ApiKey, Member
from portal.presentation import mcp_clients
from portal.reference.code_samples import samples

log = logging.getLogger(__name__)


def reveal_key(
    request: HttpRequest,
    key: ApiKey,
    plaintext: Plaintext,
    *,
    member: Member,
    by: Actor,
    replaced: ApiKey | None = None,
) -> HttpResponseBase:
    """Return the page with the plaintext of a pending key. `replaced` is the key that a rotation replaces."""
    now = timezone.now()
    retires_at = now + (key.grace or timedelta(0))
    if replaced and replaced.expires_at:
        retires_at = min(retires_at, replaced.expires_at)
    context = {
        "member": member,
        "key": key,
        "now": now,
        "retires_at": retires_at,
        "replaced": replaced,
        "samples": _samples(key),
        "file_name": f"{slugify(key.name) or key.key_id}.env",
        "mcp_url": mcp_clients.mcp_url(),
        "mcp_clients": mcp_clients.list_clients(),
    }
    return stream_page(request, key, plaintext, "dashboard/reveal.html", context, by=by)


def stream_page(
    request: HttpRequest,
    key: ApiKey,
    plaintext: Plaintext,
    template: str,
    context: dict[str, Any],
    *,
    by: Actor,
) -> HttpResponseBase:
    """Return a response with the plaintext of a pending key."""
    try:
        page = render_to_string(template, context | {"plaintext": plaintext.text}, request).encode()
    except Exception:
        _revoke_undelivered(key, by)
        raise
    response = StreamingHttpResponse(_stream(page, key, by))
    response["Content-Length"] = str(len(page))
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _stream(page: bytes, key: ApiKey, by: Actor) -> Iterator[bytes]:
    """Yield the page, then confirm the key. The server asks for more after it wrote the page, and closes the iterator on failure."""
    try:
        yield page
    except GeneratorExit:
        _revoke_undelivered(key, by)
        raise
    try:
        lifecycle.confirm(key=key, by=by, now=timezone.now())
    except Exception:
        # The member has the page. The key becomes live with its first use, and maintenance revokes it if it is never used.
        log.exception("key.not_confirmed", extra={"key_id": key.key_id})


def _revoke_undelivered(key: ApiKey, by: Actor) -> None:
    log.warning("key.not_delivered", extra={"key_id": key.key_id})
    lifecycle.revoke(key=key, by=by, reason=ApiKey.RevokeReason.NOT_DELIVERED, now=timezone.now())


def _samples(key: ApiKey) -> list[dict[str, str]]:
    """Return samples that run as they are: one sends a message if the key may do that, else it asks for the key's own data."""
    if "messages:write" not in key.scopes:
        return samples(f"{settings.PUBLIC_URL}/keyInfo", "GET", None)
    channel = next((name for name in (key.channels or {}).values() if name), "general")
    return samples(f"{settings.PUBLIC_URL}/sendMessage", "POST", {"channel": channel, "text": "hello"})

"""The page that shows the plaintext of a new key, once."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.text import slugify

from keys.audit import Actor
from keys.key_format import Plaintext
from keys.models import ApiKey, Member
from portal import key_delivery
from portal.presentation import mcp_clients
from portal.reference.code_samples import samples


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
        key_delivery.revoke_undelivered(key, by)
        raise
    return key_delivery.deliver(page, key, by=by)


def _samples(key: ApiKey) -> list[dict[str, str]]:
    """Return samples that run as they are: one sends a message if the key may do that, else it asks for the key's own data."""
    if "messages:write" not in key.scopes:
        return samples(f"{settings.PUBLIC_URL}/keyInfo", "GET", None)
    channel = next((name for name in (key.channels or {}).values() if name), "general")
    return samples(f"{settings.PUBLIC_URL}/sendMessage", "POST", {"channel": channel, "text": "hello"})

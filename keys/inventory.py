"""What a viewer may see: lookups that start from the viewer, so that another's key does not exist for them."""

from datetime import datetime

from keys.errors import KeyAmbiguous, KeyNotFound
from keys.models import ApiKey, ApiKeyQuerySet, Member

_SHORTEST_BEGINNING = 3


def list_keys(viewer: Member) -> ApiKeyQuerySet:
    """Keys that `viewer` may see, newest first, whatever their state."""
    return (
        ApiKey.objects.for_viewer(viewer)
        .select_related("owner__workspace", "last_use")
        .order_by("-created_at", "-pk")
    )


def list_own_keys(member: Member, now: datetime) -> ApiKeyQuerySet:
    """The live keys of `member`, newest first."""
    return (
        ApiKey.objects.filter(owner=member)
        .live(now)
        .select_related("owner__workspace", "last_use")
        .order_by("-created_at", "-pk")
    )


def get_own_key_by_id(member: Member, key_id: str, now: datetime) -> ApiKey:
    """The live key of `member` with exactly this id.

    Raises:
        KeyNotFound.
    """
    found = list_own_keys(member, now).filter(key_id=key_id).first()
    if found is None:
        raise KeyNotFound
    return found


def get_own_key(member: Member, name_or_id: str, now: datetime) -> ApiKey:
    """The one live key of `member` that goes by that id (with or without `pmb_`), name or beginning of either.

    Case does not matter in names. A whole id or name goes before beginnings; where a key and the one it replaced share
    a name, the name means the newer.

    Raises:
        KeyNotFound, KeyAmbiguous.
    """
    key_id, name = name_or_id.removeprefix("pmb_"), " ".join(name_or_id.split()).casefold()
    own = list(list_own_keys(member, now))
    current = [key for key in own if key.retires_at is None and (key.confirmed_at or not key.replaces_id)]
    found = [key for key in own if key.key_id == key_id] or [
        key for key in current if key.name.casefold() == name
    ]
    if not found and len(name) >= _SHORTEST_BEGINNING:
        found = [
            key for key in current if key.name.casefold().startswith(name) or key.key_id.startswith(key_id)
        ]
    if not found:
        raise KeyNotFound
    if len(found) > 1:
        raise KeyAmbiguous([key.name for key in found], [key.key_id for key in found])
    return found[0]

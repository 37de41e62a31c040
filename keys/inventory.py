"""What a viewer may see: lookups that start from the viewer, so that another's key does not exist for them."""

from datetime import datetime

from keys.errors import KeyAmbiguous, KeyNotFound
from keys.models import ApiKey, ApiKeyQuerySet, Member


def list_keys(viewer: Member) -> ApiKeyQuerySet:
    """Keys that `viewer` may see, newest first, whatever their state."""
    return ApiKey.objects.for_viewer(viewer).select_related("owner__workspace").order_by("-created_at", "-pk")


def list_own_keys(member: Member, now: datetime) -> ApiKeyQuerySet:
    """The live keys of `member`, newest first."""
    return ApiKey.objects.filter(owner=member).live(now).order_by("-created_at", "-pk")


def get_own_key(member: Member, name_or_id: str, now: datetime) -> ApiKey:
    """The one live key of `member` that goes by that id (with or without `pmb_`) or name (case does not matter).

    Raises:
        KeyNotFound, KeyAmbiguous.
    """
    key_id, name = name_or_id.removeprefix("pmb_"), " ".join(name_or_id.split()).casefold()
    found = [
        key
        for key in list_own_keys(member, now).select_related("owner__workspace")
        if key.key_id == key_id or key.name.casefold() == name
    ]
    if not found:
        raise KeyNotFound
    if len(found) > 1:
        raise KeyAmbiguous
    return found[0]

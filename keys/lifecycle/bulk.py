"""Changes of all keys of a member at once."""

from datetime import datetime

from django.db import transaction

from keys import permissions
from keys.audit import Actor, audit_denials
from keys.lifecycle.locks import lock_keys_of, lock_owner
from keys.lifecycle.names import clean_note
from keys.lifecycle.revocation import revoke
from keys.lifecycle.updates import disable_all
from keys.models import ApiKey, Member


@audit_denials("stop_all")
@transaction.atomic
def stop_all(
    *, owner: Member, by: Actor, now: datetime, reason: ApiKey.RevokeReason | None = None, note: str = ""
) -> int:
    """Disable each live key of the member, or revoke it if a reason is given. Return how many keys that were.

    Keys on their way to the member are among them. The member can create keys afterwards.

    Raises:
        NotAllowed
    """
    owner = lock_owner(owner)
    permissions.require_can_stop_keys(owner, by)
    lock_keys_of(Member.objects.filter(pk=owner.pk))
    keys = list(
        ApiKey.objects.filter(owner=owner).live(now).select_related("owner__workspace").order_by("-pk")
    )
    if reason is None:
        disable_all(keys, by=by, now=now, note=clean_note(note))
    else:
        for key in keys:  # newest first: a key takes those that it replaced with it
            revoke(key=key, by=by, reason=reason, now=now, note=note, with_created=False)
    return len(keys)

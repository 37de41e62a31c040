"""The person who is responsible for a workspace key: replaced on request, and nobody after the person left."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from keys import audit, permissions
from keys.audit import Actor, audit_denials
from keys.exceptions import ResponsibleInvalid
from keys.lifecycle.events import record_key_event
from keys.lifecycle.locks import lock_keys_of, lock_live_rotation_chain, lock_owner
from keys.models import ApiKey, AuditEvent, Member


@audit_denials("replace_responsible")
@transaction.atomic
def replace_responsible(*, key: ApiKey, responsible: Member, by: Actor, now: datetime) -> ApiKey:
    """Make `responsible` responsible for a live workspace key, and for the keys that it replaced as long as those work.

    Return the key. Naming the person who already is responsible changes nothing.

    Raises:
        NotAllowed, KeyBeingReplaced; ResponsibleInvalid: the key is no workspace key, or the person cannot be responsible;
        KeyNotFound: the key is no longer live.
    """
    owner = lock_owner(key.owner)
    chain = lock_live_rotation_chain(key, now)
    permissions.require_can_change(chain[-1], by)
    if not owner.is_bot:
        raise ResponsibleInvalid(ResponsibleInvalid.Problem.UNKNOWN)
    responsible = lock_responsible(responsible, owner)
    for link in chain:
        if link.responsible != responsible:
            _replace(link, responsible, by=by, now=now)
    return chain[-1]


def release_keys(member: Member, *, by: Actor, now: datetime) -> list[str]:
    """Leave the live workspace keys of a person without a responsible person. Return the ids of the confirmed ones.

    The keys live on. Lock the keys before: see `lock_keys_of`.
    """
    keys = (
        ApiKey.objects.filter(responsible=member).live(now).select_related("owner__workspace", "responsible")
    )
    released = []
    for key in keys.order_by("pk"):
        _replace(key, None, by=by, now=now)
        if key.confirmed_at is not None:
            released.append(key.key_id)
    return released


def release_abandoned(*, now: datetime) -> int:
    """Release the keys of people who left while a release ran that knows no responsible people. Return how many people."""
    gone = Q(is_active=False) | ~Q(role__in=permissions.CAN_BE_RESPONSIBLE["role__in"])
    # The authorization belongs to pumble_bridge. A rejected one stays stored, and its person can come back.
    gone |= Q(authorized_at__isnull=True, authorization__isnull=True)
    live = ApiKey.objects.live(now).filter(responsible__isnull=False)
    people = Member.objects.people().filter(gone, pk__in=live.values("responsible"))
    for person in list(people):
        with transaction.atomic():
            lock_owner(person)
            lock_keys_of(Member.objects.filter(pk=person.pk))
            if people.filter(pk=person.pk).exists():  # unless they came back since the query
                release_keys(person, by=audit.MAINTENANCE, now=now)
    return len(people)


def lock_responsible(responsible: Member, owner: Member) -> Member:
    """Return the person as the database has them now. The lock of the workspace, which `lock_owner` takes, keeps them so.

    Raises:
        ResponsibleInvalid: they cannot be responsible for the keys of `owner`, the bot of the workspace.
    """
    current = Member.objects.get(pk=responsible.pk)
    permissions.require_can_be_responsible(current, owner.workspace_id if owner.is_bot else None)
    return current


def _replace(key: ApiKey, responsible: Member | None, *, by: Actor, now: datetime) -> None:
    before, key.responsible = key.responsible, responsible
    key.save(update_fields=["responsible"])
    record_key_event(
        AuditEvent.Type.KEY_RESPONSIBLE_REPLACED,
        key,
        by,
        now,
        before=audit.actor_reference(before),
        after=audit.actor_reference(responsible),
    )

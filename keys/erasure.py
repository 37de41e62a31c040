"""What goes when a person is erased, and what stays.

Gone: name, e-mail, language and role; addresses, networks and programs of every use of their keys; the answers kept for
repetitions; what the keys were named, meant for and ended with a word about, for these are free texts that may hold
anything; addresses in the audit log. Stay: Pumble's user id, without which an event of Pumble would bring the person
back, the keys as revoked rows, their counts, and the audit events with what they say of keys.
"""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from keys import audit, lifecycle
from keys.audit import Actor
from keys.models import (
    ApiKey,
    AuditAddress,
    AuditEvent,
    IdempotentCall,
    KnownNetwork,
    LastUse,
    Member,
    Policy,
    RequestLog,
)

PSEUDONYM = "erased member"
KEY_PSEUDONYM = "erased key"
_BATCH_SIZE = 2_000  # rows; whoever writes uses must not wait long for its turn


class StillAuthorized(Exception):
    """Somebody whom the app may act for, or an operator, cannot be nobody."""


def erase_request_addresses(member: Member) -> Iterator[int]:
    """Take addresses and agents out of the log of calls with their keys, batch by batch; how many rows each one changed.

    Each batch is committed by itself, so that stopping loses nothing and repeating goes on from there.
    """
    calls = RequestLog.objects.filter(key__owner=member)
    traceable = calls.filter(Q(address__isnull=False) | ~Q(agent=""))
    while batch := list(traceable.values_list("pk", flat=True)[:_BATCH_SIZE]):
        yield RequestLog.objects.filter(pk__in=batch).update(address=None, agent="")


@transaction.atomic
def anonymize(member: Member, *, by: Actor, now: datetime) -> None:
    """The person, whose authorisation is over, is nobody from now on.

    Authorising the app again makes them a member like anybody else; nothing less brings name and e-mail back.

    Raises:
        StillAuthorized: they authorised the app again this very moment; nothing was changed.
    """
    member = lifecycle.lock_owner(member)
    lifecycle.lock_keys_of(Member.objects.filter(pk=member.pk))  # after whoever writes of their uses
    if member.workspace is None or member.authorized_at is not None:
        raise StillAuthorized
    keys = ApiKey.objects.filter(owner=member)
    for key in keys.filter(revoked_at__isnull=True).select_related("owner__workspace"):
        lifecycle.revoke(key=key, by=by, reason=ApiKey.RevokeReason.UNAUTHORIZED, now=now)
    LastUse.objects.filter(key__in=keys).update(address=None, agent="")
    KnownNetwork.objects.filter(key__in=keys).delete()
    IdempotentCall.objects.filter(key__in=keys).delete()
    keys.update(name=KEY_PSEUDONYM, purpose="", revoked_note="", allowed_addresses=[])
    for policy in Policy.objects.filter(allowed_creators=member):
        policy.allowed_creators.remove(member)
    member.name, member.email, member.language = PSEUDONYM, "", ""
    member.role, member.last_login, member.erased_at = Member.Role.USER, None, now
    member.save()
    erase_audit_addresses(member)
    audit.record(AuditEvent.Type.MEMBER_ERASED, workspace=member.workspace, member=member, by=by, now=now)


def erase_audit_addresses(member: Member) -> int:
    """Delete the addresses of the member that audit events refer to. Return how many.

    The events keep a pseudonym for each, so the chain verifies as before. Exports made earlier keep the addresses.
    """
    return AuditAddress.objects.filter(member=member).delete()[0]

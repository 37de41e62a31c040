"""Erasure of a member's personal data.

Deleted are name, e-mail, language, time zone and role; addresses, networks and agents of every use of their keys; stored answers of
idempotent calls; names, purposes and notes of their keys, because free texts can contain anything; and addresses in audit
events. Kept are Pumble's user id, without which an event of Pumble would create the member again; the revoked keys with
their counts; and the audit events.
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
_BATCH_SIZE = 2_000  # rows; the thread that writes usage waits for a batch


class StillAuthorized(Exception):
    """The member authorizes the app, or is an operator, so they cannot be erased."""


def erase_request_addresses(member: Member) -> Iterator[int]:
    """Delete addresses and agents in the request log of the member's keys. Yield the number of rows of each batch.

    Each batch is committed by itself, so an interrupted run can be repeated.
    """
    calls = RequestLog.objects.filter(key__owner=member)
    traceable = calls.filter(Q(address__isnull=False) | ~Q(agent=""))
    while batch := list(traceable.values_list("pk", flat=True)[:_BATCH_SIZE]):
        yield RequestLog.objects.filter(pk__in=batch).update(address=None, agent="")


@transaction.atomic
def anonymize(member: Member, *, by: Actor, now: datetime) -> None:
    """Erase the personal data of a member who no longer authorizes the app.

    Only if they authorize the app again are name and e-mail stored again.

    Raises:
        StillAuthorized: they authorize the app. Nothing was changed.
    """
    member = lifecycle.lock_owner(member)
    lifecycle.lock_keys_of(Member.objects.filter(pk=member.pk))  # waits for writes of their usage
    if member.workspace is None or member.authorized_at is not None:
        raise StillAuthorized
    keys = ApiKey.objects.filter(owner=member)
    for key in keys.filter(revoked_at__isnull=True).select_related("owner__workspace"):
        reason = ApiKey.RevokeReason.UNAUTHORIZED
        lifecycle.revoke(key=key, by=by, reason=reason, now=now, with_created=False)
    LastUse.objects.filter(key__in=keys).update(address=None, agent="")
    KnownNetwork.objects.filter(key__in=keys).delete()
    IdempotentCall.objects.filter(key__in=keys).delete()
    keys.update(name=KEY_PSEUDONYM, purpose="", revoked_note="", allowed_addresses=[])
    for policy in Policy.objects.filter(allowed_creators=member):
        policy.allowed_creators.remove(member)
    member.name, member.email, member.language = PSEUDONYM, "", ""
    member.time_zone, member.time_format = "", None
    member.role, member.last_login, member.erased_at = Member.Role.USER, None, now
    member.save()
    erase_audit_addresses(member)
    audit.record(AuditEvent.Type.MEMBER_ERASED, workspace=member.workspace, member=member, by=by, now=now)


def erase_audit_addresses(member: Member) -> int:
    """Delete the addresses of the member that audit events refer to. Return how many.

    The events keep a pseudonym for each, so the chain verifies as before. Exports made earlier keep the addresses.
    """
    return AuditAddress.objects.filter(member=member).delete()[0]

"""Removal of old events. The chain goes on: an event tells the number and digest of the last that was removed."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from keys.audit.log import MAINTENANCE, Type, lock_chain, record
from keys.models import AuditChain, AuditEvent, Workspace

_BATCH_SIZE = 500
_CHECKPOINT_INTERVAL = timedelta(days=1)


def delete_expired(now: datetime) -> int:
    """Remove the events older than `AUDIT_RETENTION_DAYS`; how many. None is removed unless that is set."""
    if settings.AUDIT_RETENTION_DAYS is None:
        return 0
    before = now - timedelta(days=settings.AUDIT_RETENTION_DAYS)
    for name in list(AuditChain.objects.order_by("name").values_list("name", flat=True)):
        checkpoint(name, before=before, now=now)
    return _remove_pruned()


@transaction.atomic
def checkpoint(chain_name: str, *, before: datetime, now: datetime) -> bool:
    """Give up the chain's events from before that moment: from here on it begins with the first that is not.

    A chain gets a checkpoint once a day at most, and none where only checkpoints would go. Whether it got one.
    """
    chain = lock_chain(chain_name)
    events = AuditEvent.objects.filter(chain=chain, number__gt=chain.pruned_number)
    first_kept = events.filter(at__gte=before).order_by("number").values_list("number", flat=True).first()
    going = events.filter(number__lt=first_kept or chain.number + 1)
    due = going.filter(at__lt=before - _CHECKPOINT_INTERVAL).exclude(type=Type.AUDIT_CHECKPOINT)
    last = going.order_by("-number").first() if due.exists() else None
    if last is None:
        return False
    workspace = Workspace.objects.filter(pumble_id=chain_name).first()
    record(
        Type.AUDIT_CHECKPOINT,
        workspace=workspace,
        by=MAINTENANCE,
        now=now,
        number=last.number,
        digest=last.digest,
        before=before.isoformat(),
    )
    AuditChain.objects.filter(pk=chain.pk).update(pruned_number=last.number, pruned_digest=last.digest)
    return True


def _remove_pruned() -> int:
    """Remove what the checkpoints gave up, also where a crash left it; how many events."""
    removed = 0
    for chain in AuditChain.objects.filter(pruned_number__gt=0):
        given_up = AuditEvent.objects.filter(chain=chain, number__lte=chain.pruned_number).order_by("number")
        while batch := list(given_up.values_list("pk", flat=True)[:_BATCH_SIZE]):
            AuditEvent.objects.filter(pk__in=batch).delete()
            removed += len(batch)
    return removed

"""Deletion of old events. A checkpoint event records the number and digest of the last deleted event, so the chain goes on."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from keys.audit.log import MAINTENANCE, Type, lock_chain, record
from keys.models import AuditChain, AuditEvent, Workspace

_BATCH_SIZE = 500
_CHECKPOINT_INTERVAL = timedelta(days=1)


def delete_expired(now: datetime) -> int:
    """Delete the events older than `AUDIT_RETENTION_DAYS`, if that is set. Return how many."""
    if settings.AUDIT_RETENTION_DAYS is None:
        return 0
    before = now - timedelta(days=settings.AUDIT_RETENTION_DAYS)
    for name in list(AuditChain.objects.order_by("name").values_list("name", flat=True)):
        checkpoint(name, before=before, now=now)
    return _delete_pruned()


@transaction.atomic
def checkpoint(chain_name: str, *, before: datetime, now: datetime) -> bool:
    """Record a checkpoint, after which the events before that moment can be deleted. Return whether one was recorded.

    A chain gets at most one checkpoint a day, and none if only checkpoints would be deleted.
    """
    chain = lock_chain(chain_name)
    events = AuditEvent.objects.filter(chain=chain, number__gt=chain.pruned_number)
    first_kept = events.filter(at__gte=before).order_by("number").values_list("number", flat=True).first()
    expired = events.filter(number__lt=first_kept or chain.number + 1)
    due = expired.filter(at__lt=before - _CHECKPOINT_INTERVAL).exclude(type=Type.AUDIT_CHECKPOINT)
    last = expired.order_by("-number").first() if due.exists() else None
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


def _delete_pruned() -> int:
    """Delete the events before the checkpoints, also those that a crash left. Return how many."""
    deleted = 0
    for chain in AuditChain.objects.filter(pruned_number__gt=0):
        pruned = AuditEvent.objects.filter(chain=chain, number__lte=chain.pruned_number).order_by("number")
        while batch := list(pruned.values_list("pk", flat=True)[:_BATCH_SIZE]):
            AuditEvent.objects.filter(pk__in=batch).delete()
            deleted += len(batch)
    return deleted

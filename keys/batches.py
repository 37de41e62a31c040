"""Removing rows that are out of date, in batches: no statement is long, nobody waits long, and stopping loses nothing."""

from typing import Any

from django.db.models import QuerySet

BATCH_SIZE = 5_000  # rows; whoever writes to the table must not wait long for its turn


def delete_in_batches(old: QuerySet[Any]) -> int:
    """Delete these rows; how many went, and what went with them. Each batch is committed by itself."""
    pruned = 0
    while batch := list(old.values_list("pk", flat=True)[:BATCH_SIZE]):
        pruned += old.model.objects.filter(pk__in=batch).delete()[0]
    return pruned

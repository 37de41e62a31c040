"""Deletion of many rows in batches, so that no statement takes long."""

from typing import Any

from django.db.models import QuerySet

BATCH_SIZE = 5_000  # rows; other writers of the table wait for a batch


def delete_in_batches(rows: QuerySet[Any]) -> int:
    """Delete the rows, and return how many were deleted, with those that cascaded. Commit each batch by itself."""
    deleted = 0
    while batch := list(rows.values_list("pk", flat=True)[:BATCH_SIZE]):
        deleted += rows.model.objects.filter(pk__in=batch).delete()[0]
    return deleted

"""Whose rows a person may see. Every list and lookup starts here, so that another workspace's rows do not exist."""

from typing import TYPE_CHECKING, TypeVar

from django.db.models import Model, QuerySet

if TYPE_CHECKING:
    from keys.models.people import Member

Rows = TypeVar("Rows", bound="QuerySet[Model]")


def seen_by(viewer: "Member", rows: Rows, *, workspace: str, person: str) -> Rows:
    """Those of `rows` that `viewer` may see: operators all, owners and administrators their workspace's, others their own.

    Args:
        workspace: the lookup from a row to its workspace.
        person: the lookup from a row to the member whose it is.
    """
    if viewer.is_superuser:
        return rows
    if viewer.is_workspace_admin:
        return rows.filter(**{workspace: viewer.workspace_id})
    return rows.filter(**{person: viewer.pk})

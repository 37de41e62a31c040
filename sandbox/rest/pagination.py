"""Pages of messages. Source: Pumble app platform reference, 5.5 (paging).

A channel is listed newest first, a thread oldest first. The limit of 200 is a proposal (9, row 12). A cursor is a
message id; BEFORE and AFTER exclude it, AROUND includes it.
"""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from sandbox.exceptions import ValidationError
from sandbox.models import Message
from sandbox.rest import fields
from sandbox.rest.endpoint import ApiCall

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
STRATEGIES = ("BEFORE", "AFTER", "AROUND")


@dataclass(frozen=True, slots=True)
class Page:
    """`messages` are newest first. A flag that the strategy does not determine is None."""

    messages: list[Message]
    more_before: bool | None
    more_after: bool | None


def paginate_channel(call: ApiCall, rows: QuerySet[Message]) -> Page:
    limit, strategy, cursor = _parse_query(call, rows, "BEFORE")
    if cursor is None:
        older, more = _slice(rows.order_by("-id"), limit)
        return Page(older, more, more_after=False)
    if strategy == "BEFORE":
        older, more = _slice(rows.filter(id__lt=cursor).order_by("-id"), limit)
        return Page(older, more, None)
    newer_rows = rows.filter(id__gt=cursor).order_by("id")
    if strategy == "AFTER":
        newer, more = _slice(newer_rows, limit)
        return Page(newer[::-1], None, more)
    newer, more_after = _slice(newer_rows, (limit - 1) // 2)
    older, more_before = _slice(rows.filter(id__lte=cursor).order_by("-id"), limit - len(newer))
    return Page(newer[::-1] + older, more_before, more_after)


def paginate_thread(call: ApiCall, rows: QuerySet[Message]) -> list[Message]:
    """Return replies, oldest first. Without a strategy, read forward from the cursor."""
    limit, strategy, cursor = _parse_query(call, rows, "AFTER")
    if strategy == "AFTER":
        after = rows.filter(id__gt=cursor) if cursor else rows
        return _slice(after.order_by("id"), limit)[0]
    older_than = Q() if cursor is None else Q(id__lt=cursor) if strategy == "BEFORE" else Q(id__lte=cursor)
    newer: list[Message] = []
    if strategy == "AROUND" and cursor:
        newer, _ = _slice(rows.filter(id__gt=cursor).order_by("id"), (limit - 1) // 2)
    older, _ = _slice(rows.filter(older_than).order_by("-id"), limit - len(newer))
    return older[::-1] + newer


def _parse_query(call: ApiCall, rows: QuerySet[Message], strategy: str) -> tuple[int, str, str | None]:
    limit = fields.number(call.query("limit"), default=DEFAULT_LIMIT, minimum=1, maximum=MAX_LIMIT)
    strategy = fields.choice(call.query("strategy"), STRATEGIES, strategy)
    cursor = call.query("cursor")
    if cursor is not None and not rows.filter(id=cursor).exists():
        raise ValidationError("[cursor is not a message of this list]")
    return limit, strategy, cursor


def _slice(rows: QuerySet[Message], limit: int) -> tuple[list[Message], bool]:
    page = list(rows[: limit + 1])
    return page[:limit], len(page) > limit

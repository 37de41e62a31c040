"""What people try and may not: told to the auditor, but not so often that an attack fills the disk."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from keys.audit.log import Actor, Type, record
from keys.exceptions import CreationNotAllowed, NotAllowed
from keys.models import ApiKey, AuditEvent, Workspace

MOST_AN_HOUR = 10  # of one person

P = ParamSpec("P")
R = TypeVar("R")


def note_refusal(
    what: str,
    *,
    why: str,
    by: Actor,
    now: datetime,
    workspace: Workspace | None = None,
    key: ApiKey | None = None,
) -> None:
    """`by` tried something and may not. After ten in an hour more of one person are not recorded; the tenth says so.

    Args:
        what: the attempt in a word, such as `rotate`.
        why: the code of the refusal.
        workspace: where; that of the key or the person unless given.
    """
    if by.member is None:
        return
    recent = AuditEvent.objects.filter(actor=by.member, at__gt=now - timedelta(hours=1))
    earlier = recent.filter(type=Type.RIGHTS_REFUSED).count()
    if earlier >= MOST_AN_HOUR:
        return
    detail: dict[str, Any] = {"what": what, "why": why}
    if earlier == MOST_AN_HOUR - 1:
        detail["more_this_hour"] = "not recorded"
    place = workspace or (key.owner.workspace if key else by.member.workspace)
    record(
        Type.RIGHTS_REFUSED,
        workspace=place,
        by=by,
        now=now,
        key=key,
        member=key.owner if key else None,
        **detail,
    )


@contextmanager
def refusals_noted(
    what: str, *, by: Actor, now: datetime, workspace: Workspace | None = None, key: ApiKey | None = None
) -> Iterator[None]:
    """A refusal for want of rights inside is recorded. Goes around the transaction, which takes everything back."""
    try:
        yield
    except (NotAllowed, CreationNotAllowed) as error:
        note_refusal(what, why=error.reason, by=by, now=now, workspace=workspace, key=key)
        raise


def noting_refusals(change: Callable[P, R]) -> Callable[P, R]:
    """`refusals_noted` around a change that is called with `by`, `now` and perhaps `workspace` or `key` by name."""

    @wraps(change)
    def noting(*args: P.args, **kwargs: P.kwargs) -> R:
        given: dict[str, Any] = kwargs
        place, key = given.get("workspace"), given.get("key")
        with refusals_noted(change.__name__, by=given["by"], now=given["now"], workspace=place, key=key):
            return change(*args, **kwargs)

    return noting

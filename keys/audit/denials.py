"""Audit events of denied attempts, limited in number so that an attack cannot fill the disk."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from keys.audit.log import Actor, Type, record
from keys.exceptions import CreationNotAllowed, NotAllowed
from keys.models import ApiKey, AuditEvent, Workspace

MAX_PER_HOUR = 10  # of one member, and of one key

P = ParamSpec("P")
R = TypeVar("R")


def record_denial(
    what: str,
    *,
    why: str,
    by: Actor,
    now: datetime,
    workspace: Workspace | None = None,
    key: ApiKey | None = None,
) -> None:
    """Record that `by` tried something and was not allowed to.

    At most ten events an hour are recorded for a member, and as many for each key that manages keys. The tenth says that
    more are not recorded.

    Args:
        what: the attempt in one word, such as `rotate`.
        why: the reason code of the refusal.
        workspace: the workspace of the event; by default that of the key or the member.
    """
    if by.member is None:
        return
    recent = AuditEvent.objects.filter(
        actor=by.member, at__gt=now - timedelta(hours=1), type=Type.RIGHTS_REFUSED
    )
    own = recent.filter(detail__by_key=by.key.key_id) if by.key else recent.exclude(detail__has_key="by_key")
    earlier = own.count()
    if earlier >= MAX_PER_HOUR:
        return
    detail: dict[str, Any] = {"what": what, "why": why}
    if earlier == MAX_PER_HOUR - 1:
        detail["more_this_hour"] = "not recorded"
    event_workspace = workspace or (key.owner.workspace if key else by.member.workspace)
    record(
        Type.RIGHTS_REFUSED,
        workspace=event_workspace,
        by=by,
        now=now,
        key=key,
        member=key.owner if key else None,
        **detail,
    )


@contextmanager
def recorded_denials(
    what: str, *, by: Actor, now: datetime, workspace: Workspace | None = None, key: ApiKey | None = None
) -> Iterator[None]:
    """Record a denial that is raised inside. Use it around the transaction: a rollback would undo the event."""
    try:
        yield
    except (NotAllowed, CreationNotAllowed) as error:
        record_denial(what, why=error.reason, by=by, now=now, workspace=workspace, key=key)
        raise


def audit_denials(what: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function with `recorded_denials`. Call it with `by`, `now` and, if it has them, `workspace` and `key` by name.

    Args:
        what: the attempt as the event records it. It is stored, so it stays if the function is renamed.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            options: dict[str, Any] = kwargs
            context: dict[str, Any] = {name: options.get(name) for name in ("by", "now", "workspace", "key")}
            with recorded_denials(what, **context):
                return function(*args, **kwargs)

        return wrapper

    return decorate

"""Row locks, always taken in the order workspace, member, keys by age, so that no two wait for each other.

Recording an audit event locks the end of the workspace's chain, which comes last: what a change locks, it locks before it
records anything.
"""

from datetime import datetime

from django.db.models import QuerySet

from keys.exceptions import KeyBeingReplaced, KeyNotFound
from keys.models import ApiKey, Member, Workspace


def lock_owner(owner: Member) -> Member:
    """Return the owner with its workspace and policy, locked after the workspace: names stay unique meanwhile."""
    Workspace.objects.select_for_update(no_key=True).filter(members=owner).first()
    return (
        Member.objects.select_related("workspace__policy")
        .select_for_update(of=("self",), no_key=True)
        .get(pk=owner.pk)
    )


def lock_key(pk: int) -> ApiKey:
    return _lock([pk])[0]


def lock_rotation_chain(key: ApiKey) -> list[ApiKey]:
    """The key, last, behind those it replaced, oldest first: what goes by one name until every grace is over."""
    line = [key.pk]
    before = key.replaces_id
    while before is not None:
        line.append(before)
        before = ApiKey.objects.filter(pk=before).values_list("replaces_id", flat=True).get()
    return _lock(line)


def lock_live_rotation_chain(key: ApiKey, now: datetime) -> list[ApiKey]:
    """The key, last, and those it replaced that still work; all locked.

    Raises:
        KeyNotFound: the key is over. KeyRetiring: another has taken its place.
    """
    family = lock_rotation_chain(key)
    if family[-1].state(now).is_over:
        raise KeyNotFound
    if family[-1].retires_at is not None:
        raise KeyBeingReplaced
    return [one for one in family if not one.state(now).is_over]


def lock_undelivered(key: ApiKey) -> list[ApiKey]:
    """Successors of `key`, which is locked, that nobody was shown yet."""
    return _lock(list(key.successors.filter(confirmed_at__isnull=True).values_list("pk", flat=True)))


def lock_keys_of(owners: QuerySet[Member]) -> None:
    """Every key of the owners, whose workspace or own rows are locked: none is made or changed meanwhile."""
    keys = ApiKey.objects.filter(owner__in=owners).select_for_update(no_key=True).order_by("pk")
    list(keys.values_list("pk", flat=True))


def _lock(ids: list[int]) -> list[ApiKey]:
    return list(
        ApiKey.objects.select_related("owner__workspace")
        .select_for_update(of=("self",), no_key=True)
        .filter(pk__in=ids)
        .order_by("pk")
    )

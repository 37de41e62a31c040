"""Row locks. Take them in the order workspace, member, keys by age, to avoid deadlocks.

An audit event locks the audit chain of the workspace, which comes last. So a change takes all its locks before it records
an event.
"""

from datetime import datetime

from django.db.models import Q, QuerySet

from keys import selectors
from keys.exceptions import KeyBeingReplaced, KeyNotFound
from keys.models import ApiKey, Member, Workspace


def lock_owner(owner: Member) -> Member:
    """Lock the workspace, then the owner. Return the owner with workspace and policy. Names stay unique meanwhile."""
    Workspace.objects.select_for_update(no_key=True).filter(members=owner).first()
    return (
        Member.objects.select_related("workspace__policy")
        .select_for_update(of=("self",), no_key=True)
        .get(pk=owner.pk)
    )


def lock_key(pk: int) -> ApiKey:
    return _lock([pk])[0]


def lock_rotation_chain(key: ApiKey, now: datetime) -> list[ApiKey]:
    """Lock the key and the keys that it replaced, as far as they can be live. Return them oldest first, so the key is last."""
    return _lock(selectors.rotation_chain_pks(key, now))


def lock_chain_to_stop(key: ApiKey, now: datetime, *, with_successor: bool) -> list[ApiKey]:
    """Lock and return the rotation chain of the key, or with its successor that of the successor.

    While a key is locked, no successor can be confirmed.
    """
    chain = lock_rotation_chain(key, now)
    successor = selectors.find_successor(chain[-1], now) if with_successor else None
    return chain if successor is None else lock_rotation_chain(successor, now)


def lock_live_rotation_chain(key: ApiKey, now: datetime) -> list[ApiKey]:
    """Lock the key and the keys that it replaced. Return those that work, oldest first, so the key is last.

    Raises:
        KeyNotFound: the key is over.
        KeyBeingReplaced: it has a successor.
    """
    chain = live_keys(lock_rotation_chain(key, now), now)
    if chain[-1].retires_at is not None:
        raise KeyBeingReplaced
    return chain


def live_keys(chain: list[ApiKey], now: datetime) -> list[ApiKey]:
    """Return the keys of a rotation chain that are not over.

    Raises:
        KeyNotFound: the last key of the chain is over.
    """
    if chain[-1].state(now).is_over:
        raise KeyNotFound
    return [link for link in chain if not link.state(now).is_over]


def lock_undelivered(key: ApiKey) -> list[ApiKey]:
    """Lock and return the successors of the locked key that are not confirmed."""
    return _lock(list(key.successors.filter(confirmed_at__isnull=True).values_list("pk", flat=True)))


def lock_keys_of(owners: QuerySet[Member]) -> None:
    """Lock every key that the members own or are responsible for.

    Lock the workspace or the members before, so that no key is created meanwhile.
    """
    held = Q(owner__in=owners) | Q(responsible__in=owners)
    keys = ApiKey.objects.filter(held).select_for_update(no_key=True).order_by("pk")
    list(keys.values_list("pk", flat=True))


def lock_keys(keys: QuerySet[ApiKey]) -> list[ApiKey]:
    """Lock and return the keys, oldest first."""
    return _lock(list(keys.values_list("pk", flat=True)))


def _lock(ids: list[int]) -> list[ApiKey]:
    return list(
        ApiKey.objects.select_related("owner__workspace", "responsible")
        .select_for_update(of=("self",), no_key=True)
        .filter(pk__in=ids)
        .order_by("pk")
    )

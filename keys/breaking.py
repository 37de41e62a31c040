"""Which keys a workspace's policy would no longer let anyone make, in what they break it, and what would help."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db.models import prefetch_related_objects

from keys import policy
from keys.breaches import Breach, Term
from keys.models import ApiKey, ApiKeyQuerySet, Policy, Workspace
from keys.rights import Rights

_NARROWING_HELPS = {Term.SCOPES, Term.EXPIRY}


@dataclass(frozen=True, slots=True)
class Breaking:
    """A key that breaks the policy, and what bringing it in line makes of it.

    Attributes:
        fitting: the rights it is left with; None where no narrowing helps and it is disabled.
    """

    key: ApiKey
    breaches: list[Breach]
    fitting: Rights | None

    @property
    def is_only_idle(self) -> bool:
        return {breach.term for breach in self.breaches} == {Term.IDLE}


def of_workspace(workspace: Workspace, now: datetime) -> Iterator[Breaking]:
    """The workspace's keys that break its policy, by their owners' names, newest first; few queries for all of them.

    A key that was disabled and that its holder cannot enable as it is counts as in line.
    """
    terms = policy.policy_of(workspace)
    prefetch_related_objects([terms], "chosen")
    keys = _counting(now).filter(owner__workspace=workspace)
    for owner, group in groupby(
        keys.order_by("owner__name", "owner_id", "-created_at", "-pk").iterator(chunk_size=500),
        key=lambda key: key.owner,
    ):
        own = list(group)
        spare = sorted(own, key=_worth, reverse=True)[terms.most_keys :]
        may_create = policy.may_create(terms, owner)
        for key in own:
            found = list(_breaches(terms, key, now, may_create=may_create, is_spare=key in spare))
            if found:
                yield Breaking(key, found, _fitting(terms, key, found, now))


def of_key(terms: Policy, key: ApiKey, now: datetime) -> Breaking | None:
    """In what the live key breaks `terms`, its workspace's policy; None where it does not.

    Where the policy allows fewer keys than there are, one that is held comes behind all others of its owner.
    """
    others = _counting(now).filter(owner=key.owner).exclude(pk=key.pk)
    ahead = sum(key.is_held or _worth(other) > _worth(key) for other in others)
    found = list(
        _breaches(
            terms,
            key,
            now,
            may_create=policy.may_create(terms, key.owner),
            is_spare=ahead >= terms.most_keys,
        )
    )
    return Breaking(key, found, _fitting(terms, key, found, now)) if found else None


def _counting(now: datetime) -> ApiKeyQuerySet:
    related = ("owner__workspace", "last_use", "replaces__last_use")
    return ApiKey.objects.startable(now).select_related(*related)


def _worth(key: ApiKey) -> tuple[bool, datetime, int]:
    """Of too many keys the ones to stay are those that work, then those used last."""
    return key.disabled_at is None, key.idle_since, key.pk


def _fitting(terms: Policy, key: ApiKey, found: Iterable[Breach], now: datetime) -> Rights | None:
    helps = {breach.term for breach in found} <= _NARROWING_HELPS
    return policy.fitted(terms, key.rights, now) if helps else None


def _breaches(
    terms: Policy, key: ApiKey, now: datetime, *, may_create: bool, is_spare: bool
) -> Iterator[Breach]:
    rights, longest = key.rights, terms.largest_lifetime
    if excess := policy.excess_scopes(terms, rights):
        yield Breach(Term.SCOPES, scopes=tuple(excess))
    if policy.ends_too_late(terms, rights, now):
        yield Breach(Term.EXPIRY, limit=longest.days if longest else None)
    if policy.lacks_addresses(terms, rights):
        yield Breach(Term.ADDRESSES)
    if not may_create:
        yield Breach(Term.CREATORS)
    if is_spare:
        yield Breach(Term.MOST_KEYS, limit=terms.most_keys)
    if key.disabled_at is None and policy.is_idle(terms, key, now):
        yield Breach(Term.IDLE, limit=terms.idle_days)

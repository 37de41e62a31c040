"""Queries for keys and their use. Each starts from the viewer, so that other keys do not exist for them."""

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Case, IntegerField, OuterRef, Q, Subquery, Sum, When
from django.db.models.functions import Coalesce

from keys import unicode_text, usage
from keys.exceptions import KeyAmbiguous, KeyNotFound
from keys.models import ApiKey, ApiKeyQuerySet, HourlyUse, Member, RequestLog
from keys.models.usage import HourlyUseQuerySet, RequestLogQuerySet

_MIN_PREFIX_LENGTH = 3
_MIN_SIMILARITY = 0.75
MAX_SIMILAR_KEYS = 3
_MAX_COMPARED_LENGTH = 64  # of a key's name; the typed text can be longer


def list_keys(viewer: Member) -> ApiKeyQuerySet:
    """Return the keys that `viewer` may see, in any state, newest first."""
    return (
        ApiKey.objects.for_viewer(viewer)
        .select_related("owner__workspace", "responsible", "last_use")
        .order_by("-created_at", "-pk")
    )


def list_own_keys(member: Member, now: datetime) -> ApiKeyQuerySet:
    """Return the live keys of `member` but those of the reference's "Try", newest first."""
    return _list_live(ApiKey.objects.filter(owner=member), now)


def list_held_keys(member: Member, now: datetime) -> ApiKeyQuerySet:
    """Return the keys as `list_own_keys`, and the live workspace keys for which `member` is responsible."""
    return _list_live(ApiKey.objects.filter(Q(owner=member) | Q(responsible=member)), now)


def _list_live(keys: ApiKeyQuerySet, now: datetime) -> ApiKeyQuerySet:
    return (
        keys.filter(is_trial=False)
        .live(now)
        .select_related("owner__workspace", "responsible", "last_use", "created_by_key")
        .order_by("-created_at", "-pk")
    )


def get_own_key_by_id(member: Member, key_id: str, now: datetime) -> ApiKey:
    """Return the live key of `member` with exactly this id. See `list_held_keys`.

    Raises:
        KeyNotFound.
    """
    key = list_held_keys(member, now).filter(key_id=key_id).first()
    if key is None:
        raise KeyNotFound
    return key


def get_own_key(member: Member, name_or_id: str, now: datetime) -> ApiKey:
    """Return the live key of `member` with that id (with or without `pmb_`) or that name. See `list_held_keys`.

    Names are compared without case. If a key and the one that it replaced share a name, return the newer. A part of a name
    does not match: "deploy" must not delete "deploy production" after the key "deploy" is gone.

    Raises:
        KeyNotFound, KeyAmbiguous.
    """
    key_id, name = name_or_id.removeprefix("pmb_"), unicode_text.fold(name_or_id)
    keys = list(list_held_keys(member, now))
    matches = [key for key in keys if key.key_id == key_id] or [
        key for key in keys if _has_own_name(key) and unicode_text.fold(key.name) == name
    ]
    if not matches:
        raise KeyNotFound
    if len(matches) > 1:
        raise KeyAmbiguous([key.name for key in matches], [key.key_id for key in matches])
    return matches[0]


def find_successor(key: ApiKey, now: datetime) -> ApiKey | None:
    """Return the newest live key that took the place of `key`, or None. A key that was not replaced costs no query."""
    if key.retires_at is None:
        return None
    successor = None
    following = _find_next(key, now)
    while following is not None:
        successor, following = following, _find_next(following, now)
    return successor


def rotation_chain_pks(key: ApiKey, now: datetime) -> list[int]:
    """Return the primary keys of the key and of those that it replaced, newest first, until one that is over.

    A key that is over has no live predecessor, unless it is `key` itself. So a key that rotated a thousand times costs no
    more than one that rotated twice.
    """
    pks, before = [key.pk], key.replaces_id
    while before is not None:
        link = ApiKey.objects.get(pk=before)
        pks.append(link.pk)
        before = None if link.state(now).is_over else link.replaces_id
    return pks


def list_created_keys(keys: Iterable[ApiKey], now: datetime) -> ApiKeyQuerySet:
    """Return the live keys that the keys created over HTTP, with the successors of these.

    A rotation passes them on, so a key that was replaced has none.
    """
    created: ApiKeyQuerySet = ApiKey.objects.filter(created_by_key__in=[key.pk for key in keys])
    return created.live(now).order_by("-created_at", "-pk")


def _find_next(key: ApiKey, now: datetime) -> ApiKey | None:
    successors: ApiKeyQuerySet = ApiKey.objects.filter(replaces=key, confirmed_at__isnull=False)
    return successors.live(now).select_related("owner__workspace", "responsible", "last_use").first()


def list_similar_keys(member: Member, name_or_id: str, now: datetime) -> list[ApiKey]:
    """Return the live keys of `member` whose name or id begins like the text or, if none does, is spelled like it."""
    key_id, name = name_or_id.removeprefix("pmb_"), unicode_text.fold(name_or_id)
    if len(name) < _MIN_PREFIX_LENGTH:
        return []
    own = {unicode_text.fold(key.name): key for key in list_held_keys(member, now) if _has_own_name(key)}
    similar = [
        own_name
        for own_name, key in own.items()
        if own_name.startswith(name) or key.key_id.startswith(key_id)
    ]
    close = similar or difflib.get_close_matches(
        name[:_MAX_COMPARED_LENGTH], own, MAX_SIMILAR_KEYS, _MIN_SIMILARITY
    )
    return [own[own_name] for own_name in close[:MAX_SIMILAR_KEYS]]


def _has_own_name(key: ApiKey) -> bool:
    return key.retires_at is None and (key.confirmed_at is not None or key.replaces_id is None)


def filter_calls(calls: RequestLogQuerySet, outcome: str) -> RequestLogQuerySet:
    """Return the calls with this outcome: a reason, one of `usage.SUCCESSES`, or `refused` for every reason."""
    match outcome:
        case "refused":
            return calls.exclude(outcome=usage.OK)
        case usage.OK:
            return calls.filter(outcome=usage.OK, is_dry_run=False, is_replay=False)
        case usage.DRY_RUN:
            return calls.filter(outcome=usage.OK, is_dry_run=True)
        case usage.REPLAY:
            return calls.filter(outcome=usage.OK, is_replay=True)
        case _:
            return calls.filter(outcome=outcome)


def filter_hours(hours: HourlyUseQuerySet, outcome: str) -> HourlyUseQuerySet:
    """Return the hourly counts with this outcome, as in `filter_calls`."""
    if outcome == "refused":
        return hours.exclude(outcome__in=usage.SUCCESSES)
    return hours.filter(outcome=outcome)


def with_calls(keys: ApiKeyQuerySet, since: datetime) -> ApiKeyQuerySet:
    """Annotate `calls` since then.

    Of keys without a call that worked also `refused_calls` and `last_refused_at`. For others they would be slow to find.
    """
    uses = HourlyUse.objects.filter(key=OuterRef("pk")).order_by().values("key")
    since_then = uses.filter(hour__gte=since).annotate(number=Sum("count")).values("number")
    refused = uses.exclude(outcome__in=usage.SUCCESSES).annotate(number=Sum("count")).values("number")
    unused = Q(last_use__isnull=True)
    refusals = RequestLog.objects.filter(key=OuterRef("pk")).exclude(outcome=usage.OK)
    return keys.annotate(
        calls=Coalesce(Subquery(since_then, output_field=IntegerField()), 0),
        refused_calls=Case(When(unused, then=Subquery(refused, output_field=IntegerField()))),
        last_refused_at=Case(When(unused, then=Subquery(refusals.order_by("-at").values("at")[:1]))),
    )


def count_calls(keys: Iterable[ApiKey], since: datetime) -> dict[int, Counter[str]]:
    """Return the number of calls by key and outcome since the beginning of the hour of `since`. Keys are given by primary key."""
    hour = since.replace(minute=0, second=0, microsecond=0)
    rows = HourlyUse.objects.filter(key__in=list(keys), hour__gte=hour)
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for key_pk, outcome, count in rows.values_list("key_id", "outcome").annotate(Sum("count")):
        counts[key_pk][outcome] = count
    return counts

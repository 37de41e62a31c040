"""Who used which key for what: noted in memory during the call, written in batches by a thread of its own.

Noting never waits and never fails. A normal stop writes everything; after a crash at most the last second is missing.
"""

import ipaddress
import logging
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from keys import audit, batches, metrics
from keys.audit import Actor
from keys.background import BackgroundTask
from keys.models import ApiKey, AuditEvent, HourlyUse, KnownNetwork, LastUse, Policy, RequestLog

log = logging.getLogger(__name__)

OK = "ok"
WRITE_EVERY_SECONDS = 1.0
STOP_ATTEMPTS = 3
STOP_PAUSE_SECONDS = 0.2
BATCH_SIZE = 500  # of one transaction; whoever changes one of its keys waits for the end of it
MAX_QUEUED = 20_000
MAX_LOGGED_REFUSALS = 20  # of one key and kind in a minute; the hourly counts have them all
MAX_AGENT_LENGTH = 120
MAX_KNOWN_NETWORKS = (
    50  # of a key; one that is used from more moves about, and each further one tells nothing
)
REQUEST_LOG_RETENTION = timedelta(days=90)
HOURLY_RETENTION = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call with a key. `outcome` is `ok` or the reason of the refusal, `hint` what was wrong with the request."""

    key_pk: int
    at: datetime
    operation: str
    outcome: str
    status: int
    duration_ms: int
    request_id: str
    address: str | None
    agent: str
    hint: str = ""
    surface: AuditEvent.Surface = AuditEvent.Surface.API


class Sampler:
    """Chooses what is worth a row of the log: every call that was let in, and of refusals the first of each minute."""

    def __init__(self) -> None:
        self._minute: datetime | None = None
        self._seen: Counter[tuple[int, str]] = Counter()

    def worth_logging(self, uses: Iterable[CallRecord]) -> list[CallRecord]:
        return [use for use in uses if use.outcome == OK or self._is_early(use)]

    def _is_early(self, use: CallRecord) -> bool:
        minute = use.at.replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute = minute
            self._seen.clear()
        self._seen[use.key_pk, use.outcome] += 1
        return self._seen[use.key_pk, use.outcome] <= MAX_LOGGED_REFUSALS


class Recorder:
    """Keeps uses until they are written. Of more than `MAX_QUEUED` the oldest are lost, and that is logged."""

    def __init__(self) -> None:
        self._waiting: deque[CallRecord] = deque(maxlen=MAX_QUEUED)
        self._writing = threading.Lock()
        self._lost = 0
        self._sampler = Sampler()
        self._writer = BackgroundTask(
            "usage", self.flush, every=WRITE_EVERY_SECONDS, last=self._flush_all, failure="usage.dropped"
        )

    def note(self, use: CallRecord) -> None:
        if len(self._waiting) == MAX_QUEUED:
            self._lost += 1
        self._waiting.append(use)
        if settings.WRITE_USAGE_IN_BACKGROUND:
            self._writer.start()

    def is_waiting(self) -> bool:
        """Whether anything is left to write."""
        return bool(self._waiting)

    def flush(self) -> None:
        """Write what is waiting. What cannot be written now, for the database is away or a key is held, waits on."""
        with self._writing:
            waiting, lost = len(self._waiting), self._lost
            self._lost = 0
            metrics.USAGE_WAITING.set(waiting)
            if lost:
                metrics.USAGE_LOST.inc(lost)
                log.warning("usage.lost", extra={"count": lost})
            left: list[CallRecord] = []
            batch: list[CallRecord] = []
            try:
                for start in range(0, waiting, BATCH_SIZE):
                    batch = [self._waiting.popleft() for _ in range(min(BATCH_SIZE, waiting - start))]
                    left += _write(batch, self._sampler)
            except (OperationalError, InterfaceError):
                log.warning("usage.not_written", exc_info=True, extra={"count": len(batch)})
                left += batch
            finally:
                room = MAX_QUEUED - len(self._waiting)
                kept = left[max(len(left) - room, 0) :]
                self._lost += len(left) - len(kept)
                self._waiting.extendleft(reversed(kept))

    def stop(self) -> None:
        """Write what is left, and end the thread that writes."""
        self._writer.stop()

    def _flush_all(self) -> None:
        for _attempt in range(STOP_ATTEMPTS):
            self.flush()
            if not self.is_waiting():
                return
            time.sleep(STOP_PAUSE_SECONDS)


recorder = Recorder()


def _write(batch: list[CallRecord], sampler: Sampler) -> list[CallRecord]:
    """Write the uses; those of keys that somebody holds right now are left, and returned.

    The lock of a key keeps its owner from being erased meanwhile, and other processes from writing of the same key, so
    what is read here of its counts and last use is still true when it is written. Keys that are held are not waited for:
    a change of one would keep all others waiting.
    """
    with transaction.atomic():
        used = ApiKey.objects.filter(pk__in={use.key_pk for use in batch})
        lock = used.select_for_update(no_key=True, skip_locked=True).order_by("pk")
        locked = set(lock.values_list("pk", flat=True))
        # Read once they are locked: a join would show the owners as they were before.
        erased_at = dict(used.values_list("pk", "owner__erased_at"))
        known = [use for use in batch if use.key_pk in locked]
        uses = [use if erased_at[use.key_pk] is None else _anonymized(use) for use in known]
        _write_last_uses(uses)
        elsewhere = _add_networks(uses)
        _log(sampler.worth_logging(uses))
        _count_hours(uses)
        _record_new_networks(elsewhere)  # last, as nothing may be locked after the audit's chains
    held = erased_at.keys() - locked
    return [use for use in batch if use.key_pk in held]


def _anonymized(use: CallRecord) -> CallRecord:
    """Somebody's script may go on calling long after they were erased; where from is none of our business then."""
    return replace(use, address=None, agent="")


def _write_last_uses(uses: Iterable[CallRecord]) -> None:
    """Only a call that was let in uses a key. Of two processes the later moment stays."""
    last = {use.key_pk: use for use in sorted(uses, key=lambda use: use.at) if use.outcome == OK}
    before = dict(LastUse.objects.filter(pk__in=last).values_list("pk", "at"))
    LastUse.objects.bulk_create(
        [
            LastUse(key_id=pk, at=use.at, address=use.address, agent=use.agent[:MAX_AGENT_LENGTH])
            for pk, use in last.items()
            if pk not in before or before[pk] <= use.at
        ],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["at", "address", "agent"],
    )


def _log(uses: Iterable[CallRecord]) -> None:
    RequestLog.objects.bulk_create(
        RequestLog(
            key_id=use.key_pk,
            at=use.at,
            operation=use.operation,
            outcome=use.outcome,
            status=use.status,
            duration_ms=use.duration_ms,
            request_id=use.request_id,
            address=use.address,
            hint=use.hint,
            surface=use.surface,
            agent=use.agent[:MAX_AGENT_LENGTH],
        )
        for use in uses
    )


def _add_networks(uses: Iterable[CallRecord]) -> list[CallRecord]:
    """The first uses of keys from where they never were, but for each key's first use at all."""
    elsewhere = []
    firsts: dict[tuple[int, str], CallRecord] = {}
    for use in uses:
        if use.outcome == OK and use.address is not None:
            firsts.setdefault((use.key_pk, network_prefix(use.address)), use)
    known: defaultdict[int, set[str]] = defaultdict(set)
    places = KnownNetwork.objects.filter(key__in={key_pk for key_pk, _ in firsts})
    for key_pk, network in places.values_list("key_id", "network"):
        known[key_pk].add(network)
    very_first: dict[int, tuple[str, datetime]] = {}
    for (key_pk, network), use in firsts.items():
        if not known[key_pk]:
            very_first.setdefault(key_pk, (network, use.at))
    KnownNetwork.objects.bulk_create(
        [
            KnownNetwork(key_id=key_pk, network=network, first_used_at=at)
            for key_pk, (network, at) in very_first.items()
        ],
        ignore_conflicts=True,
    )
    for key_pk, (network, _at) in very_first.items():
        known[key_pk].add(network)
    for (key_pk, network), use in sorted(firsts.items()):
        before = known[key_pk]
        if network in before or len(before) >= MAX_KNOWN_NETWORKS:
            continue
        row, defaults = {"key_id": key_pk, "network": network}, {"first_used_at": use.at}
        _known, new = KnownNetwork.objects.get_or_create(**row, defaults=defaults)
        if new:
            elsewhere.append(use)
        before.add(network)
    return elsewhere


def _record_new_networks(uses: Iterable[CallRecord]) -> None:
    """An audit event for each, workspace by workspace, so that no two processes wait for each other's."""
    keys = ApiKey.objects.select_related("owner__workspace").in_bulk({use.key_pk for use in uses})
    told = [(key.owner.workspace, use, key) for use in uses if (key := keys[use.key_pk]).owner.workspace]
    for workspace, use, key in sorted(told, key=lambda one: one[0].pumble_id):
        audit.record(
            AuditEvent.Type.KEY_USED_ELSEWHERE,
            workspace=workspace,
            key=key,
            member=key.owner,
            by=Actor(None, use.surface, address=use.address, request_id=use.request_id),
            now=use.at,
        )


@lru_cache(maxsize=4096)
def network_prefix(address: str) -> str:
    """The network by which a place is told from others: /24 of IPv4, /48 of IPv6."""
    version = ipaddress.ip_address(address).version
    return str(ipaddress.ip_network(f"{address}/{24 if version == 4 else 48}", strict=False))


def delete_old_requests(*, now: datetime) -> int:
    """Forget single calls of longer ago than their workspace keeps them, 90 days unless it says so; how many."""
    kept = Policy.objects.values_list("requests_kept_days", flat=True).distinct()
    without_policy = RequestLog.objects.filter(key__owner__workspace__policy__isnull=True)
    pruned = batches.delete_in_batches(without_policy.filter(at__lte=now - REQUEST_LOG_RETENTION))
    for days in kept:
        of_such = RequestLog.objects.filter(key__owner__workspace__policy__requests_kept_days=days)
        pruned += batches.delete_in_batches(of_such.filter(at__lte=now - timedelta(days=days)))
    return pruned


def delete_old_hours(*, now: datetime) -> int:
    """Forget the counts of hours more than 400 days ago; how many."""
    return batches.delete_in_batches(HourlyUse.objects.filter(hour__lte=now - HOURLY_RETENTION))


def delete_old_networks(*, now: datetime) -> int:
    """Forget where keys were used from that are over; how many places."""
    return batches.delete_in_batches(KnownNetwork.objects.exclude(key__in=ApiKey.objects.live(now)))


def _count_hours(uses: Iterable[CallRecord]) -> None:
    counts: defaultdict[tuple[int, datetime, str], int] = defaultdict(int)
    for use in uses:
        counts[use.key_pk, use.at.replace(minute=0, second=0, microsecond=0), use.outcome] += 1
    counted = HourlyUse.objects.filter(
        key__in={pk for pk, *_ in counts}, hour__in={hour for _, hour, _ in counts}
    )
    for pk, hour, outcome, before in counted.values_list("key_id", "hour", "outcome", "count"):
        if (pk, hour, outcome) in counts:
            counts[pk, hour, outcome] += before
    HourlyUse.objects.bulk_create(
        [
            HourlyUse(key_id=pk, hour=hour, outcome=out, count=count)
            for (pk, hour, out), count in counts.items()
        ],
        update_conflicts=True,
        unique_fields=["key", "hour", "outcome"],
        update_fields=["count"],
    )

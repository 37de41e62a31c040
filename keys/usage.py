"""Usage of keys: each call is recorded in memory, and a thread writes the records in batches.

Recording never waits and never fails. A normal stop writes everything. A crash loses at most the last second.
"""

import ipaddress
import logging
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
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
DRY_RUN = "dry_run"
REPLAY = "replay"
SUCCESSES = (OK, DRY_RUN, REPLAY)  # what the hourly counts have for calls that were not refused
WRITE_EVERY_SECONDS = 1.0
STOP_ATTEMPTS = 3
STOP_PAUSE_SECONDS = 0.2
BATCH_SIZE = 500  # records in a transaction; a change of one of their keys waits for it
MAX_QUEUED = 20_000
MAX_LOGGED_REFUSALS = 20  # a minute, of one key and outcome; the hourly counts have all
MAX_AGENT_LENGTH = 120
MAX_KNOWN_NETWORKS = 50  # of a key; a key with more changes networks so often that a new one means nothing
REQUEST_LOG_RETENTION = timedelta(days=90)
HOURLY_RETENTION = timedelta(days=400)


def counted_outcome(outcome: str, *, is_dry_run: bool, is_replay: bool) -> str:
    """Return the outcome under which a call is counted: a reason, or one of `SUCCESSES`."""
    if outcome != OK:
        return outcome
    return DRY_RUN if is_dry_run else REPLAY if is_replay else OK


@dataclass(slots=True)
class CallTrace:
    """What a call was about: ids of Pumble and who spoke, no contents. The fields are those of `RequestLog`."""

    channel_id: str = ""
    message_id: str = ""
    speaker: str = ""
    is_dry_run: bool = False
    is_replay: bool = False


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call with a key.

    Attributes:
        outcome: `ok`, or the reason code of the refusal.
        address: the client's; None if it is unknown.
        hint: what was wrong with the request, if anything.
    """

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
    outcome_case: str = ""
    trace: CallTrace = field(default_factory=CallTrace)

    @property
    def counted_outcome(self) -> str:
        """Return the outcome for the hourly counts, in which a dry run and a replay have their own."""
        return counted_outcome(self.outcome, is_dry_run=self.trace.is_dry_run, is_replay=self.trace.is_replay)


class Sampler:
    """Selects the calls for the request log: all that succeeded, and the first refusals of each minute."""

    def __init__(self) -> None:
        self._minute: datetime | None = None
        self._seen: Counter[tuple[int, str]] = Counter()

    def select(self, calls: Iterable[CallRecord]) -> list[CallRecord]:
        return [call for call in calls if call.outcome == OK or self._is_early(call)]

    def _is_early(self, call: CallRecord) -> bool:
        minute = call.at.replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute = minute
            self._seen.clear()
        self._seen[call.key_pk, call.outcome] += 1
        return self._seen[call.key_pk, call.outcome] <= MAX_LOGGED_REFUSALS


class Recorder:
    """The queue of calls to write. If it holds `MAX_QUEUED`, the oldest are dropped, counted and logged."""

    def __init__(self) -> None:
        self._queue: deque[CallRecord] = deque(maxlen=MAX_QUEUED)
        self._writing = threading.Lock()
        self._lost = 0
        self._sampler = Sampler()
        self._writer = BackgroundTask(
            "usage", self.flush, every=WRITE_EVERY_SECONDS, on_stop=self._flush_all, failure="usage.dropped"
        )

    def record(self, call: CallRecord) -> None:
        """Queue the call."""
        if len(self._queue) == MAX_QUEUED:
            self._lost += 1
        self._queue.append(call)
        if settings.WRITE_USAGE_IN_BACKGROUND:
            self._writer.start()

    def has_queued(self) -> bool:
        """Return whether any call is not yet written."""
        return bool(self._queue)

    def flush(self) -> None:
        """Write the queued calls. Those that cannot be written stay: the database is away, or their key is locked."""
        with self._writing:
            queued, lost = len(self._queue), self._lost
            self._lost = 0
            metrics.USAGE_WAITING.set(queued)
            if lost:
                metrics.USAGE_LOST.inc(lost)
                log.warning("usage.lost", extra={"count": lost})
            unwritten: list[CallRecord] = []
            batch: list[CallRecord] = []
            try:
                for start in range(0, queued, BATCH_SIZE):
                    batch = [self._queue.popleft() for _ in range(min(BATCH_SIZE, queued - start))]
                    unwritten += _write(batch, self._sampler)
            except (OperationalError, InterfaceError):
                log.warning("usage.not_written", exc_info=True, extra={"count": len(batch)})
                unwritten += batch
            finally:
                capacity = MAX_QUEUED - len(self._queue)
                kept = unwritten[max(len(unwritten) - capacity, 0) :]
                self._lost += len(unwritten) - len(kept)
                self._queue.extendleft(reversed(kept))

    def stop(self) -> None:
        """Write the queued calls, and end the thread that writes."""
        self._writer.stop()

    def _flush_all(self) -> None:
        for _attempt in range(STOP_ATTEMPTS):
            self.flush()
            if not self.has_queued():
                return
            time.sleep(STOP_PAUSE_SECONDS)


recorder = Recorder()


def _write(batch: list[CallRecord], sampler: Sampler) -> list[CallRecord]:
    """Write the calls, and return those whose keys are locked.

    The row lock of a key prevents the erasure of its owner, and writes of other processes for the same key. So the counts
    and the last use that are read here are current when they are written. Locked keys are skipped: waiting for one
    would delay all others.
    """
    with transaction.atomic():
        used = ApiKey.objects.filter(pk__in={call.key_pk for call in batch})
        lock = used.select_for_update(no_key=True, skip_locked=True).order_by("pk")
        locked = set(lock.values_list("pk", flat=True))
        # Read after locking: a join would return the owners as they were before.
        erased_at = dict(used.values_list("pk", "owner__erased_at"))
        known = [call for call in batch if call.key_pk in locked]
        calls = [call if erased_at[call.key_pk] is None else _anonymized(call) for call in known]
        _write_last_uses(calls)
        from_new_networks = _add_networks(calls)
        _log(sampler.select(calls))
        _count_hours(calls)
        # Last, because nothing may be locked after an audit chain.
        _record_new_networks(from_new_networks)
    skipped = erased_at.keys() - locked
    return [call for call in batch if call.key_pk in skipped]


def _anonymized(call: CallRecord) -> CallRecord:
    """Return the call without address and agent. A program may keep calling long after its owner was erased."""
    return replace(call, address=None, agent="")


def _write_last_uses(calls: Iterable[CallRecord]) -> None:
    """Update the last use of each key from the calls that succeeded. A later use by another process stays."""
    last = {call.key_pk: call for call in sorted(calls, key=lambda call: call.at) if call.outcome == OK}
    before = dict(LastUse.objects.filter(pk__in=last).values_list("pk", "at"))
    LastUse.objects.bulk_create(
        [
            LastUse(key_id=pk, at=call.at, address=call.address, agent=call.agent[:MAX_AGENT_LENGTH])
            for pk, call in last.items()
            if pk not in before or before[pk] <= call.at
        ],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["at", "address", "agent"],
    )


def _log(calls: Iterable[CallRecord]) -> None:
    RequestLog.objects.bulk_create(
        RequestLog(
            key_id=call.key_pk,
            at=call.at,
            operation=call.operation,
            outcome=call.outcome,
            status=call.status,
            duration_ms=call.duration_ms,
            request_id=call.request_id,
            address=call.address,
            hint=call.hint,
            surface=call.surface,
            agent=call.agent[:MAX_AGENT_LENGTH],
            outcome_case=call.outcome_case,
            **asdict(call.trace),
        )
        for call in calls
    )


def _add_networks(calls: Iterable[CallRecord]) -> list[CallRecord]:
    """Add the networks that keys were used from. Return the first call from each new one, except from a key's first network."""
    from_new_networks = []
    first_calls: dict[tuple[int, str], CallRecord] = {}
    for call in calls:
        if call.outcome == OK and call.address is not None:
            first_calls.setdefault((call.key_pk, network_prefix(call.address)), call)
    known: defaultdict[int, set[str]] = defaultdict(set)
    rows = KnownNetwork.objects.filter(key__in={key_pk for key_pk, _ in first_calls})
    for key_pk, network in rows.values_list("key_id", "network"):
        known[key_pk].add(network)
    first_networks: dict[int, tuple[str, datetime]] = {}
    for (key_pk, network), call in first_calls.items():
        if not known[key_pk]:
            first_networks.setdefault(key_pk, (network, call.at))
    KnownNetwork.objects.bulk_create(
        [
            KnownNetwork(key_id=key_pk, network=network, first_used_at=at)
            for key_pk, (network, at) in first_networks.items()
        ],
        ignore_conflicts=True,
    )
    for key_pk, (network, _at) in first_networks.items():
        known[key_pk].add(network)
    for (key_pk, network), call in sorted(first_calls.items()):
        before = known[key_pk]
        if network in before or len(before) >= MAX_KNOWN_NETWORKS:
            continue
        row, defaults = {"key_id": key_pk, "network": network}, {"first_used_at": call.at}
        _known, new = KnownNetwork.objects.get_or_create(**row, defaults=defaults)
        if new:
            from_new_networks.append(call)
        before.add(network)
    return from_new_networks


def _record_new_networks(calls: Iterable[CallRecord]) -> None:
    """Record an audit event for each call, sorted by workspace, to avoid deadlocks between processes."""
    keys = ApiKey.objects.select_related("owner__workspace").in_bulk({call.key_pk for call in calls})
    events = [
        (key.owner.workspace, call, key) for call in calls if (key := keys[call.key_pk]).owner.workspace
    ]
    for workspace, call, key in sorted(events, key=lambda item: item[0].pumble_id):
        audit.record(
            AuditEvent.Type.KEY_USED_ELSEWHERE,
            workspace=workspace,
            key=key,
            member=key.owner,
            by=Actor(None, call.surface, address=call.address, request_id=call.request_id),
            now=call.at,
        )


@lru_cache(maxsize=4096)
def network_prefix(address: str) -> str:
    """Return the network of an address: /24 of IPv4, /48 of IPv6."""
    version = ipaddress.ip_address(address).version
    return str(ipaddress.ip_network(f"{address}/{24 if version == 4 else 48}", strict=False))


def delete_old_requests(*, now: datetime) -> int:
    """Delete the logged calls that are older than the policy of their workspace says, by default 90 days. Return how many."""
    kept = Policy.objects.values_list("request_log_retention_days", flat=True).distinct()
    without_policy = RequestLog.objects.filter(key__owner__workspace__policy__isnull=True)
    pruned = batches.delete_in_batches(without_policy.filter(at__lte=now - REQUEST_LOG_RETENTION))
    for days in kept:
        of_such = RequestLog.objects.filter(key__owner__workspace__policy__request_log_retention_days=days)
        pruned += batches.delete_in_batches(of_such.filter(at__lte=now - timedelta(days=days)))
    return pruned


def delete_old_hours(*, now: datetime) -> int:
    """Delete the hourly counts that are older than 400 days. Return how many."""
    return batches.delete_in_batches(HourlyUse.objects.filter(hour__lte=now - HOURLY_RETENTION))


def delete_old_networks(*, now: datetime) -> int:
    """Delete the known networks of keys that are over. Return how many rows."""
    return batches.delete_in_batches(KnownNetwork.objects.exclude(key__in=ApiKey.objects.live(now)))


def _count_hours(calls: Iterable[CallRecord]) -> None:
    counts: defaultdict[tuple[int, datetime, str], int] = defaultdict(int)
    for call in calls:
        counts[call.key_pk, call.at.replace(minute=0, second=0, microsecond=0), call.counted_outcome] += 1
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

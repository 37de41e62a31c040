"""Who used which key for what: noted in memory during the call, written in batches by a thread of its own.

Noting never waits and never fails. A normal stop writes everything; after a crash at most the last second is missing.
"""

import atexit
import logging
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import InterfaceError, OperationalError, connections, transaction
from django.db.models import F

from keys.models import ApiKey, HourlyUse, LastUse, RequestLog

log = logging.getLogger(__name__)

OK = "ok"
WRITE_EVERY_SECONDS = 1.0
MOST_WAITING = 20_000
MOST_REFUSALS_LOGGED = 20  # of one key, kind and batch; the hourly counts have them all
MAX_AGENT_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Use:
    """One call with a key. `outcome` is `ok` or the reason of the refusal."""

    key_pk: int
    at: datetime
    operation: str
    outcome: str
    status: int
    duration_ms: int
    request_id: str
    address: str | None
    agent: str


class Recorder:
    """Keeps uses until they are written. Of more than `MOST_WAITING` the oldest are lost, and that is logged."""

    def __init__(self) -> None:
        self._waiting: deque[Use] = deque(maxlen=MOST_WAITING)
        self._writing = threading.Lock()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._lost = 0

    def note(self, use: Use) -> None:
        if len(self._waiting) == MOST_WAITING:
            self._lost += 1
        self._waiting.append(use)
        if self._thread is None and settings.WRITE_USAGE_IN_BACKGROUND:
            self._start()

    def flush(self) -> None:
        """Write what is waiting. A database that is away keeps it waiting."""
        with self._writing:
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            lost, self._lost = self._lost, 0
            if lost:
                log.warning("usage.lost", extra={"count": lost})
            if not batch:
                return
            try:
                _write(batch)
            except (OperationalError, InterfaceError):
                log.warning("usage.not_written", exc_info=True, extra={"count": len(batch)})
                self._waiting.extendleft(reversed(batch[-(MOST_WAITING - len(self._waiting)) :]))

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="usage", daemon=True)
                self._thread.start()
                atexit.register(self._stop)

    def _run(self) -> None:
        while not self._stopped.wait(WRITE_EVERY_SECONDS):
            try:
                self.flush()
            except Exception:
                log.exception("usage.dropped")  # something about this batch; the next one goes on
            connections.close_all()

    def _stop(self) -> None:
        self._stopped.set()
        self.flush()


recorder = Recorder()


def _write(batch: list[Use]) -> None:
    with transaction.atomic():
        known = set(ApiKey.objects.filter(pk__in={use.key_pk for use in batch}).values_list("pk", flat=True))
        uses = [use for use in batch if use.key_pk in known]
        _write_last_uses(uses)
        RequestLog.objects.bulk_create(
            [
                RequestLog(
                    key_id=use.key_pk,
                    at=use.at,
                    operation=use.operation,
                    outcome=use.outcome,
                    status=use.status,
                    duration_ms=use.duration_ms,
                    request_id=use.request_id,
                    address=use.address,
                )
                for use in _worth_logging(uses)
            ],
            batch_size=500,
        )
        _count_hours(uses)


def _write_last_uses(uses: Iterable[Use]) -> None:
    """Only a call that was let in uses a key. Of two processes the later moment stays."""
    last = {use.key_pk: use for use in sorted(uses, key=lambda use: use.at) if use.outcome == OK}
    for key_pk, use in sorted(last.items()):
        fields = {"at": use.at, "address": use.address, "agent": use.agent[:MAX_AGENT_LENGTH]}
        if not LastUse.objects.filter(key_id=key_pk, at__lte=use.at).update(**fields):
            LastUse.objects.bulk_create([LastUse(key_id=key_pk, **fields)], ignore_conflicts=True)


def _worth_logging(uses: Iterable[Use]) -> list[Use]:
    seen: Counter[tuple[int, str]] = Counter()
    kept = []
    for use in uses:
        seen[use.key_pk, use.outcome] += 1
        if use.outcome == OK or seen[use.key_pk, use.outcome] <= MOST_REFUSALS_LOGGED:
            kept.append(use)
    return kept


def _count_hours(uses: Iterable[Use]) -> None:
    counts: defaultdict[tuple[int, datetime, str], int] = defaultdict(int)
    for use in uses:
        counts[use.key_pk, use.at.replace(minute=0, second=0, microsecond=0), use.outcome] += 1
    for (key_pk, hour, outcome), count in sorted(counts.items()):
        row = {"key_id": key_pk, "hour": hour, "outcome": outcome}
        HourlyUse.objects.bulk_create([HourlyUse(**row, count=0)], ignore_conflicts=True)
        HourlyUse.objects.filter(**row).update(count=F("count") + count)

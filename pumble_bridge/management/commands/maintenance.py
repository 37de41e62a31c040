import logging
import signal
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from keys import audit, batches, idempotency, lifecycle, usage
from keys.management.progress import interruptible, progress
from pumble_bridge import files, member_sync, secret_checks
from pumble_bridge.chat import home, notices
from pumble_bridge.events import feed
from pumble_bridge.models import AcceptedHook, MaintenanceRun, OAuthState

log = logging.getLogger(__name__)


def _prune_sign_ins(now: datetime) -> int:
    return batches.delete_in_batches(OAuthState.objects.filter(expires_at__lte=now))


def _prune_sessions(now: datetime) -> int:
    return batches.delete_in_batches(Session.objects.filter(expire_date__lte=now))


def _prune_hook_marks(now: datetime) -> int:
    return batches.delete_in_batches(
        AcceptedHook.objects.filter(accepted_at__lte=now - AcceptedHook.RETENTION)
    )


PARTS: dict[str, Callable[[datetime], int]] = {
    "pending keys revoked": lambda now: lifecycle.revoke_stale_pending(now=now),
    "secrets seen first": lambda now: secret_checks.record(now=now),
    "sign-ins pruned": _prune_sign_ins,
    "hook marks pruned": _prune_hook_marks,
    "events pruned": feed.prune,
    "idempotent calls pruned": lambda now: idempotency.delete_expired(now=now),
    "calls pruned": lambda now: usage.delete_old_requests(now=now),
    "hours pruned": lambda now: usage.delete_old_hours(now=now),
    "networks pruned": lambda now: usage.delete_old_networks(now=now),
    "sessions pruned": _prune_sessions,
    "files of killed uploads deleted": files.delete_leftovers,
    "idle keys disabled": lambda now: lifecycle.disable_idle(now=now),
    "audit events pruned": audit.delete_expired,
    "people brought up to date": member_sync.sync_members,
    "people released from workspace keys": lambda now: lifecycle.release_abandoned(now=now),
    "notices pruned": notices.prune,
    "notices caught up": notices.enqueue_missed,
    "notices settled": notices.reconcile,
    "expiry notices": notices.enqueue_due,
    "notices sent": notices.send_queued,
    "Home tabs found stale": lambda now: home.mark_expired(now=now),
    "Home tabs caught up": lambda now: home.mark_missed(now=now),
    "Home tabs published": lambda _now: home.publish_due(),
}


class Command(BaseCommand):
    help = (
        "Send queued notices, update members from Pumble, revoke keys that were not confirmed within 15 minutes, disable "
        "keys that were unused for longer than their policy allows, publish stale Home tabs, and delete rows that are past "
        "their retention. Runs once, or in a loop."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--every",
            type=int,
            metavar="SECONDS",
            help="repeat every SECONDS until stopped; without it, run once",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        every: int | None = options["every"]
        if every is not None and every < 1:
            raise CommandError("--every expects at least 1 second")
        stopped = threading.Event()
        if every is None:
            with interruptible():
                failed = self.run_once(stopped)
            if failed:
                raise CommandError(f"failed, see the log: {', '.join(failed)}")
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        while not stopped.is_set():
            self.run_once(stopped, every)
            close_old_connections()
            stopped.wait(every)

    def run_once(self, stopped: threading.Event, every: int | None = None) -> list[str]:
        """Run each part, even if others fail, and record the run. Return the names of the parts that failed."""
        results, failed = [], []
        for name, part in progress(PARTS.items(), total=len(PARTS), unit="part"):
            if stopped.is_set():
                break
            try:
                results.append(f"{name}: {part(timezone.now())}")
            except Exception:
                log.exception("maintenance.failed", extra={"part": name})
                failed.append(name)
                close_old_connections()  # a broken connection must not break the following parts
        else:
            self._record(every, failed)
        self.stdout.write("; ".join(results))
        return failed

    def _record(self, every: int | None, failed: list[str]) -> None:
        """Store when the run ended, for the installation page."""
        try:
            MaintenanceRun.record(every=every, failed=failed, now=timezone.now())
        except DatabaseError:
            log.exception("maintenance.failed", extra={"part": "record"})
            close_old_connections()

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from keys import idempotency, lifecycle
from pumble_bridge import home
from pumble_bridge.models import AcceptedHook, OAuthState


class Command(BaseCommand):
    help = (
        "Revoke keys that nobody was shown within 15 minutes, prune what is out of date, "
        "and bring stale Home tabs up to date. Once, or as a loop."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--every", type=int, metavar="SECONDS", help="repeat until stopped; once unless given"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        every: int | None = options["every"]
        if every is not None and every < 1:
            raise CommandError("--every expects at least 1 second")
        self.run_once()
        if every is None:
            return
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        while not stopped.wait(every):
            self.run_once()

    def run_once(self) -> None:
        now = timezone.now()
        pending = lifecycle.revoke_stale_pending(now=now)
        states, _ = OAuthState.objects.filter(expires_at__lte=now).delete()
        hooks, _ = AcceptedHook.objects.filter(accepted_at__lte=now - AcceptedHook.KEPT_FOR).delete()
        calls = idempotency.prune(now=now)
        home.mark_expired(now=now)
        home.publish_due()
        self.stdout.write(
            f"pending keys revoked: {pending}; sign-ins pruned: {states}; hook marks pruned: {hooks}; "
            f"idempotent calls pruned: {calls}"
        )

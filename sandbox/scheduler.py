"""Posts scheduled messages when they are due. Source: Pumble app platform reference, 5.2 and 8 (row 47).

It runs every second and before each request, so that no response shows a due message as pending.
"""

import logging
import threading

from django.db import connection, transaction

from sandbox import channels, clock, ids, messages, recurrence
from sandbox.exceptions import PlatformError
from sandbox.models import Installation, Person, ScheduledMessage

logger = logging.getLogger(__name__)
POLL_INTERVAL = 1.0
MAX_TIMESTAMP_MS = 4 * 10**12


class Scheduler:
    """Posts due messages. `lock` is held while it posts. Its clock can be set forward."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._offset_ms = 0

    def now_ms(self) -> int:
        return clock.now_ms() + self._offset_ms

    def advance(self, milliseconds: int) -> None:
        self._offset_ms += milliseconds

    def clear(self) -> None:
        self._offset_ms = 0

    def post_due(self) -> None:
        if not ScheduledMessage.objects.filter(send_at_ms__lte=self.now_ms()).exists():
            return
        with self.lock:
            while (due := _pop_due(self.now_ms())) is not None:
                _post(due)

    def start(self) -> None:
        threading.Thread(target=self._run, name="scheduling", daemon=True).start()

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(POLL_INTERVAL):
            try:
                self.post_due()
            except Exception:
                logger.exception("scheduling.failed")
                connection.close()


def _pop_due(now_ms: int) -> ScheduledMessage | None:
    """Delete and return the first due message. Schedule its next occurrence, if it has one."""
    with transaction.atomic():
        due = (
            ScheduledMessage.objects.filter(send_at_ms__lte=now_ms)
            .select_related("channel", "author", "root")
            .order_by("send_at_ms", "id")
            .first()
        )
        if due is None:
            return None
        ScheduledMessage.objects.filter(pk=due.pk).delete()
        if due.recurrence:
            zone = due.author.time_zone
            next_ms = recurrence.next_occurrence_ms(
                due.recurrence, due.send_at_ms, due.occurrence, now_ms, zone
            )
            if next_ms is not None:
                _repeat(due, next_ms)
    return due


def _repeat(due: ScheduledMessage, send_at_ms: int) -> None:
    ScheduledMessage.objects.create(
        id=ids.new_id(),
        channel=due.channel,
        author=due.author,
        text=due.text,
        blocks=due.blocks,
        attachments=due.attachments,
        files=due.files,
        send_at_ms=send_at_ms,
        root=due.root,
        also_in_channel=due.also_in_channel,
        quote=due.quote,
        recurrence=due.recurrence,
        occurrence=due.occurrence + 1,
    )


def _post(due: ScheduledMessage) -> None:
    """Post the message, unless its author may not post any more or its thread was deleted."""
    if not _can_post(due.author) or (due.root is not None and due.root.deleted):
        return
    draft = messages.Draft(due.text, due.blocks, due.attachments, due.quote, due.files)
    try:
        channel = channels.get_postable(due.author, due.channel_id)
        messages.post(due.author, channel, draft, root=due.root, also_in_channel=due.also_in_channel)
    except PlatformError as error:
        logger.info("scheduling.dropped id=%s reason=%s", due.id, error.message)


def _can_post(author: Person) -> bool:
    if author.app_id is None:
        return author.is_active
    installed = Installation.objects.filter(
        app_id=author.app_id, workspace_id=author.workspace_id, active=True
    )
    return installed.exists()


SCHEDULER = Scheduler()

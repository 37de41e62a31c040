"""Sends queued notices: a thread of each process does so at once, and `maintenance` sends the rest.

A notice gets the state SENDING before its message is sent. If nothing was sent, it is queued again. After a crash or an
uncertain failure it stays in SENDING until `reconcile` looks for the message in the channel. Of two processes that
take the same notice, only one changes its state.
"""

import logging
import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from keys import batches
from keys.background import BackgroundTask
from keys.models import Member
from pumble_bridge import clients, deadline
from pumble_bridge.chat.notices import group_texts, texts
from pumble_bridge.chat.reader import reading_as
from pumble_bridge.client import PumbleClient
from pumble_bridge.exceptions import (
    PumbleError,
    PumbleRateLimited,
    PumbleRefused,
    PumbleTimeout,
    PumbleUnavailable,
)
from pumble_bridge.models import Installation, Notice

log = logging.getLogger(__name__)

SEND_TIMEOUT = 4.0
MAX_QUEUED_AGE = timedelta(days=7)
BATCH_SIZE = 100  # Pumble allows 80 a minute per workspace; a shutdown waits for the batch
MAX_RUN_SECONDS = 20.0
# By then every run that may have sent it has ended, and its message has arrived.
RECONCILE_AFTER = timedelta(minutes=2)
RECONCILE_WITHIN = timedelta(days=1)
CLOCK_SKEW = timedelta(minutes=5)  # between the portal and Pumble
_MAX_CHECKED_MESSAGES = 100  # messages of a direct channel
_SHUTDOWN_SECONDS = 1.0
# Many keys are often changed one after the other. Their notices wait for each other, to be sent as one message.
_QUIET_SECONDS, _MAX_WAIT_SECONDS = 0.5, 10.0

_RELATED = ("member__workspace", "key__owner__workspace", "key__responsible", "event__actor", "event__member")

State = Notice.State


def count_queued() -> int:
    """Return the number of queued notices."""
    return Notice.objects.filter(state=State.QUEUED).count()


def send_queued(now: datetime, *, fresh_only: bool = False, stop: Callable[[], bool] = lambda: False) -> int:
    """Send queued notices, untried ones first. Return how many messages were sent.

    End early if Pumble fails. The rest stays queued.

    Args:
        fresh_only: skip notices that were tried before.
        stop: called before each notice; True ends the run.
    """
    waiting = Notice.objects.filter(state=State.QUEUED)
    waiting.filter(created_at__lte=now - MAX_QUEUED_AGE).update(state=State.DROPPED)
    if fresh_only:
        waiting = waiting.filter(tried_at__isnull=True)
    order = waiting.order_by(F("tried_at").asc(nulls_first=True), "pk")
    sent, end = 0, time.monotonic() + MAX_RUN_SECONDS
    for pk in list(order.values_list("pk", flat=True)[:BATCH_SIZE]):
        if stop() or time.monotonic() > end:
            break
        try:
            sent += _send(pk, now)
        except (PumbleUnavailable, PumbleTimeout, PumbleRateLimited):
            break
        except PumbleError:
            continue
        except Exception:
            log.exception("notice.failed", extra={"notice": pk})
            _change_state(pk, State.QUEUED, State.QUEUED, now)
    return sent


def reconcile(now: datetime) -> int:
    """Find out whether uncertain messages arrived, and queue those that did not again. Return how many were reconciled."""
    uncertain = Notice.objects.filter(
        state=State.SENDING, tried_at__lte=now - RECONCILE_AFTER, tried_at__gt=now - RECONCILE_WITHIN
    )
    reconciled = 0
    for notice in uncertain.select_related("member").order_by("pk")[:BATCH_SIZE]:
        bot, bot_user_id = _bot_for(notice)
        if bot is None:
            continue
        try:
            with deadline.within(SEND_TIMEOUT):
                arrived = _has_arrived(bot, bot_user_id, notice)
        except PumbleError as error:
            log.warning("notice.not_settled", exc_info=True, extra={"notice": notice.pk})
            if not isinstance(error, PumbleRefused):
                break
            continue
        if arrived is not None:
            log.info("notice.settled", extra={"notice": notice.pk, "arrived": arrived})
            # Another process may have reconciled it meanwhile, and be sending it again.
            same = Notice.objects.filter(pk=notice.pk, state=State.SENDING, tried_at=notice.tried_at)
            reconciled += (
                same.update(state=State.SENT) if arrived else same.update(state=State.QUEUED, sent_with=None)
            )
    return reconciled


def _has_arrived(bot: PumbleClient, bot_user_id: str, notice: Notice) -> bool | None:
    """Return whether the notice's message is in the channel, or None if too many messages are newer to be sure."""
    channel_id = _direct_channel(bot, bot_user_id, notice.member)
    page = bot.list_messages(channel_id, limit=_MAX_CHECKED_MESSAGES, strategy="BEFORE", cursor=None)
    # The page of the link differs between kinds of keys, which one message may have together, and between releases.
    number = notice.sent_with_id or notice.pk
    link = re.compile(rf"{re.escape(settings.PUBLIC_URL)}/[\w/?=-]*#notice-{number}(?![0-9])")
    if any(link.search(str(message)) for message in page["messages"]):
        return True
    return None if page.get("hasMoreBefore") and not _is_older(page["messages"], notice) else False


def _is_older(messages: list[dict[str, Any]], notice: Notice) -> bool:
    """Return whether the oldest of these messages, newest first, is older than the attempt to send the notice."""
    sent_at = messages[-1].get("timestampMilli") if messages else None
    tried_at = notice.tried_at
    return (
        isinstance(sent_at, int)
        and tried_at is not None
        and sent_at / 1000 < (tried_at - CLOCK_SKEW).timestamp()
    )


def prune(now: datetime) -> int:
    """Delete notices that are older than 400 days. Return how many."""
    return batches.delete_in_batches(Notice.objects.filter(created_at__lte=now - Notice.RETENTION))


def _send(pk: int, now: datetime) -> bool:
    """Send one notice, together with those of the same cause. Return whether it was sent.

    Raises:
        PumbleError: it was not sent, or that is uncertain. Its state says which.
    """
    notice = Notice.objects.select_related(*_RELATED).filter(pk=pk, state=State.QUEUED).first()
    if notice is None:
        return False
    with reading_as(notice.member):
        is_current = texts.is_current(notice, now)
    bot, bot_user_id = _bot_for(notice)
    member_gone = not notice.member.is_active or notice.member.erased_at is not None
    if not is_current or bot is None or member_gone:
        Notice.objects.filter(pk=pk, state=State.QUEUED).update(state=State.DROPPED)
        return False
    claimed = False
    try:
        with deadline.within(SEND_TIMEOUT):
            channel_id = _direct_channel(bot, bot_user_id, notice.member)
            claimed = _change_state(pk, State.QUEUED, State.SENDING, now)
            if not claimed:
                return False
            with reading_as(notice.member):
                group = [notice, *_claim_similar(notice, now)]
                message = texts.build_message(group, now)
            bot.post_message(channel_id, message)
    except PumbleError as error:
        uncertain = claimed and error.may_have_happened
        if not uncertain:
            _change_state(pk, State.SENDING if claimed else State.QUEUED, State.QUEUED, now)
            Notice.objects.filter(sent_with=pk, state=State.SENDING).update(
                state=State.QUEUED, sent_with=None
            )
        log.warning(
            "notice.not_sent",
            exc_info=True,
            extra={"notice": pk, "kind": notice.kind, "uncertain": uncertain},
        )
        raise
    _change_state(pk, State.SENDING, State.SENT, now)
    Notice.objects.filter(sent_with=pk, state=State.SENDING).update(state=State.SENT)
    log.info("notice.sent", extra={"notice": pk, "kind": notice.kind, "keys": len(group)})
    return True


def _is_current(notice: Notice, now: datetime) -> bool:
    """Return whether to send the notice with others. One whose text fails stays queued."""
    try:
        return texts.is_current(notice, now)
    except Exception:
        log.exception("notice.failed", extra={"notice": notice.pk})
        return False


def _claim_similar(notice: Notice, now: datetime) -> list[Notice]:
    """Claim the member's other queued notices with the same cause, to send them in the message of `notice`."""
    cause = group_texts.cause(notice)
    if cause is None:
        return []
    rows = Notice.objects.select_related(*_RELATED).order_by("pk")
    similar = [
        other.pk
        for other in rows.filter(member=notice.member, kind=notice.kind, state=State.QUEUED)
        if group_texts.cause(other) == cause and _is_current(other, now)
    ]
    # Those that an earlier attempt left. `reconcile` must not queue them again meanwhile: it compares `tried_at`.
    Notice.objects.filter(sent_with=notice, state=State.SENDING).update(tried_at=now)
    for start in range(0, len(similar), BATCH_SIZE):
        claimed = Notice.objects.filter(pk__in=similar[start : start + BATCH_SIZE], state=State.QUEUED)
        claimed.update(state=State.SENDING, tried_at=now, sent_with=notice)
    return list(rows.filter(sent_with=notice, state=State.SENDING))


def _change_state(pk: int, before: Notice.State, after: Notice.State, now: datetime) -> bool:
    return Notice.objects.filter(pk=pk, state=before).update(state=after, tried_at=now) == 1


def _bot_for(notice: Notice) -> tuple[PumbleClient | None, str]:
    """Return the bot of the member's workspace and its user id, or (None, "") if the app is not installed."""
    installation = Installation.objects.filter(workspace=notice.member.workspace).first()
    return (clients.client_for_bot(installation), installation.bot_user_id) if installation else (None, "")


def _direct_channel(bot: PumbleClient, bot_user_id: str, member: Member) -> str:
    user_id = str(member.pumble_user_id)
    try:
        info = bot.find_direct_channel([bot_user_id, user_id])
    except PumbleRefused as error:
        if error.status not in {400, 404}:
            raise
        info = bot.open_direct_channel([user_id])
    return str(info["channel"]["id"])


def _send_fresh() -> None:
    """Send notices that were not tried before. `maintenance` sends the rest."""
    stop = partial(worker.has_been_stopped_for, _SHUTDOWN_SECONDS)
    send_queued(timezone.now(), fresh_only=True, stop=stop)


# Starts with the first notice of the process. A normal shutdown waits for messages in flight.
worker = BackgroundTask(
    "notices", _send_fresh, debounce=_QUIET_SECONDS, max_debounce=_MAX_WAIT_SECONDS, on_stop=_send_fresh
)


def wake() -> None:
    """Let the background thread send committed notices."""
    if settings.SEND_NOTICES_IN_BACKGROUND:
        worker.start()
        worker.wake()

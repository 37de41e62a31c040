"""Publishes stale Home tabs within Pumble's rate limit. Only the latest state is published.

A change only marks the tab as stale in the database, for any process. A thread of the web server or `maintenance`
publishes it. So publication neither delays nor breaks the change.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from keys.background import BackgroundTask
from keys.models import ApiKey, AuditEvent, Member, Workspace
from pumble_bridge import clients, deadline
from pumble_bridge.chat.home.view import NEW_KEY_PERIOD, build
from pumble_bridge.chat.reader import reading_as
from pumble_bridge.exceptions import PumbleBusy, PumbleError, PumbleRateLimited, TokenRejected
from pumble_bridge.models import HomeTab, Installation

log = logging.getLogger(__name__)

MIN_PUBLISH_INTERVAL = timedelta(seconds=3.1)  # Pumble allows 20 a minute per user
DEBOUNCE = timedelta(seconds=0.5)  # issuing and confirming a key are two changes
CALL_TIMEOUT = 5.0
CLAIM_TIMEOUT = timedelta(seconds=15)
RETRY_DELAY, MAX_RETRY_DELAY = timedelta(seconds=15), timedelta(minutes=10)
POLL_SECONDS = 2.0
EXPIRY_CHECK_INTERVAL = timedelta(seconds=30)
CATCH_UP_PERIOD = timedelta(hours=1)
BATCH_SIZE = 200


def mark_stale(member: Member) -> None:
    """Mark the member's Home tab as stale. Of a burst of changes only the first is written."""
    if member.workspace_id is None or member.is_bot:
        return
    tab, _created = HomeTab.objects.get_or_create(member=member)
    if tab.version > tab.published_version and not tab.claimed:
        return  # the pending publication includes this change
    next_at = timezone.now() + DEBOUNCE
    HomeTab.objects.filter(member=member).update(
        version=F("version") + 1, next_at=Greatest("next_at", next_at)
    )
    worker.wake()


def mark_expired(*, now: datetime) -> int:
    """Mark tabs as stale whose keys have expired or retired since publication, or are no longer new. Return how many."""
    outdated = Q(member__in=_holders_of_ended_keys("owner", now)) | Q(
        member__in=_holders_of_ended_keys("responsible", now)
    )
    no_longer_new = HomeTab.objects.filter(
        new_key__created_at__lte=now - NEW_KEY_PERIOD, version=F("published_version")
    )
    hints = no_longer_new.update(new_key=None, version=F("version") + 1)
    return hints + HomeTab.objects.filter(outdated, version=F("published_version")).update(
        version=F("version") + 1
    )


def _holders_of_ended_keys(holder: str, now: datetime) -> QuerySet[ApiKey, dict[str, Any]]:
    """Return the owners, or the responsible people, of the keys that have ended since their tab was published."""
    published_at = F(f"{holder}__home_tab__published_at")
    since = Q(expires_at__lte=now, expires_at__gt=published_at) | Q(
        retires_at__lte=now, retires_at__gt=published_at
    )
    keys = ApiKey.objects.filter(since, revoked_at__isnull=True)
    holders: QuerySet[ApiKey, dict[str, Any]] = keys.values(holder)
    return holders


def mark_missed(*, now: datetime) -> int:
    """Mark tabs as stale that were published before a recent event, for example after a crash. Return how many."""
    installed = Workspace.objects.filter(installed_at__isnull=False)
    recent = AuditEvent.objects.filter(workspace__in=installed, at__gte=now - CATCH_UP_PERIOD)
    missed = Q()
    for reader in ("member", "key__responsible"):
        events = recent.filter(at__gt=F(f"{reader}__home_tab__published_at"))
        missed |= Q(member__in=events.values(reader))
    return HomeTab.objects.filter(missed, version=F("published_version")).update(version=F("version") + 1)


def count_stale() -> int:
    """Return the number of stale tabs."""
    return HomeTab.objects.filter(version__gt=F("published_version")).count()


def publish_due() -> int:
    """Publish the stale tabs that are due. Return how many were published."""
    due = HomeTab.objects.filter(version__gt=F("published_version"), next_at__lte=timezone.now()).order_by(
        "next_at"
    )
    return sum(_publish(tab) for tab in due.select_related("member__workspace")[:BATCH_SIZE])


def _publish(tab: HomeTab) -> bool:
    now = timezone.now()
    claim_ends = now + CLAIM_TIMEOUT
    row = HomeTab.objects.filter(pk=tab.pk)
    if not row.filter(next_at=tab.next_at).update(next_at=claim_ends, claimed=True):
        return False  # another process has claimed it
    tab.refresh_from_db()
    version, member = tab.version, Member.objects.select_related("workspace").get(pk=tab.member_id)
    installation = Installation.objects.select_related("workspace").filter(workspace=member.workspace).first()
    bot = clients.client_for_bot(installation) if installation else None
    if bot is None or member.pumble_user_id is None:
        _end_claim(tab, claim_ends, published_version=version, next_at=now)
        return False
    with reading_as(member):
        view = build(member, now)
    try:
        with deadline.within(CALL_TIMEOUT):
            bot.publish_home(member.pumble_user_id, view)
    except TokenRejected:
        _end_claim(tab, claim_ends, published_version=version, next_at=timezone.now() + MIN_PUBLISH_INTERVAL)
        log.info("home.not_published", extra={"reason": "token rejected"})
        return False
    except PumbleError as error:
        wait = (
            timedelta(seconds=error.retry_after)
            if isinstance(error, PumbleRateLimited | PumbleBusy)
            else min(RETRY_DELAY * 2 ** min(tab.failures, 10), MAX_RETRY_DELAY)
        )
        _end_claim(tab, claim_ends, next_at=timezone.now() + wait, failures=F("failures") + 1)
        log.info("home.not_published", extra={"reason": type(error).__name__})
        return False
    _end_claim(
        tab,
        claim_ends,
        published_version=version,
        published_at=now,
        next_at=timezone.now() + MIN_PUBLISH_INTERVAL,
        failures=0,
    )
    return True


def _end_claim(tab: HomeTab, claim_ends: datetime, **values: Any) -> None:
    """Store how the publication ended.

    If the claim expired, another process may have published a newer view before this one. Then the tab is stale.
    """
    row = HomeTab.objects.filter(pk=tab.pk)
    if not row.filter(next_at=claim_ends).update(claimed=False, **values):
        row.update(version=F("version") + 1)


class Publisher:
    """The periodic work of the background thread of a web server."""

    def __init__(self) -> None:
        self._expiries_checked_at = timezone.now()

    def run(self) -> None:
        if (now := timezone.now()) >= self._expiries_checked_at + EXPIRY_CHECK_INTERVAL:
            self._expiries_checked_at = now
            mark_expired(now=now)
        publish_due()


def create_worker() -> BackgroundTask:
    return BackgroundTask("home", Publisher().run, every=POLL_SECONDS, debounce=DEBOUNCE.total_seconds())


worker = create_worker()

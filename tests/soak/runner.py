"""Three runners of `maintenance`, killed at random by `kill -9`, beside a process that changes keys: what they leave.

`tests.soak.runners` starts it with an installation of its own. Prints `{"kills", "notices", "settled", "problems"}`. The
runners are forks of this process, so that a new one is there at once. Timeouts are shorter than in production, in the same
proportions.
"""

import json
import logging
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NoReturn

import django

RUNNERS = 3
DAY = timedelta(days=1)
OWNERS = ("ben", "carla", "dan")
SETTLE_SECONDS = 20.0
ROWS = 1_000  # of each kind that is past its retention
KEYS = 10  # of each kind that is due for each owner


def fork(work: Callable[[], object]) -> int:
    """Run `work` in a child, which has no database connection of this process, and return its pid."""
    if pid := os.fork():
        return pid
    status = 1
    try:
        work()
        status = 0
    except BaseException:
        logging.getLogger().exception("child.failed")
    finally:
        sys.stdout.flush()
        os._exit(status)


def run_maintenance() -> NoReturn:
    from pumble_bridge.management.commands.maintenance import Command

    command = Command(stdout=open(os.devnull, "w"))  # noqa: SIM115, PTH123 - for the life of the process
    while True:
        command.run_once(threading.Event(), 1)
        time.sleep(random.uniform(0, 0.1))  # noqa: S311 - not a secret


def kill_at_random(seconds: float) -> None:
    """Keep three runners for so long, and kill one after another. Then let three run, and print what they left."""
    runners = [fork(run_maintenance) for _ in range(RUNNERS)]
    changing, kills, end = fork(lambda: change_keys(seconds)), 0, time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            time.sleep(random.uniform(0.02, 0.25))  # noqa: S311 - not a secret
            kill(runners.pop(0))
            runners.append(fork(run_maintenance))
            kills += 1
        wait_for(changing)
        wait_for(fork(lambda: print(json.dumps({"kills": kills} | look()))))
    finally:
        for runner in runners:
            kill(runner)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def wait_for(pid: int) -> None:
    assert os.waitpid(pid, 0)[1] == 0, "a child failed"


def _member(name: str) -> Any:
    from keys.models import Member

    return Member.objects.select_related("workspace").get(email__startswith=f"{name}@")


def _new_key(owner: Any, name: str, now: datetime, lives: timedelta | None = None) -> Any:
    from keys import audit, lifecycle

    end = None if lives is None else now + lives
    key, _ = lifecycle.issue(owner=owner, name=name, by=audit.OPERATOR, now=now, expires_at=end)
    return lifecycle.confirm(key=key, by=audit.OPERATOR, now=now)


def prepare() -> None:
    """Create what is due: notices, keys to disable and to revoke, rows to delete."""
    from django.utils import timezone

    from keys import audit, lifecycle
    from keys.models import Policy, RequestLog

    now, gita = timezone.now(), _member("gita")
    for owner in map(_member, OWNERS):
        for number in range(KEYS):
            _new_key(owner, f"soon-{owner.pk}-{number}.", now - 84 * DAY, 90 * DAY)
            _new_key(owner, f"over-{owner.pk}-{number}.", now - 60 * DAY, 59 * DAY)
            lifecycle.issue(
                owner=owner,
                name=f"pending-{owner.pk}-{number}.",
                by=audit.OPERATOR,
                now=now - timedelta(minutes=20),
            )
    for number in range(KEYS):
        _new_key(gita, f"idle-{number}.", now - 40 * DAY)
    Policy.objects.update_or_create(workspace=gita.workspace, defaults={"idle_days": 30})
    call: dict[str, Any] = {"key": _new_key(gita, "called.", now), "operation": "myInfo", "outcome": "ok"}
    call |= {"status": 200, "duration_ms": 1, "request_id": "r"}
    RequestLog.objects.bulk_create(RequestLog(at=now - 91 * DAY, **call) for _ in range(ROWS))
    RequestLog.objects.create(at=now, **call)
    expire_rows(ROWS)


def expire_rows(count: int) -> None:
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    from pumble_bridge.models import AcceptedHook, OAuthState

    now = timezone.now()
    names = [f"{random.getrandbits(128):032x}" for _ in range(count)]
    Session.objects.bulk_create(Session(session_key=name, session_data="", expire_date=now) for name in names)
    AcceptedHook.objects.bulk_create(AcceptedHook(dedup_key=name, accepted_at=now - DAY) for name in names)
    OAuthState.objects.bulk_create(OAuthState(digest=name, expires_at=now) for name in names)


def change_keys(seconds: float) -> None:
    """Issue keys for so long, and let an owner revoke two of three."""
    from django.utils import timezone

    from keys import audit, lifecycle
    from keys.models import ApiKey

    ana, owners = _member("ana"), list(map(_member, OWNERS))
    by, number, end = audit.Actor(ana, audit.Surface.WEB), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        owner, now = owners[number % len(owners)], timezone.now()
        key = _new_key(owner, f"new-{number}.", now)
        if number // len(owners) % 3:
            # The same note is one message, another note is another.
            reason, note = ApiKey.RevokeReason.BY_ADMINISTRATOR, f"note {number // 9}"
            lifecycle.revoke(key=key, by=by, reason=reason, note=note, now=now)
        expire_rows(20)
        number += 1
        time.sleep(0.1)


def look() -> dict[str, Any]:
    """Wait until nothing is due, and compare what is stored with what people see in Pumble."""
    from pumble_bridge.models import Notice

    began = time.monotonic()
    while (left := _unsettled()) and time.monotonic() < began + SETTLE_SECONDS:
        time.sleep(0.1)
    problems = [f"not settled after {SETTLE_SECONDS:.0f} s: {left}"] if left else []
    problems += [*_wrong_keys(), *_wrong_notices(), *_wrong_homes(), *_wrong_rows()]
    settled = round(time.monotonic() - began, 1)
    return {"notices": Notice.objects.count(), "settled": settled, "problems": problems}


def _unsettled() -> dict[str, int]:
    from django.contrib.sessions.models import Session
    from django.db.models import Count, F, Q
    from django.utils import timezone

    from pumble_bridge.models import HomeTab, Notice

    states = Notice.objects.filter(state__in=("QUEUED", "SENDING")).values_list("state").annotate(Count("pk"))
    stale = HomeTab.objects.filter(Q(version__gt=F("published_version")) | Q(claimed=True)).count()
    expired = Session.objects.filter(expire_date__lte=timezone.now()).count()
    counts = {**dict(states.order_by()), "Home tabs": stale, "sessions": expired}
    return {name: count for name, count in counts.items() if count}


def _wrong_keys() -> Iterator[str]:
    """Each change happened once, and its event was recorded once."""
    from django.core.management import call_command

    from keys.models import ApiKey, AuditEvent

    revoked = ApiKey.objects.filter(name__startswith="pending-", revoked_at__isnull=False)
    disabled = ApiKey.objects.filter(name__startswith="idle-", disabled_at__isnull=False)
    for keys, kind, expected in (
        (revoked, "key.revoked", KEYS * len(OWNERS)),
        (disabled, "key.disabled", KEYS),
    ):
        events = [AuditEvent.objects.filter(key=key, type=kind).count() for key in keys]
        if events != [1] * expected:
            yield f"{kind}: {len(events)} keys of {expected}, with {sum(events)} events"
    with open(os.devnull, "w") as output:  # noqa: PTH123
        call_command("audit_verify", stdout=output)


def _wrong_notices() -> Iterator[str]:
    """Each notice is in one message, and was sent once."""
    from keys.models import ApiKey, Member
    from pumble_bridge.models import Notice

    told = {
        "soon-": Notice.Kind.EXPIRES_SOON,
        "over-": Notice.Kind.EXPIRED,
        "idle-": Notice.Kind.DISABLED,
        "new-": Notice.Kind.REVOKED,
    }
    messages = {
        member.pk: _messages(member) for member in Member.objects.people().filter(authorized_at__isnull=False)
    }
    for key in ApiKey.objects.exclude(name__startswith="pending-").order_by("pk"):
        kind = next((kind for prefix, kind in told.items() if key.name.startswith(prefix)), None)
        due = kind is not None and (key.revoked_at is not None or not key.name.startswith("new-"))
        notices = list(Notice.objects.filter(key=key).values_list("kind", "state"))
        if notices != ([(kind, "SENT")] if due else []):
            yield f"{key.name}: notices {notices}"
        seen = sum(key.name in message for message in messages[key.owner_id])
        if seen != due:
            yield f"{key.name}: in {seen} messages, notices {notices}"
    for notice in Notice.objects.filter(sent_with__isnull=True):
        links = sum(f'#notice-{notice.pk}"' in message for message in messages[notice.member_id])
        if links != 1:
            yield f"notice {notice.pk}: {links} messages"


def _bot_and_channel(member: Any) -> tuple[Any, str]:
    from pumble_bridge import clients
    from pumble_bridge.models import Installation

    installation = Installation.objects.get(workspace=member.workspace)
    bot = clients.client_for_bot(installation)
    assert bot is not None
    return bot, bot.open_direct_channel([member.pumble_user_id])["channel"]["id"]


def _messages(member: Any) -> list[str]:
    bot, channel = _bot_and_channel(member)
    cursor, texts = None, list[str]()
    while True:
        page = bot.list_messages(channel, limit=100, strategy="BEFORE", cursor=cursor)
        texts += [json.dumps(message, ensure_ascii=False) for message in page["messages"]]
        if not page["hasMoreBefore"]:
            return texts
        cursor = page["messages"][-1]["id"]


def _wrong_homes() -> Iterator[str]:
    """Each Home tab that people see is the current one."""
    from django.utils import timezone

    from pumble_bridge import client
    from pumble_bridge.chat import home
    from pumble_bridge.chat.reader import reading_as
    from pumble_bridge.models import HomeTab

    for tab in HomeTab.objects.filter(member__authorized_at__isnull=False).select_related("member"):
        with reading_as(tab.member):
            current = home.build(tab.member, timezone.now())["blocks"]
        _bot, channel = _bot_and_channel(tab.member)
        reader = {"userId": str(tab.member.pumble_user_id), "channelId": channel}
        screen = client.call("GET", "/act/screen", params=reader)
        if screen["home"]["blocks"] != json.loads(json.dumps(current)):
            yield f"the Home tab of {tab.member.name} is not the current one"


def _wrong_rows() -> Iterator[str]:
    from django.utils import timezone

    from keys.models import RequestLog
    from pumble_bridge.models import AcceptedHook, OAuthState

    now = timezone.now()
    left = {
        "calls": RequestLog.objects.count() - 1,
        "hooks": AcceptedHook.objects.filter(accepted_at__lte=now - DAY).count(),
        "sign-ins": OAuthState.objects.filter(expires_at__lte=now).count(),
    }
    if any(left.values()):
        yield f"rows past their retention: {left}"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from pumble_bridge.chat.home import publisher
    from pumble_bridge.chat.notices import sender

    sender.SEND_TIMEOUT, sender.MAX_RUN_SECONDS = 1.0, 1.0
    sender.RECONCILE_AFTER = timedelta(seconds=5)
    publisher.CALL_TIMEOUT, publisher.CLAIM_TIMEOUT = 1.0, timedelta(seconds=3)
    publisher.MIN_PUBLISH_INTERVAL = timedelta(seconds=0.3)
    wait_for(fork(prepare))
    kill_at_random(float(sys.argv[1]))


if __name__ == "__main__":
    main()

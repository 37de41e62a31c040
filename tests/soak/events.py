"""Five people write while a program listens, restarts and changes portals; and many programs listen while one sends.

What the key may hear is heard completely and in order, and nothing else. Listening leaves sending its speed.
"""

import json
import os
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

import redis
import requests

from keys import redis_client
from tests import pumble
from tests.pumble_bridge import hooks
from tests.soak import stack
from tests.soak.people import PATIENCE
from tests.soak.stack import Stack
from tests.soak.verdict import Verdict

WRITERS = ("ana", "ben", "carla", "dan", "guy")
HEARD = ("general", "random", "ops")
UNHEARD = ("board",)  # private and without the bot
MAX_MEDIAN_DELAY = 0.2  # seconds
MIN_SPEED = 0.8
LISTENERS = 64
SENDERS = 8


def run(verdict: Verdict, *, database: str, messages: int, restarts: int, flood: int, rounds: int) -> None:
    with stack.running(database=database, redis=True, portals=2) as there:
        _hear(verdict, there, messages, restarts)
        if flood:
            _flood(verdict, there, flood)
        if rounds:
            _compare(verdict, there, rounds)


@dataclass
class _Record:
    """What was written, and what was heard: text by channel and author."""

    written: defaultdict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    heard: defaultdict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    ids: set[str] = field(default_factory=set)
    delays: list[float] = field(default_factory=list)
    repeated: int = 0
    problems: Counter[str] = field(default_factory=Counter)


def _hear(verdict: Verdict, there: Stack, messages: int, restarts: int) -> None:
    people = {name: pumble.person(f"{name}@acme.test") for name in WRITERS}
    channels = {name: pumble.channel(people["ana"].workspace_id, name) for name in (*HEARD, *UNHEARD)}
    key = _new_key(there, "listens", *(f"--channel={channels[name]}={name}" for name in HEARD))
    record, over = _Record(), threading.Event()
    begun = _ask(there.portals[0].url, key).json()["cursor"]
    listener = threading.Thread(target=_listen, args=(there, key, begun, record, restarts, over))
    listener.start()
    writers = [
        threading.Thread(target=_write, args=(person, channels, messages // len(WRITERS), record))
        for person in people.values()
    ]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    expected = {
        place: texts for place, texts in record.written.items() if place[0] in map(channels.get, HEARD)
    }
    until = time.monotonic() + PATIENCE
    while (
        sum(map(len, record.heard.values())) < sum(map(len, expected.values())) and time.monotonic() < until
    ):
        time.sleep(0.1)
    over.set()
    listener.join()
    delay = median(record.delays) if record.delays else 0.0
    count, total = sum(map(len, record.heard.values())), sum(map(len, record.written.values()))
    verdict.figure("events: written, heard, repeated", f"{total}, {count}, {record.repeated}")
    verdict.figure("events: median delay from hook to listener", f"{delay * 1000:.0f} ms")
    verdict.require(record.heard == expected, "events: not what was written was heard, or in another order")
    verdict.require(count > total / 2, "events: hardly anything was written where the key listens")
    verdict.require(delay < MAX_MEDIAN_DELAY, f"events: half of them took more than {delay * 1000:.0f} ms")
    verdict.require(not record.problems, f"events: {dict(record.problems)}")


def _write(person: pumble.Person, channels: dict[str, str], messages: int, record: _Record) -> None:
    """Write so many messages wherever the person may."""
    own = [channel for channel in channels.values() if _may_write(person, channel)]
    for number in range(messages):
        channel, text = own[number % len(own)], f"{person.name} {number}"
        person.type(channel, text)
        record.written[channel, person.id].append(text)


def _may_write(person: pumble.Person, channel: str) -> bool:
    query = {"userId": person.id, "channelId": channel}
    screen = requests.get(f"{pumble.BASE}/act/screen", params=query, timeout=PATIENCE)
    return screen.ok and bool(screen.json().get("channel"))


def _listen(
    there: Stack, key: str, begun: str, record: _Record, restarts: int, over: threading.Event
) -> None:
    """Listen until all is over. A restart abandons the call that waits, and goes on at the other portal."""
    cursor, portal, started, done = begun, 0, time.monotonic(), 0
    while not over.is_set():
        restart = done < restarts and time.monotonic() > started + 0.5
        try:
            answer = _ask(there.portals[portal].url, key, cursor, timeout=0.05 if restart else PATIENCE)
        except requests.RequestException:
            if not restart:
                record.problems["a call broke"] += 1
            portal, started, done = 1 - portal, time.monotonic(), done + 1
            continue
        if not answer.ok:
            record.problems[answer.text[:200]] += 1
            return
        now = time.time()
        for event in answer.json()["events"]:
            data = event["data"]
            if event["id"] in record.ids:
                record.repeated += 1
                continue
            record.ids.add(event["id"])
            record.heard[data["channelId"], data["author"]].append(data["text"])
            record.delays.append(now - datetime.fromisoformat(event["at"]).timestamp())
        cursor = answer.json()["cursor"]
        if restart:
            portal, started, done = 1 - portal, time.monotonic(), done + 1


def _ask(url: str, key: str, cursor: str = "", *, timeout: float = PATIENCE) -> requests.Response:
    query = {
        "cursor": cursor,
        "wait": "20" if cursor else "0",
        "includeOwn": "true",
        "types": "message.created",
    }
    return requests.get(f"{url}/listEvents", params=query, headers={"ApiKey": key}, timeout=(5, timeout))


def _flood(verdict: Verdict, there: Stack, events: int) -> None:
    """Report so many messages to both portals at once, while a program listens: each acknowledged one is heard."""
    os.environ.setdefault(
        "DJANGO_SETTINGS_MODULE", "portal.settings"
    )  # they have the secret that signs hooks
    ana, bot = pumble.person("ana@acme.test"), _bot_id()
    channel = pumble.channel(ana.workspace_id, "general")
    key = _new_key(there, "hears a flood")
    cursor = _ask(there.portals[0].url, key).json()["cursor"]
    acknowledged: list[str] = []
    answers: Counter[int] = Counter()

    def send(number: int) -> None:
        for turn in range(number, events, SENDERS):
            body = hooks.message_body(channel, bot, f"{turn}")
            sent = hooks.raw(hooks.hook(ana.workspace_id, [ana.id, bot], "NEW_MESSAGE", body))
            answer = hooks.send(there.portals[turn % 2].url, sent)
            answers[answer.status_code] += 1
            if answer.ok:
                acknowledged.append(f"{turn}")
        ended.append(time.monotonic())

    ended: list[float] = []
    began = time.monotonic()
    threads = [threading.Thread(target=send, args=(number,)) for number in range(SENDERS)]
    for thread in threads:
        thread.start()
    heard: list[str] = []
    until = began + PATIENCE + events / 10
    while time.monotonic() < until and (len(heard) < len(acknowledged) or any(t.is_alive() for t in threads)):
        answer = _ask(there.portals[1].url, key, cursor)
        if answer.status_code in {429, 503}:  # the key makes more calls than it may, or a portal is crowded
            time.sleep(int(answer.headers["Retry-After"]))
            continue
        page = answer.json()
        heard += [event["data"]["text"] for event in page["events"]]
        cursor = page["cursor"]
    for thread in threads:
        thread.join()
    accepted, taken = max(ended) - began, time.monotonic() - began
    verdict.figure("events: flood, answers and hooks a second", f"{dict(answers)}, {events / accepted:.0f}")
    verdict.figure("events: flood, heard completely after", f"{taken:.0f} s")
    verdict.require(sorted(heard) == sorted(acknowledged), "events: a flood was not heard completely")
    verdict.require(len(acknowledged) > events / 2, "events: few hooks of a flood were accepted")
    verdict.require(set(answers) <= {200, 503}, f"events: hooks of a flood got {dict(answers)}")


def _bot_id() -> str:
    for workspace in pumble.get("workspaces"):
        for user in workspace["users"]:
            if workspace["name"] == "Acme" and user["name"] == "API":
                return str(user["id"])
    raise LookupError("bot")


def _compare(verdict: Verdict, there: Stack, rounds: int) -> None:
    """Compare how many messages a process sends alone, and while 64 keys listen at it. Each round does both."""
    url = there.portals[0].url
    senders, keys = _new_keys(there, "sends", 2), _new_keys(there, "listens", LISTENERS)
    ratios, waited, measured = [], Counter[str](), threading.Event()
    lifting = threading.Thread(target=_lift_quotas, args=(there.environment["REDIS_URL"], measured))
    lifting.start()
    for _ in range(rounds):
        alone = _send(url, senders)
        over = threading.Event()
        crowd = [threading.Thread(target=_wait_again, args=(url, key, over, waited)) for key in keys]
        for thread in crowd:
            thread.start()
        time.sleep(2)
        ratios.append(_send(url, senders) / alone)
        over.set()
        for thread in crowd:
            thread.join()
        verdict.figure(
            "events: messages a second alone, and beside listeners", f"{alone:.1f}, {alone * ratios[-1]:.1f}"
        )
    measured.set()
    lifting.join()
    speed = median(ratios)
    verdict.figure(f"events: speed of sending beside {LISTENERS} listeners", f"{speed:.2f} ×")
    verdict.figure("events: calls of the listeners", dict(waited))
    verdict.require(
        speed >= MIN_SPEED, f"events: {LISTENERS} listeners leave sending {speed:.2f} of its speed"
    )


def _send(url: str, keys: list[str], seconds: float = 6) -> float:
    """Return how many messages a second so many clients send."""
    end, sent = time.monotonic() + seconds, [0] * SENDERS

    def send(number: int) -> None:
        with requests.Session() as session:
            session.headers["ApiKey"] = keys[number % len(keys)]
            while time.monotonic() < end:
                body = {"channel": "general", "text": "x"}
                answer = session.post(f"{url}/sendMessage", json=body, timeout=PATIENCE)
                sent[number] += answer.ok

    threads = [threading.Thread(target=send, args=(number,)) for number in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(sent) / seconds


def _lift_quotas(url: str, over: threading.Event) -> None:
    """Forget all counts of limits again and again: 80 messages a minute would end the measurement in seconds."""
    with redis.Redis.from_url(url) as client:
        while not over.wait(0.3):
            for name in client.scan_iter(f"{redis_client.PREFIX}limit:*"):
                client.delete(name)


def _wait_again(url: str, key: str, over: threading.Event, waited: Counter[str]) -> None:
    """Listen as the guide says: with the cursor, and after as many seconds as the answer says."""
    query: dict[str, Any] = {"types": "message.created"}
    with requests.Session() as session:
        session.headers["ApiKey"] = key
        while not over.is_set():
            try:
                answer = session.get(f"{url}/listEvents", params=query, timeout=PATIENCE)
            except requests.RequestException:
                waited["broken"] += 1
                continue
            pause = int(answer.headers.get("Retry-After", 0))
            waited["turned away" if pause else "waited"] += 1
            query = {"types": "message.created", "wait": "5", "cursor": answer.json().get("cursor", "")}
            over.wait(pause)


_MAKE_KEYS = """
import json
from django.utils import timezone
from keys import lifecycle
from keys.audit import OPERATOR
from keys.models import Member
ana, now = Member.objects.get(email="ana@acme.test"), timezone.now()
keys = [lifecycle.issue(owner=ana, name=f"{NAME} {n}", by=OPERATOR, now=now)[1].text for n in range(COUNT)]
print(json.dumps(keys))
"""


def _new_keys(there: Stack, name: str, count: int) -> list[str]:
    program = f"NAME, COUNT = {name!r}, {count}\n{_MAKE_KEYS}"
    made = there.run("manage.py", "shell", "-c", program)
    assert made.returncode == 0, made.stderr
    return list(json.loads(made.stdout.splitlines()[-1]))


def _new_key(there: Stack, name: str, *options: str) -> str:
    command = ("create_key", "--workspace=Acme", "--member=ana@acme.test", f"--name={name}", "--json")
    made = there.run("manage.py", *command, *options)
    assert made.returncode == 0, made.stderr
    return str(json.loads(made.stdout)["key"])

"""Many clients at once while things break: calls, hooks, page views and revocations, and at the end everything adds up.

Messages: an acknowledged one is in Pumble exactly once. One with an `Idempotency-Key` is repeated until it is certain;
another is sent once, and where nobody knows how that ended it is there at most once. One that was refused is not there.
"""

import contextlib
import itertools
import random
import re
import sqlite3
import statistics
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
import redis
import requests

from tests import pumble
from tests.soak import stack
from tests.soak.kills import balance
from tests.soak.people import PATIENCE, InBrowser, InChat, Seen, somebody
from tests.soak.stack import Stack
from tests.soak.verdict import Verdict

PEOPLE = ("ana@acme.test", "ben@acme.test", "carla@acme.test", "dan@acme.test")
UNCERTAIN = {502, 503, 504}
# Refusals that say nothing about what an earlier attempt of the same call did.
OPEN = {"idempotency_in_progress", "rate_limited", "pumble_rate_limited"}
FAULTS = ("delay:2", "status:500", "drop", "lose", "garbage", "html", "truncate", "rate_limit:1")
CALLS = (
    "POST /v1/channels/*/messages",
    "GET /v1/channels/*/messages",
    "GET /v1/channels",
    "GET /v1/workspaceUsers/*",
)
PAUSE = (0.05, 0.6)  # seconds between what one client does
KILLING = 1 / 3  # of the time; memory is watched in the rest
MEMORY_GROWTH = 1.10
MEMORY_SLACK = 8 * 2**20


@dataclass
class Message:
    """A message that somebody tried to send: how often it was acknowledged, and whether it may be there without."""

    repeated: bool
    acknowledged: int = 0
    uncertain: bool = False


@dataclass
class Record:
    """What all clients saw."""

    seen: Seen = field(default_factory=Seen)
    messages: dict[str, Message] = field(default_factory=dict)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    took: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    problems: list[str] = field(default_factory=list)
    numbers: Any = field(default_factory=itertools.count)

    def answer(self, kind: str, answer: requests.Response | None, began: float) -> None:
        self.answers[kind, "cut" if answer is None else _outcome(answer)] += 1
        if answer is not None:
            self.took[kind].append(time.monotonic() - began)
            if answer.status_code == 500:
                self.problems.append(f"500 to {kind}: {answer.text[:200]}")


def run(verdict: Verdict, *, database: str, minutes: float, clients: int) -> None:
    with stack.running(database=database, redis=True, portals=2) as there:
        record, over = Record(), threading.Event()
        visits = [InBrowser(somebody(email)[0], there.portal.url, record.seen) for email in PEOPLE]
        crowd = [_Client(there, record, number, visits) for number in range(clients)]
        began = time.monotonic()
        ends = began + minutes * 60
        killing_ends = began + minutes * 60 * KILLING
        trouble = threading.Thread(target=_make_trouble, args=(there, over, killing_ends))
        watch = _Memory(there)
        watching = threading.Thread(target=watch.run, args=(over,))
        threads = [threading.Thread(target=client.run, args=(ends,)) for client in crowd]
        for thread in (trouble, watching, *threads):
            thread.start()
        for thread in threads:
            thread.join()
        over.set()
        trouble.join()
        watching.join()
        requests.delete(f"{pumble.BASE}/act/faults", timeout=PATIENCE)
        pumble.settle()
        for client in crowd[: len(PEOPLE)]:
            client.chat.look_around()
        seconds = time.monotonic() - began
        _report(verdict, record, seconds)
        _compare_messages(verdict, there, record)
        watch.judge(verdict, since=killing_ends, long_enough=minutes >= 3)
        lines = there.log.read_text(errors="replace")
        for found in re.findall(r".*(?:status=500|request\.escaped|usage\.lost).*", lines)[:10]:
            verdict.violations.append(f"load: in the log: {found}")
        balance(verdict, there, record.seen, "load")


class _Client:
    """One of many: a program with a key of its own, and now and then the person it belongs to."""

    def __init__(self, there: Stack, record: Record, number: int, visits: list[InBrowser]) -> None:
        self.there, self.record, self.dice = there, record, random.Random(number)  # noqa: S311
        self.http = requests.Session()
        person, self.channel = somebody(PEOPLE[number % len(PEOPLE)])
        self.browser = visits[number % len(visits)].another_window()
        self.chat = InChat(person, self.channel, record.seen)
        self.name = f"client {number}"
        key = self.browser.issue(self.name)
        assert key, "no key came although nothing is broken yet"
        self.key = key

    def run(self, ends: float) -> None:
        doings: list[tuple[Callable[[], None], int]] = [
            (self.read, 50),
            (self.send, 15),
            (self.send_until_certain, 15),
            (self.look, 10),
            (self.ask_in_chat, 6),
            (self.come_and_go, 4),
        ]
        what, weights = zip(*doings, strict=True)
        while time.monotonic() < ends:
            do = self.dice.choices(what, weights)[0]
            try:
                do()
            except Exception as error:  # noqa: BLE001 - the others go on
                self.record.problems.append(f"{do.__name__}: {type(error).__name__}: {error}")
            time.sleep(self.dice.uniform(*PAUSE))

    def read(self) -> None:
        path, query = self.dice.choice(
            [
                ("/myInfo", {}),
                ("/keyInfo", {}),
                ("/listChannels", {}),
                ("/listMessages", {"channel": "general", "limit": "5"}),
            ]
        )
        self._call("read", "GET", path, params=query)

    def send(self) -> None:
        self._send({}, repeated=False)

    def send_until_certain(self) -> None:
        self._send({"Idempotency-Key": f"{self.name} {next(self.record.numbers)}"}, repeated=True)

    def look(self) -> None:
        """At the list of one's keys, in a browser."""
        began = time.monotonic()
        page = None
        with contextlib.suppress(requests.RequestException):
            page = self.browser.browser.open(self._portal() + "/")
        self.record.answer("page", page, began)

    def ask_in_chat(self) -> None:
        self.chat.look_around()
        self.chat.person.type(
            self.channel, f"/api-keys {self.dice.choice(['list', 'help', 'info ' + self.name])}"
        )

    def come_and_go(self) -> None:
        """A key is made, used and revoked, and then no portal lets it in."""
        place = self.dice.choice((self.chat, self.browser))
        name = f"{self.name} {next(self.record.numbers)}"
        key = place.issue(name)
        if key is None:
            return
        self._call("read", "GET", "/keyInfo", key=key)
        if place.revoke(name, key):
            for portal in self.there.portals:
                answer = self._call("revoked", "GET", "/keyInfo", key=key, portal=portal.url)
                if answer is not None and answer.ok:
                    self.record.problems.append(f"{portal.url} lets a key in that was revoked")

    def _send(self, headers: dict[str, str], *, repeated: bool) -> None:
        text = f"soak {next(self.record.numbers)}."
        message = self.record.messages[text] = Message(repeated)
        body = {"channel": "general", "text": text}
        for _attempt in range(8 if repeated else 1):
            kind = "send, repeatable" if repeated else "send"
            answer = self._call(kind, "POST", "/sendMessage", json=body, headers=headers)
            if answer is not None and answer.ok:
                message.acknowledged += 1
                return
            if answer is None or answer.status_code in UNCERTAIN:
                message.uncertain = True
            elif not message.uncertain or answer.json().get("reason") not in OPEN:
                return
            time.sleep(self.dice.uniform(0.5, 2.0))

    def _call(
        self, kind: str, method: str, path: str, *, key: str = "", portal: str = "", **options: Any
    ) -> requests.Response | None:
        headers = options.pop("headers", {}) | {"ApiKey": key or self.key}
        began, answer = time.monotonic(), None
        url = (portal or self._portal()) + path
        with contextlib.suppress(requests.RequestException):
            answer = self.http.request(method, url, headers=headers, timeout=PATIENCE, **options)
        self.record.answer(kind, answer, began)
        return answer

    def _portal(self) -> str:
        return self.dice.choice(self.there.portals).url


def _outcome(answer: requests.Response) -> str:
    """The status, and of a refusal its reason or its page's title."""
    if answer.ok:
        return str(answer.status_code)
    named = re.search(r'"reason": ?"(\w+)"|<title>([^<]*)', answer.text)
    return f"{answer.status_code} {named[1] or named[2]}" if named else str(answer.status_code)


def _make_trouble(there: Stack, over: threading.Event, killing_ends: float) -> None:
    dice = random.Random(0)  # noqa: S311
    while not over.wait(dice.uniform(1, 4)):
        match dice.randrange(5):
            case 0 | 1:
                orders = {"match": dice.choice(CALLS), "do": dice.choice(FAULTS), "times": dice.randint(1, 4)}
                pumble.faults(orders)
            case 2 if time.monotonic() < killing_ends:
                dice.choice(there.portals).kill_a_worker()
            case 3:
                _cut_database_connections(there.environment["DATABASE_URL"], dice)
            case 4:
                client = redis.Redis.from_url(there.environment["REDIS_URL"])
                client.client_kill_filter(_type="normal", skipme=True)
                client.close()
            case _:
                pass


def _cut_database_connections(url: str, dice: random.Random) -> None:
    """Cut some of the portals' connections, as a failing network or a restarted pooler does."""
    others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(url, autocommit=True) as connection:
        for (pid,) in connection.execute(others).fetchall():
            if dice.random() < 0.3:
                connection.execute("SELECT pg_terminate_backend(%s)", [pid])


def _report(verdict: Verdict, record: Record, seconds: float) -> None:
    verdict.figure("load: answers a second", f"{sum(record.answers.values()) / seconds:.0f}")
    for kind in sorted({kind for kind, _status in record.answers}):
        counts = {status: count for (one, status), count in sorted(record.answers.items()) if one == kind}
        took = sorted(record.took[kind]) or [0.0]
        middle, late = statistics.median(took), took[int(len(took) * 0.99)]
        verdict.figure(
            f"load: {kind}", f"{counts}, half within {middle * 1000:.0f} ms, 99% within {late * 1000:.0f} ms"
        )
    verdict.violations += [f"load: {problem}" for problem in record.problems[:20]]


def _compare_messages(verdict: Verdict, there: Stack, record: Record) -> None:
    with contextlib.closing(sqlite3.connect(there.pumble_database)) as connection:
        texts = connection.execute("SELECT text FROM sandbox_message WHERE text LIKE 'soak %'").fetchall()
    in_pumble = Counter(text for (text,) in texts)
    acknowledged = 0
    for text, message in record.messages.items():
        there_times = in_pumble.pop(text, 0)
        acknowledged += message.acknowledged
        if message.acknowledged and there_times != 1:
            verdict.violations.append(f"load: “{text}” was acknowledged and is {there_times} times in Pumble")
        if not message.acknowledged and there_times > (1 if message.uncertain else 0):
            verdict.violations.append(
                f"load: “{text}” was not acknowledged and is {there_times} times in Pumble"
            )
    verdict.require(not in_pumble, f"load: messages in Pumble that nobody sent: {in_pumble}")
    verdict.figure("load: messages tried, acknowledged", f"{len(record.messages)}, {acknowledged}")


class _Memory:
    """The resident memory of each portal's workers, over time."""

    def __init__(self, there: Stack) -> None:
        self.there = there
        self.samples: dict[str, list[tuple[float, int]]] = {portal.url: [] for portal in there.portals}

    def run(self, over: threading.Event) -> None:
        while not over.wait(1):
            for portal in self.there.portals:
                self.samples[portal.url].append((time.monotonic(), portal.memory()))

    def judge(self, verdict: Verdict, *, since: float, long_enough: bool) -> None:
        """Flat: in the last quarter of the quiet time no more than in its second quarter, but for a little."""
        for url, samples in self.samples.items():
            quiet = [size for at, size in samples if at >= since and size]
            quarter = len(quiet) // 4
            if not quarter:
                continue
            before, after = statistics.mean(quiet[quarter : 2 * quarter]), statistics.mean(quiet[-quarter:])
            verdict.figure(
                f"load: memory of {url}", f"{before / 2**20:.1f} MiB, at the end {after / 2**20:.1f} MiB"
            )
            if long_enough:
                flat = after <= before * MEMORY_GROWTH + MEMORY_SLACK
                verdict.require(flat, f"load: the memory of {url} grows")

"""What a process remembers of keys holds until something changes, and no call longer. A second process shows it."""

import ast
import dataclasses
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import OperationalError, connection, connections, transaction
from django.utils import timezone
from pytest_django import Settings

from keys import (
    audit,
    authentication,
    chain_numbers,
    key_cache,
    lifecycle,
    limits,
    membership,
    policies,
    signals,
)
from keys.audit import OPERATOR, Actor, Surface
from keys.exceptions import KeyRevoked, KeyUnknown
from keys.key_cache import KeyCache, KeyRecord
from keys.key_format import Plaintext
from keys.models import ApiKey, AuditChain, AuditEvent, Member, Policy
from portal.api.calls import CallObserver
from pumble_bridge import clients, installations, oauth
from pumble_bridge.models import Authorization
from tests import services
from tests.authentication import budget_without_limits, check
from tests.environment import PROJECT

pytestmark = pytest.mark.django_db(transaction=True)

WORKSPACE, ALICE, BOT = "a" * 24, "b" * 24, "c" * 24
NUMBER = chain_numbers.redis_key(WORKSPACE)
API = Actor(None, Surface.API, address="203.0.113.9")
SCOPES = ["messages:read", "messages:write"]


class Process:
    """Another process of the portal, with the same database and the same Redis."""

    def __init__(self, redis_url: str) -> None:
        command = [sys.executable, "-m", "tests.keys.second_process", str(connection.settings_dict["NAME"])]
        self._process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=os.environ | {"REDIS_URL": redis_url, "DJANGO_SETTINGS_MODULE": "portal.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    def do(self, *what: Any) -> dict[str, Any]:
        self.begin(*what)
        return self.end()

    def begin(self, *what: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def end(self) -> dict[str, Any]:
        line = self._line()
        answer: dict[str, Any] = json.loads(line) if line else {"died": self._process.wait(10)}
        return answer

    def call(self, plaintext: Plaintext) -> dict[str, Any]:
        return self.do("call", plaintext.text)

    def outcome(self, plaintext: Plaintext) -> str:
        return str(self.call(plaintext)["outcome"])

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=10)

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def empty(server: Any) -> None:
    server.flushall()


@pytest.fixture(scope="module")
def the_other(django_db_setup: None, redis_url: str) -> Iterator[Process]:
    process = Process(redis_url)
    yield process
    process.stop()


@pytest.fixture
def server(redis_url: str, settings: Settings) -> redis.Redis:
    """The Redis that both processes share, empty."""
    settings.REDIS_URL = redis_url
    limits.backend.cache_clear()
    client = redis.Redis.from_url(redis_url)
    empty(client)
    return client


@pytest.fixture
def other(the_other: Process, server: redis.Redis) -> Process:
    the_other.do("grow_older", 31)  # what it remembers of another test is over
    return the_other


@pytest.fixture
def own_redis(tmp_path: Path, settings: Settings) -> Iterator[services.Redis]:
    """A Redis that only this test spoils."""
    server = services.Redis(tmp_path)
    server.start()
    settings.REDIS_URL = server.url
    limits.backend.cache_clear()
    yield server
    server.stop()
    chain_numbers._pending._numbers.clear()
    chain_numbers._pending._local.__dict__.clear()  # that Redis hung; the next test has another


@pytest.fixture
def its_process(own_redis: services.Redis) -> Iterator[Process]:
    process = Process(own_redis.url)
    yield process
    process.stop()


def grant(access_token: str = "first", bot_token: str = "bot", *, is_active: bool = True) -> oauth.Grant:
    profile = membership.Profile(ALICE, "Alice", "alice@acme.test", "USER", is_active)
    return oauth.Grant(WORKSPACE, "Acme", profile, access_token, BOT, bot_token)


@pytest.fixture
def alice(db: None) -> Member:
    return installations.store_grant(grant(), by=audit.PUMBLE, now=timezone.now() - timedelta(days=40))


def new_key(owner: Member, name: str = "ci", now: datetime | None = None) -> tuple[ApiKey, Plaintext]:
    now = now or timezone.now()
    key, plaintext = lifecycle.issue(owner=owner, name=name, by=OPERATOR, now=now, scopes=SCOPES)
    return lifecycle.confirm(key=key, by=OPERATOR, now=now), plaintext


def successor_of(key: ApiKey, grace: str) -> tuple[ApiKey, Plaintext]:
    now = timezone.now()
    successor, plaintext = lifecycle.rotate(
        key=key, grace=lifecycle.GRACE_PERIODS[grace], by=OPERATOR, now=now
    )
    return lifecycle.confirm(key=successor, by=OPERATOR, now=now), plaintext


def renewal_of(key: ApiKey) -> None:
    now = timezone.now()
    successor, _ = lifecycle.renew(
        key=key, expires_at=now + timedelta(days=9), grace=timedelta(0), by=OPERATOR, now=now
    )
    lifecycle.confirm(key=successor, by=OPERATOR, now=now)


def change(key: ApiKey, how: Callable[..., Any], **more: Any) -> None:
    how(key=key, by=OPERATOR, now=timezone.now(), **more)


def revoke(key: ApiKey) -> None:
    change(key, lifecycle.revoke, reason=ApiKey.RevokeReason.BY_OPERATOR)


def narrowed(key: ApiKey, **fewer: Any) -> None:
    change(key, lifecycle.narrow, rights=dataclasses.replace(key.rights, **fewer))


def person(*, is_active: bool) -> None:
    member = Member.objects.people().select_related("workspace").get()
    assert member.workspace is not None
    profile = grant(is_active=is_active).profile
    installations.record_member(member.workspace, profile, by=audit.PUMBLE, now=timezone.now())


def reject_token() -> None:
    """Pumble says that it no longer takes the token."""
    client = clients.client_for_member(Authorization.objects.select_related("member__workspace").get())
    assert client is not None
    assert client.on_token_rejected is not None
    client.on_token_rejected()


def leave(what: Callable[..., None]) -> None:
    member = Member.objects.people().select_related("workspace").get()
    of = member if what is installations.revoke_authorization else member.workspace
    what(of, by=audit.PUMBLE, now=timezone.now())


def store(**fields: Any) -> None:
    installations.store_grant(grant(**fields), by=audit.PUMBLE, now=timezone.now())


def keep_policy(now: datetime | None = None, **terms: Any) -> Policy:
    workspace = Member.objects.people().get().workspace
    assert workspace is not None
    wanted = policies.PolicyValues(**terms)
    return policies.change_policy(workspace=workspace, values=wanted, by=OPERATOR, now=now or timezone.now())


def enforce_new_policy(key: ApiKey) -> None:
    kept = keep_policy(allowed_scopes=["messages:read"])
    change(key, lifecycle.enforce_policy, revision=kept.revision)


def rotate_secrets(settings: Settings) -> None:
    """The other process never hears of the new encryption key: if it read the row, it can no longer act."""
    settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.TOKEN_ENCRYPTION_KEYS]
    call_command("rotate_secrets", "--json", stdout=io.StringIO())


OK = {"outcome": "ok", "name": "ci", "scopes": SCOPES, "channels": None, "token": "first", "bot": "bot"}
REVOKED = {"outcome": "key_revoked"}


@dataclasses.dataclass
class World:
    key: ApiKey
    settings: Settings
    more: Any = None


# name: what is so before the other process hears of the key, what changes then, what it answers before and afterwards.
def _nothing(_world: World) -> None:
    pass


CHANGES: dict[str, tuple[Callable[[World], Any], Callable[[World], Any], dict[str, Any], dict[str, Any]]] = {
    "issue another": (_nothing, lambda w: new_key(w.key.owner, "other"), OK, OK),
    "confirm a successor": (
        lambda w: lifecycle.rotate(key=w.key, grace=timedelta(0), by=OPERATOR, now=timezone.now()),
        lambda w: change(w.key.successors.get(), lifecycle.confirm),
        OK,
        {"outcome": "key_rotated"},
    ),
    "rename": (_nothing, lambda w: change(w.key, lifecycle.rename, name="new"), OK, OK | {"name": "new"}),
    "narrow": (
        _nothing,
        lambda w: narrowed(w.key, scopes=["messages:read"], channels={"d" * 24: "ops"}),
        OK,
        OK | {"scopes": ["messages:read"], "channels": {"d" * 24: "ops"}},
    ),
    "limit to an address": (
        _nothing,
        lambda w: narrowed(w.key, allowed_addresses=["198.51.100.0/24"]),
        OK,
        {"outcome": "ip_not_allowed"},
    ),
    "disable": (_nothing, lambda w: change(w.key, lifecycle.disable), OK, {"outcome": "key_disabled"}),
    "enable": (
        lambda w: change(w.key, lifecycle.disable),
        lambda w: change(w.key, lifecycle.enable),
        {"outcome": "key_disabled"},
        OK,
    ),
    "revoke": (_nothing, lambda w: revoke(w.key), OK, REVOKED),
    "rotate": (_nothing, lambda w: successor_of(w.key, "now"), OK, {"outcome": "key_rotated"}),
    "renew": (_nothing, lambda w: renewal_of(w.key), OK, {"outcome": "key_rotated"}),
    "finish a rotation": (
        lambda w: successor_of(w.key, "24h"),
        lambda w: change(w.key, lifecycle.finish_rotation),
        OK,
        {"outcome": "key_rotated"},
    ),
    "retire": (
        lambda w: setattr(w, "more", successor_of(w.key, "24h")[0]),
        lambda w: successor_of(w.more, "24h"),
        OK,
        {"outcome": "key_rotated"},
    ),
    "enforce a policy": (
        _nothing,
        lambda w: enforce_new_policy(w.key),
        OK,
        OK | {"scopes": ["messages:read"]},
    ),
    "idle": (
        lambda _: keep_policy(now=timezone.now() - timedelta(days=30), idle_days=7),
        lambda _: lifecycle.disable_idle(now=timezone.now()),
        OK,
        {"outcome": "key_disabled"},
    ),
    "reapply": (
        _nothing,
        lambda w: lifecycle.reapply_revocations(
            [{"type": "key.revoked", "key": w.key.key_id, "detail": {}}], by=OPERATOR, now=timezone.now()
        ),
        OK,
        REVOKED,
    ),
    "authorize again": (_nothing, lambda _: store(access_token="second"), OK, OK | {"token": "second"}),
    "another bot": (
        _nothing,
        lambda _: store(bot_token="another", access_token="first"),
        OK,
        OK | {"bot": "another"},
    ),
    "token refused": (_nothing, lambda _: reject_token(), OK, {"outcome": "owner_not_authorized"}),
    "authorise after that": (
        lambda _: reject_token(),
        lambda _: store(access_token="second"),
        {"outcome": "owner_not_authorized"},
        OK | {"token": "second"},
    ),
    "unauthorise": (_nothing, lambda _: leave(installations.revoke_authorization), OK, REVOKED),
    "deactivate": (_nothing, lambda _: person(is_active=False), OK, REVOKED),
    "reactivate": (lambda _: person(is_active=False), lambda _: person(is_active=True), REVOKED, REVOKED),
    "a deactivated person comes with a bot": (
        lambda _: person(is_active=False),
        lambda _: store(is_active=False),
        REVOKED,
        REVOKED,
    ),
    "uninstall": (_nothing, lambda _: leave(installations.remove_installation), OK, REVOKED),
    "reinstall": (lambda _: leave(installations.remove_installation), lambda _: store(), REVOKED, REVOKED),
    "erase": (
        _nothing,
        lambda _: list(
            installations.erase_member(Member.objects.people().get(), by=OPERATOR, now=timezone.now())
        ),
        OK,
        REVOKED,
    ),
    "rotate_secrets": (
        _nothing,
        lambda w: rotate_secrets(w.settings),
        OK,
        {"outcome": "owner_not_authorized"},
    ),
}


@pytest.mark.slow
class TestAnotherProcess:
    @pytest.mark.parametrize("name", CHANGES)
    def test_answers_by_a_change_with_its_next_call(
        self, name: str, alice: Member, other: Process, settings: Settings
    ) -> None:
        before, changes, answer_before, answer_after = CHANGES[name]
        key, plaintext = new_key(alice, now=timezone.now() - timedelta(days=30))
        world = World(key, settings)
        before(world)
        for _ in range(2):
            answered = other.call(plaintext)
        assert answered == answer_before | {"queries": answered["queries"]}
        assert answered["outcome"] != "ok" or answered["queries"] == 0, "it remembers"

        changes(world)

        answered = other.call(plaintext)
        assert answered == answer_after | {"queries": answered["queries"]}
        assert answered["queries"] > 0, "it read the row again"
        again = other.call(plaintext)
        assert again == answer_after | {"queries": again["queries"]}
        if answer_after["outcome"] in {"ok", "key_revoked", "key_disabled"}:
            assert again["queries"] == 0

    def test_makes_a_pending_key_live_and_goes_by_what_it_then_is(
        self, alice: Member, other: Process
    ) -> None:
        key, plaintext = lifecycle.issue(owner=alice, name="ci", by=OPERATOR, now=timezone.now())

        assert [other.outcome(plaintext) for _ in range(3)] == ["ok"] * 3
        key.refresh_from_db()
        assert key.confirmed_at is not None

    def test_is_not_bothered_by_changes_in_another_workspace(
        self, alice: Member, mallory: Member, other: Process
    ) -> None:
        _key, plaintext = new_key(alice)
        other.call(plaintext)

        new_key(mallory)

        assert other.call(plaintext) == OK | {"queries": 0} | {"scopes": SCOPES}

    def test_takes_one_call_from_the_limit_also_where_it_asks_twice(
        self, alice: Member, other: Process, server: redis.Redis
    ) -> None:
        key, plaintext = new_key(alice)
        for number in range(4):
            other.call(plaintext)
            change(key, lifecycle.rename, name=f"new {number}")  # counted under another name from then on
            change(key, lifecycle.rename, name="ci")

        assert server.zcard(f"pumble-keys:limit:key:{alice.pk}:ci") == 4

    def test_lets_no_call_in_after_the_changing_process_died_for_longer_than_30_s(
        self, alice: Member, other: Process, redis_url: str
    ) -> None:
        key, plaintext = new_key(alice)
        assert other.outcome(plaintext) == "ok"
        dying = Process(redis_url)

        assert dying.do("revoke_and_die", key.key_id) == {"died": 9}
        dying.stop()

        assert other.outcome(plaintext) == "ok", "SECURITY.md says so"
        other.do("grow_older", 30)
        assert other.outcome(plaintext) == "key_revoked"

    def test_is_told_of_a_change_that_it_did_not_make_in_a_transaction_of_several(
        self, alice: Member, other: Process
    ) -> None:
        made = [new_key(alice, f"key {number}") for number in range(5)]
        for _key, plaintext in made:
            other.call(plaintext)

        leave(installations.revoke_authorization)

        assert [other.outcome(plaintext) for _key, plaintext in made] == ["key_revoked"] * 5


def versions_of(key: ApiKey, writers: int, changes: int, committed: list[int]) -> None:
    """Name the key by numbers that count up, by several threads; what is committed is appended."""

    def write() -> None:
        for _ in range(changes):
            with transaction.atomic():
                lifecycle.lock_owner(key.owner)
                version = int(ApiKey.objects.get(pk=key.pk).name) + 1
                lifecycle.rename(key=key, name=str(version), by=OPERATOR, now=timezone.now())
            committed.append(version)
        connections.close_all()

    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class TestARace:
    def test_of_two_writers_and_readers_in_two_processes_shows_nobody_what_is_over(
        self, alice: Member, other: Process
    ) -> None:
        """A reader never sees a name older than one that was committed, and answered for, before it began."""
        key, plaintext = new_key(alice, "1")
        committed, stale, ended = [1], list[tuple[int, int]](), threading.Event()
        reads = 0

        def read(ask: Callable[[], str]) -> None:
            nonlocal reads
            while not ended.is_set():
                floor = max(committed)
                seen = int(ask())
                reads += 1
                if seen < floor:
                    stale.append((seen, floor))
            connections.close_all()

        def here() -> str:
            record, _ = authentication.authenticate(plaintext.text.encode(), by=API, now=timezone.now())
            return record.name

        readers = [threading.Thread(target=read, args=(here,)) for _ in range(4)]
        readers.append(threading.Thread(target=read, args=(lambda: other.call(plaintext)["name"],)))
        for reader in readers:
            reader.start()
        try:
            versions_of(key, writers=2, changes=25, committed=committed)
        finally:
            ended.set()
            for reader in readers:
                reader.join()

        assert (max(committed), stale) == (51, [])
        assert reads > 50

    @pytest.mark.parametrize("number", ["known", "missing", "forgotten meanwhile", "forgotten twice"])
    def test_of_a_read_that_began_before_a_change_and_ends_after_it_remembers_nothing_old(
        self, alice: Member, server: redis.Redis, monkeypatch: pytest.MonkeyPatch, number: str
    ) -> None:
        key, plaintext = new_key(alice)
        if number == "known":
            new_key_too = new_key(alice, "too")[1]
            check(new_key_too.text.encode(), by=API, now=timezone.now())
        load = key_cache.load
        changes: list[Callable[[ApiKey], None]] = [revoke, lambda key: change(key, lifecycle.disable)]

        def slow_load(key_id: str) -> KeyRecord | None:
            record = load(key_id)
            if number == "forgotten twice" and len(changes) > 1:
                changes.pop()(key)
                empty(server)
            elif changes:
                changes.pop(0)(key)
                changes.clear()
                if number.startswith("forgotten"):
                    empty(server)
            return record

        monkeypatch.setattr(key_cache, "load", slow_load)
        authentication.authenticate(plaintext.text.encode(), by=API, now=timezone.now())
        monkeypatch.setattr(key_cache, "load", load)

        for _ in range(3):
            with pytest.raises(KeyRevoked):
                check(plaintext.text.encode(), by=API, now=timezone.now())

    def test_of_two_reads_for_a_number_that_is_missing_lets_the_first_make_it(
        self, server: redis.Redis
    ) -> None:
        backend = limits.backend()

        assert backend.publish(WORKSPACE, 5, "?one") == -1
        assert backend.publish(WORKSPACE, 5, "?two") == -1
        assert backend.publish(WORKSPACE, 5, "?two") == -1
        assert backend.publish(WORKSPACE, 5, "?one") == 5
        assert backend.publish(WORKSPACE, 5, "?two") == 5


class TestANumberInRedis:
    @pytest.mark.parametrize(
        ("known", "raised", "stands"),
        [
            (b"4", 7, b"7"),
            (b"7", 7, b"7"),
            (b"9", 7, b"9"),
            (b"10", 9, b"10"),
            (b"999999999999999", 7, b"999999999999999"),
            (None, 7, None),
            (b"?token", 7, None),
            (b"", 7, None),
            (b"007", 7, None),
            (b"-1", 7, None),
            (b"1e3", 7, None),
            (b"0x7", 7, None),
            (b"nan", 7, None),
            (b"inf", 7, None),
            (b" 7", 7, None),
            (b"7.0", 7, None),
            (b"9999999999999999", 7, None),
            (b"\xff\x00", 7, None),
        ],
    )
    def test_is_raised_by_a_change_and_never_lowered_or_made(
        self, server: redis.Redis, known: bytes | None, raised: int, stands: bytes | None
    ) -> None:
        if known is not None:
            server.set(NUMBER, known)

        chain_numbers.raise_number(WORKSPACE, raised)

        assert server.get(NUMBER) == stands

    def test_that_a_change_raises_is_announced(self, server: redis.Redis) -> None:
        """A call that waits for an event subscribes to it."""
        with server.pubsub(ignore_subscribe_messages=True) as subscriber:  # type: ignore[no-untyped-call]
            subscriber.psubscribe(f"{chain_numbers.redis_key('')}*")
            subscriber.get_message(timeout=2)

            chain_numbers.raise_number(WORKSPACE, 7)

            message = subscriber.get_message(timeout=2)
        assert (message["channel"], message["data"]) == (NUMBER.encode(), b"7")

    NONSENSE = ("", "0", "1", "007", "-1", "abc", "1e3", "9" * 40, "?a token of nobody", "\x00", "ñ")

    @pytest.mark.parametrize("value", NONSENSE)
    def test_that_is_nonsense_or_too_low_lets_nobody_in_and_is_mended(
        self, alice: Member, other: Process, server: redis.Redis, value: str
    ) -> None:
        key, plaintext = new_key(alice)
        assert [other.call(plaintext)["queries"] > 0 for _ in range(2)] == [True, False]

        server.set(NUMBER, value)
        assert other.outcome(plaintext) == "ok"
        assert other.call(plaintext)["queries"] == 0, "mended"

        server.set(NUMBER, value)
        revoke(key)
        assert other.outcome(plaintext) == "key_revoked"
        server.set(NUMBER, value)
        assert other.outcome(plaintext) == "key_revoked"

    @pytest.mark.parametrize(
        "command", [("RPUSH", "1"), ("SADD", "1"), ("HSET", "1", "1"), ("ZADD", "1", "1")]
    )
    def test_of_another_type_is_mended_too(
        self, alice: Member, other: Process, server: redis.Redis, command: tuple[str, ...]
    ) -> None:
        _key, plaintext = new_key(alice)
        other.call(plaintext)
        server.delete(NUMBER)
        server.execute_command(command[0], NUMBER, *command[1:])  # type: ignore[no-untyped-call]

        assert [other.call(plaintext)["queries"] > 0 for _ in range(2)] == [True, False]

    def test_that_is_too_high_has_each_call_ask_the_database_and_is_logged_once(
        self,
        alice: Member,
        server: redis.Redis,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(authentication, "_warned_workspaces", set())
        key, plaintext = new_key(alice)
        server.set(NUMBER, 10**6)

        for _ in range(3):
            assert check(plaintext.text.encode(), by=API, now=timezone.now()) == key
        revoke(key)
        with pytest.raises(KeyRevoked):
            check(plaintext.text.encode(), by=API, now=timezone.now())

        assert key_cache.local_cache.get(key.key_id) is None
        assert [record.message for record in caplog.records].count("key_cache.number_ahead") == 1

    def test_is_that_of_the_database_however_many_changes_came_while_it_was_too_high(
        self, alice: Member, other: Process, server: redis.Redis
    ) -> None:
        key, plaintext = new_key(alice)
        server.set(NUMBER, AuditChain.objects.get(pk=WORKSPACE).number + 2)
        for number in range(4):
            change(key, lifecycle.rename, name=f"new {number}")
            assert other.call(plaintext)["name"] == f"new {number}"

        assert other.call(plaintext)["queries"] == 0


@contextmanager
def short_of_memory(server: redis.Redis) -> Iterator[None]:
    """Redis refuses what takes memory."""
    server.config_set("maxmemory-policy", "noeviction")
    server.config_set("maxmemory", 1)
    try:
        yield
    finally:
        server.config_set("maxmemory", 0)


def wait_for(holds: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"not within {seconds} s"
        time.sleep(0.02)


@pytest.mark.slow
class TestWithRedis:
    def test_full_a_change_is_felt_at_once_and_all_is_well_afterwards(
        self, alice: Member, other: Process, server: redis.Redis
    ) -> None:
        key, plaintext = new_key(alice)
        _kept, kept = new_key(alice, "kept")
        for raw_key in (plaintext, kept):
            other.call(raw_key)
        with short_of_memory(server):
            revoke(key)
            assert not server.exists(NUMBER)
            assert [other.outcome(raw_key) for raw_key in (plaintext, kept)] == ["key_revoked", "ok"]

        assert [other.outcome(raw_key) for raw_key in (plaintext, kept)] == ["key_revoked", "ok"]
        wait_for(lambda: other.call(kept)["queries"] == 0, 5)
        assert other.outcome(plaintext) == "key_revoked"

    def test_slow_a_change_is_felt_by_the_next_call(
        self, alice: Member, other: Process, server: redis.Redis
    ) -> None:
        key, plaintext = new_key(alice)
        other.call(plaintext)
        server.client_pause(250)

        revoke(key)

        assert other.outcome(plaintext) == "key_revoked"

    def test_hanging_calls_are_judged_by_the_database_and_a_change_is_felt_2_s_after_it_at_the_latest(
        self, alice: Member, own_redis: services.Redis, its_process: Process
    ) -> None:
        key, plaintext = new_key(alice)
        its_process.call(plaintext)
        with own_redis.hanging():
            revoke(key)
            assert its_process.outcome(plaintext) == "key_revoked"

        time.sleep(2)  # the promise itself
        assert [its_process.outcome(plaintext) for _ in range(3)] == ["key_revoked"] * 3

    def test_hanging_a_change_of_many_keys_waits_for_it_once(
        self, alice: Member, own_redis: services.Redis
    ) -> None:
        for number in range(20):
            new_key(alice, f"key {number}")

        with own_redis.hanging():
            began = time.monotonic()
            leave(installations.revoke_authorization)

        assert time.monotonic() - began < 5  # for each key it would be 20 times as long

    def test_killed_and_back_empty_nobody_gets_in_at_any_moment(
        self, alice: Member, own_redis: services.Redis, its_process: Process
    ) -> None:
        made = [new_key(alice, f"key {number}") for number in range(7)]
        kept, let_in = made.pop()[1], []
        for number, (key, plaintext) in enumerate(made):
            assert [its_process.outcome(plaintext) for _ in range(2)] == ["ok"] * 2
            wait_for(lambda: its_process.call(kept)["queries"] == 0, 5)
            if number % 3 == 1:
                own_redis.stop()
            revoke(key)
            if number % 3 == 0:
                own_redis.stop()
            let_in.append(its_process.outcome(plaintext))
            if number % 3 < 2:
                own_redis.start()
            let_in += [its_process.outcome(plaintext) for _ in range(3)]

        assert set(let_in) == {"key_revoked"}

    def test_away_each_call_asks_the_database_and_remembers_nothing(
        self, alice: Member, settings: Settings
    ) -> None:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        limits.backend.cache_clear()
        key, plaintext = new_key(alice)

        for _ in range(3):
            check(plaintext.text.encode(), by=API, now=timezone.now())
        assert key_cache.local_cache.get(key.key_id) is None
        revoke(key)
        with pytest.raises(KeyRevoked):
            check(plaintext.text.encode(), by=API, now=timezone.now())

    def test_there_the_raise_comes_before_whatever_else_follows_the_commit(
        self, alice: Member, server: redis.Redis
    ) -> None:
        key, plaintext = new_key(alice)
        check(plaintext.text.encode(), by=API, now=timezone.now())  # the number is there to be raised
        raised = []

        def look(event: AuditEvent, **_signal: Any) -> None:
            raised.append((event.number, server.get(NUMBER)))
            raise RuntimeError("what a receiver does is its own affair")

        signals.audit_event_recorded.connect(look)
        try:
            with transaction.atomic():
                for number in range(3):
                    change(key, lifecycle.rename, name=f"new {number}")
                assert raised == [], "nothing is committed yet"
        finally:
            signals.audit_event_recorded.disconnect(look)

        assert [stands for _number, stands in raised] == [str(number).encode() for number, _stands in raised]
        assert len(raised) == 3


class TestAfterACommit:
    def test_nothing_can_keep_a_raise_from_being_made(self) -> None:
        """A callback that fails takes those behind it with it, unless it is robust."""
        calls = [
            (str(path.relative_to(PROJECT)), call)
            for room in ("keys", "portal", "pumble_bridge")
            for path in (PROJECT / room).rglob("*.py")
            if "sandbox" not in path.parts
            for call in ast.walk(ast.parse(path.read_text()))
            if isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == "on_commit"
        ]

        assert len(calls) >= 4
        for path, call in calls:
            assert "robust" in {keyword.arg for keyword in call.keywords}, f"{path}:{call.lineno}"


class TestAnEvent:
    def test_of_a_change_is_refused_outside_the_changes_transaction(self, alice: Member) -> None:
        before = AuditEvent.objects.count()

        with pytest.raises(transaction.TransactionManagementError):
            audit.record(
                AuditEvent.Type.KEY_REVOKED, workspace=alice.workspace, by=OPERATOR, now=timezone.now()
            )

        assert AuditEvent.objects.count() == before

    def test_tells_of_each_new_token_of_somebody_who_was_authorised_already(self, alice: Member) -> None:
        store(access_token="second")
        store(access_token="third")

        events = AuditEvent.objects.filter(type="member.authorized").order_by("number")
        assert [event.detail.get("renewed", False) for event in events] == [False, True, True]

    def test_tells_each_workspace_of_its_tokens_that_were_encrypted_anew(
        self, alice: Member, settings: Settings
    ) -> None:
        rotate_secrets(settings)

        events = AuditEvent.objects.filter(type="secrets.rotated", workspace=alice.workspace)
        assert sum(event.detail["tokens_reencrypted"] for event in events) == 2


class TestARecord:
    def test_shows_neither_digest_nor_token(self, alice: Member) -> None:
        key, _plaintext = new_key(alice)

        record = key_cache.load(key.key_id)

        assert record is not None
        assert record.encrypted_access_token is not None
        assert "digest" not in repr(record)
        assert "token" not in repr(record)
        assert not hasattr(record, "__dict__")
        with pytest.raises(dataclasses.FrozenInstanceError):
            record.name = "x"  # type: ignore[misc]

    def test_is_read_with_its_number_in_one_statement(
        self, alice: Member, django_assert_num_queries: Any
    ) -> None:
        key, _plaintext = new_key(alice)

        with django_assert_num_queries(1):
            record = key_cache.load(key.key_id)

        assert record is not None
        assert record.number == AuditChain.objects.get(pk=WORKSPACE).number

    def test_read_in_a_transaction_is_not_remembered(self, alice: Member, server: redis.Redis) -> None:
        key, plaintext = new_key(alice)
        with transaction.atomic():
            lifecycle.rename(key=key, name="never", by=OPERATOR, now=timezone.now())
            assert check(plaintext.text.encode(), by=API, now=timezone.now()).name == "never"
            transaction.set_rollback(True)

        assert key_cache.local_cache.get(key.key_id) is None
        record, _own = authentication.authenticate(plaintext.text.encode(), by=API, now=timezone.now())
        assert record.name == "ci"

    def test_lives_30_s_from_when_it_was_read_and_of_too_many_the_least_used_goes(
        self, alice: Member
    ) -> None:
        key, _plaintext = new_key(alice)
        record = key_cache.load(key.key_id)
        assert record is not None
        at = record.read_at
        cache = KeyCache(lambda: at)

        cache.put(record)
        assert cache.get(record.key_id) is record
        at += 29.9
        assert cache.get(record.key_id) is record
        at += 0.1
        assert cache.get(record.key_id) is None
        cache.put(record)
        assert cache.get(record.key_id) is None, "it was read 30 s ago"

        at -= 20
        cache.put(record)
        for number in range(key_cache.MAX_KEYS - 1):
            cache.put(dataclasses.replace(record, key_id=str(number)))
        assert cache.get(record.key_id) is record
        cache.put(dataclasses.replace(record, key_id="one more"))
        assert cache.get("0") is None
        assert cache.get(record.key_id) is record

    def test_carries_calls_while_the_database_is_away_and_no_longer_than_30_s(
        self, alice: Member, server: redis.Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at = time.monotonic()
        monkeypatch.setattr(key_cache, "local_cache", KeyCache(lambda: at))
        _key, plaintext = new_key(alice)

        def ask() -> str:
            record, _own = authentication.authenticate(plaintext.text.encode(), by=API, now=timezone.now())
            return authentication.authorize(record, by=API, now=timezone.now()).name

        def away(*_statement: Any) -> None:
            raise OperationalError

        assert ask() == "ci"
        with connection.execute_wrapper(away):
            assert ask() == "ci"
            at += 31
            with pytest.raises(OperationalError):
                ask()

    def test_under_a_pepper_that_is_gone_is_not_used(
        self, alice: Member, server: redis.Redis, settings: Settings
    ) -> None:
        _key, plaintext = new_key(alice)
        check(plaintext.text.encode(), by=API, now=timezone.now())

        settings.KEY_PEPPERS = {9: b"n" * 31 + b"!"}

        with pytest.raises(KeyUnknown):
            check(plaintext.text.encode(), by=API, now=timezone.now())

    def test_is_not_asked_about_a_wrong_secret(
        self, alice: Member, server: redis.Redis, django_assert_num_queries: Any
    ) -> None:
        """A guess costs as much as an unknown id, and takes from no key's limit."""
        key, plaintext = new_key(alice)
        check(plaintext.text.encode(), by=API, now=timezone.now())
        wrong = forged(key.key_id)

        with django_assert_num_queries(1), pytest.raises(KeyUnknown):
            authentication.authenticate(wrong, by=API, now=timezone.now())

        assert key_cache.local_cache.get(key.key_id) is not None
        assert server.zcard(f"pumble-keys:limit:key:{alice.pk}:ci") == 1
        with django_assert_num_queries(0):
            authentication.authenticate(plaintext.text.encode(), by=API, now=timezone.now())

    def test_with_a_token_that_cannot_be_read_is_not_kept(
        self, alice: Member, server: redis.Redis, settings: Settings
    ) -> None:
        key, plaintext = new_key(alice)
        check(plaintext.text.encode(), by=API, now=timezone.now())
        record = key_cache.local_cache.get(key.key_id)
        assert record is not None
        settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

        assert (
            clients.client_for_key_owner(
                record, CallObserver(budget_without_limits(record)).for_sender("owner")
            )
            is None
        )

        assert key_cache.local_cache.get(key.key_id) is None

    def test_of_a_pending_key_is_confirmed_on_the_row(self, alice: Member, server: redis.Redis) -> None:
        """Somebody revokes the key between the look and the confirmation."""
        key, plaintext = lifecycle.issue(owner=alice, name="ci", by=OPERATOR, now=timezone.now())

        record, _own = authentication.authenticate(plaintext.text.encode(), by=API, now=timezone.now())
        revoke(key)

        with pytest.raises(KeyRevoked):
            authentication.authorize(record, by=API, now=timezone.now())

        key.refresh_from_db()
        assert key.confirmed_at is None


def forged(key_id: str) -> bytes:
    """A well-formed key with that id and another secret."""
    from keys import key_format

    other = key_format.generate().text
    body = f"pmb_{key_id}_{other.split('_')[2][:32]}"
    return (body + key_format._checksum(body)).encode()

"""Outages of Redis and PostgreSQL: access stays protected, answers come soon, and no restart is needed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import redis
import requests

from keys import key_format
from tests.deployment.stack import Deployment, wait_for
from tests.pumble_bridge import hooks
from tests.services import Postgres, Redis

SOON = 2.5  # two seconds, and what a busy machine takes


@contextmanager
def without(server: Redis | Postgres) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


def forget_keys(deployment: Deployment) -> None:
    """Let no process use what it remembers of keys: it could carry calls without a database for 30 s."""
    numbers: Any = redis.Redis.from_url(deployment.redis.url)
    numbers.flushall()


def status(deployment: Deployment) -> str:
    return str(deployment.a.get("/readyz").json()["status"])


class TestWithoutRedis:
    def test_keys_are_judged_as_ever_and_the_portal_says_that_something_is_missing(
        self, deployment: Deployment
    ) -> None:
        key, gone = deployment.new_key("without redis"), deployment.new_key("revoked before")
        deployment.type("ana@acme.test", f"/api-keys delete {gone}")

        with without(deployment.redis):
            let_in = [one.get("/keyInfo", key) for one in (deployment.a, deployment.b) * 4]
            refused = [one.get("/keyInfo", gone) for one in (deployment.a, deployment.b)]
            degraded = status(deployment)

        assert {one.status_code for one in let_in} == {200}
        assert {one.json()["reason"] for one in refused} == {"key_revoked"}
        assert degraded == "degraded"
        wait_for(lambda: status(deployment) == "ok", "well again", 5)

    def test_wrong_keys_stay_limited_and_keep_no_right_one_out(self, deployment: Deployment) -> None:
        key, wrong = deployment.new_key("beside wrong ones"), key_format.generate().text

        with without(deployment.redis), requests.Session() as caller:
            caller.headers.update({"Host": deployment.b.host, "ApiKey": wrong})
            answers = [caller.get(f"{deployment.b.url}/keyInfo", timeout=10) for _ in range(70)]
            right = deployment.b.get("/keyInfo", key)

        assert [one.status_code for one in answers[:60]] == [403] * 60
        assert {one.json()["reason"] for one in answers[60:]} == {"rate_limited"}
        assert right.status_code == 200


class TestWithoutPostgres:
    def test_whoever_asks_is_told_soon_and_helped_again_without_a_restart(
        self, deployment: Deployment
    ) -> None:
        key = deployment.new_key("without a database")
        browser = deployment.sign_in()
        event: dict[str, Any] = {"messageType": "APP_EVENT", "eventType": "APP_UNAUTHORIZED", "body": "{}"}
        event |= {"workspaceId": "f" * 24, "workspaceUserIds": ["f" * 24]}
        asks: dict[str, Callable[[], requests.Response]] = {
            "a call": lambda: deployment.get("/keyInfo", key),
            "a page": lambda: browser.get(deployment.public_url + "/", timeout=10),
            "a hook": lambda: hooks.send(
                deployment.b.url,
                hooks.raw(event),
                secret=deployment.environment["PUMBLE_APP_SIGNING_SECRET"],
                Host=deployment.b.host,
            ),
        }
        before = {name: ask().status_code for name, ask in asks.items()}

        answers: list[tuple[str, float, requests.Response]] = []
        with without(deployment.postgres):
            forget_keys(deployment)
            for name, ask in [*asks.items()] * 2:
                began = time.monotonic()
                answer = ask()
                answers.append((name, time.monotonic() - began, answer))
            ready = deployment.a.get("/readyz")
            alive = deployment.a.get("/healthz")

        for name, took, answer in answers:
            assert (name, answer.status_code) == (name, 503)
            assert int(answer.headers["Retry-After"]) > 0, name
            assert took < SOON, name
        assert (ready.status_code, alive.status_code) == (503, 200)
        wait_for(
            lambda: {name: ask().status_code for name, ask in asks.items()} == before, "helped again", 15
        )


class TestAQueryThatHangs:
    def test_is_given_up_in_time(self, deployment: Deployment) -> None:
        """A lock that somebody holds, as a careless operator's open transaction does."""
        key = deployment.new_key("behind a lock")
        with psycopg.connect(deployment.postgres.url) as operator:
            operator.execute("LOCK TABLE keys_apikey IN ACCESS EXCLUSIVE MODE")
            began = time.monotonic()
            answer = deployment.get("/keyInfo", key)
            took = time.monotonic() - began

        assert (answer.status_code, answer.json()["reason"]) == (503, "unavailable")
        assert took < 10
        assert deployment.get("/keyInfo", key).status_code == 200

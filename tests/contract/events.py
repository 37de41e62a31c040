"""Steps of the tests of `listEvents`: hooks as Pumble sends them, and programs that listen."""

import threading
import time
from collections.abc import Callable
from typing import Any

import requests
from django.db import connections

from pumble_bridge.events import waiting
from tests.contract.conftest import Acme
from tests.contract.wire import Api, success
from tests.pumble_bridge.hooks import hook, message_body, raw, send


class Scene:
    """Acme, with hooks as its Pumble sends them."""

    def __init__(self, portal: str, acme: Acme) -> None:
        self.portal, self.acme = portal, acme
        self.ana, self.ben = acme.people["ana"], acme.people["ben"]

    def say(
        self,
        text: str,
        *,
        channel: str = "general",
        author: str = "",
        named: list[str] | None = None,
        **more: Any,
    ) -> None:
        """Let Pumble report a message. By default Ben wrote it, and Ana and the bot may know."""
        body = message_body(self.acme.channels.get(channel, channel), author or self.ben, text, **more)
        self.report("NEW_MESSAGE", body, named)

    def report(self, kind: str, body: dict[str, Any], named: list[str] | None = None) -> None:
        who = [self.ana, self.acme.bot] if named is None else named
        answer = send(self.portal, raw(hook(self.acme.id, who, kind, body)))
        assert (answer.status_code, answer.text) == (200, "{}")


class Listener:
    """A program that listens with a key, and keeps its cursor."""

    def __init__(self, api: Api, **query: Any) -> None:
        self.api, self.query = api, query
        self.cursor = success(api.get("listEvents", **query))["cursor"]

    def ask(self, **query: Any) -> requests.Response:
        return self.api.get("listEvents", **self.query | {"cursor": self.cursor} | query)

    def page(self, **query: Any) -> dict[str, Any]:
        page: dict[str, Any] = success(self.ask(**query))
        self.cursor = page["cursor"]
        return page

    def texts(self, **query: Any) -> list[str]:
        return [event["data"]["text"] for event in self.page(**query)["events"]]


class Background:
    """A call in a thread of its own."""

    def __init__(self, call: Callable[[], requests.Response]) -> None:
        self.answers: list[requests.Response] = []
        self.seconds = 0.0
        self._thread = threading.Thread(target=self._run, args=(call,))
        self._thread.start()

    def _run(self, call: Callable[[], requests.Response]) -> None:
        began = time.monotonic()
        self.answers.append(call())
        self.seconds = time.monotonic() - began
        connections.close_all()

    def answer(self) -> requests.Response:
        self._thread.join(30)
        return self.answers[0]


def until_waiting(count: int = 1) -> None:
    until = time.monotonic() + 10
    while waiting.waits.count() != count:
        assert time.monotonic() < until, "no call waits"
        time.sleep(0.01)

"""Hooks on the wire: signature, deadline, URL; and the answer to the person when an app fails."""

import time
from typing import Any

import pytest
import requests

from tests.sandbox.app import OFFLINE, TestApp
from tests.sandbox.developer import Developer
from tests.sandbox.pumble import Pumble, free_port


def ephemeral_texts(screen: Any) -> list[str]:
    return [message["text"] for message in screen["ephemeral"]]


def test_01_a_hook_is_signed_with_hmac_sha256_over_time_and_body(pumble: Pumble, app: TestApp) -> None:
    pumble.send_message("ana", pumble.channel("general"), "/api-keys list")

    [hook] = app.hooks  # The app answers 403 to any other signature, as the SDK does.
    signature = hook.headers["x-pumble-request-signature"]
    assert len(signature) == 64
    assert signature == signature.lower()
    assert hook.headers["content-type"] == "application/json"
    assert [item["status"] for item in pumble.get("traffic") if item["kind"] == "hook"] == [200]


def test_02_the_time_of_a_hook_is_now_in_milliseconds(pumble: Pumble, app: TestApp) -> None:
    pumble.send_message("ana", pumble.channel("general"), "/api-keys list")

    timestamp = app.hooks[0].headers["x-pumble-request-timestamp"]
    assert len(timestamp) == 13
    assert abs(int(timestamp) / 1000 - time.time()) < 5


def test_03_a_large_text_with_emoji_is_escaped_and_verifies(pumble: Pumble, app: TestApp) -> None:
    text = "🔑 key " * 12_000

    pumble.send_message("ana", pumble.channel("general"), f"/api-keys {text}")

    [hook] = app.hooks
    assert len(hook.raw) > 300_000
    assert hook.raw.isascii()
    assert hook.body["text"] == text.strip()


def test_04_a_changed_byte_and_a_rotated_secret_do_not_verify(pumble: Pumble, app: TestApp) -> None:
    developer = Developer(pumble, "ana")
    mine = developer.create(app.manifest() | {"name": "Mine", "slashCommands": [command(app, "/mine")]})
    pumble.grant("ana", "install", mine)
    app.signing_secret = mine["signingSecret"]
    channel = pumble.channel("general")
    pumble.send_message("ana", channel, "/mine hello")
    [hook] = app.hooks_at("/commands")

    def replayed(raw: bytes) -> int:
        return requests.post(app.url + hook.path, data=raw, headers=hook.headers, timeout=5).status_code

    assert replayed(hook.raw) == 200
    assert replayed(hook.raw.replace(b"hello", b"hellp")) == 403
    developer.call("PUT", f"/apps/{mine['id']}/secrets/rotate")
    assert ephemeral_texts(pumble.send_message("ana", channel, "/mine again")) == [OFFLINE]
    commands = [item for item in pumble.get("traffic") if item.get("messageType") == "SLASH_COMMAND"]
    assert [item["status"] for item in commands] == [200, 403]


@pytest.mark.parametrize("slow", [{"hang": 4.0}, {"drip": 1.0}])
def test_05_after_three_seconds_the_actor_alone_is_told_once(
    pumble: Pumble, app: TestApp, slow: dict[str, float]
) -> None:
    app.respond_with("/commands", {"message": "late"}, status=400, **slow)
    channel, begin = pumble.channel("general"), time.monotonic()

    screen = pumble.send_message("ana", channel, "/api-keys list")

    assert 2.9 < time.monotonic() - begin < 4  # When the first slow answer would arrive.
    assert ephemeral_texts(screen) == [OFFLINE]
    assert ephemeral_texts(pumble.screen("ben", channel)) == []
    [hook] = [entry for entry in pumble.get("traffic") if entry["kind"] == "hook"]
    assert hook["outcome"].startswith("unavailable")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>It works</html>"),
        (200, b""),
        (200, b"[]"),
        (200, b'{"action": "OPEN", "view": {"blocks": [], "title": {}}, "triggerId": "another"}'),
        (302, b"{}"),
        (404, b"<html>Not found</html>"),
        (500, b"<html>Oops</html>"),
        (500, b"{}"),
        (0, b"nobody listens"),
    ],
)
def test_06_an_answer_without_meaning_is_told_once_as_offline(
    pumble: Pumble, app: TestApp, status: int, body: bytes
) -> None:
    if status:
        app.respond_with("/commands", body, status=status)
        line = "/api-keys list"
    else:
        closed = {"command": "/closed", "url": f"http://127.0.0.1:{free_port()}/"}
        manifest = app.manifest() | {"name": "Closed", "slashCommands": [closed]}
        pumble.grant("ana", "install", pumble.act("apps", manifest=manifest))
        line = "/closed"
    channel = pumble.channel("general")

    assert ephemeral_texts(pumble.send_message("carla", channel, line)) == [OFFLINE]
    assert ephemeral_texts(pumble.screen("ana", channel)) == []


def test_07_a_refusal_shows_its_message_to_the_actor_only(pumble: Pumble, app: TestApp) -> None:
    app.respond_with("/commands", {"message": "No such key."}, status=400)
    channel = pumble.channel("general")

    screen = pumble.send_message("ana", channel, "/api-keys delete x")

    assert ephemeral_texts(screen) == ["No such key."]
    assert screen["ephemeral"][0]["authorName"] == "API"
    assert ephemeral_texts(pumble.screen("ben", channel)) == []


def test_08_each_trigger_goes_to_its_own_address(pumble: Pumble, app: TestApp) -> None:
    channel, ana = pumble.channel("general"), pumble.person("ana")

    pumble.send_message("ana", channel, "/api-keys list")
    pumble.send_message("ana", channel, "/other")
    pumble.act("shortcut", userId=ana, channelId=channel, name="add_key")
    pumble.send_message("ana", channel, "hello")
    app.events("NEW_MESSAGE")

    assert [(hook.path, hook.body["messageType"]) for hook in app.hooks] == [
        ("/commands", "SLASH_COMMAND"),
        ("/other", "SLASH_COMMAND"),
        ("/shortcuts", "SHORTCUT"),
        ("/events", "PUMBLE_EVENT"),
    ]


def command(app: TestApp, name: str) -> dict[str, str]:
    return {"command": name, "url": f"{app.url}/commands"}

"""Slash commands and other triggers over the wire: signature, three seconds, what the actor is told."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.sandbox.app import OFFLINE, TestApp
from tests.sandbox.pumble import Pumble


def ephemeral_texts(screen: dict[str, list[dict[str, str]]]) -> list[str]:
    return [message["text"] for message in screen["ephemeral"]]


class TestSlashCommand:
    def test_reaches_the_app_signed_with_the_rest_of_the_line_as_text(
        self, pumble: Pumble, app: TestApp
    ) -> None:
        channel = pumble.channel("general")

        screen = pumble.say("ana", channel, "/api-keys generate ci")

        [hook] = app.hooks
        assert hook.sound
        assert hook.path == "/commands"
        assert hook.body | {"triggerId": "", "blocks": []} == {
            "messageType": "SLASH_COMMAND",
            "slashCommand": "/api-keys",
            "text": "generate ci",
            "blocks": [],
            "userId": pumble.person("ana"),
            "channelId": channel,
            "workspaceId": pumble.look("workspaces")[0]["id"],
            "triggerId": "",
        }
        assert screen["ephemeral"] == []

    def test_is_escaped_to_ascii_however_large(self, pumble: Pumble, app: TestApp) -> None:
        text = "🔑 key " * 12_000

        pumble.say("ana", pumble.channel("general"), f"/api-keys {text}")

        [hook] = app.hooks
        assert hook.raw.isascii()
        assert hook.sound
        assert hook.body["text"] == text.strip()

    def test_in_a_thread_names_its_root(self, pumble: Pumble, app: TestApp) -> None:
        channel = pumble.channel("general")
        root = pumble.screen("ana", channel)["messages"][0]["id"]

        pumble.say("ana", channel, "/api-keys list", threadRootId=root)

        assert app.hooks[0].body["threadRootId"] == root

    def test_goes_to_the_address_of_its_own_command(self, pumble: Pumble, app: TestApp) -> None:
        pumble.say("ana", pumble.channel("general"), "/other")

        assert [hook.path for hook in app.hooks] == ["/other"]
        assert app.hooks[0].body["text"] == ""

    def test_of_somebody_who_never_authorised_is_sent_too(self, pumble: Pumble, app: TestApp) -> None:
        pumble.say("carla", pumble.channel("general"), "/api-keys list")

        assert app.hooks[0].body["userId"] == pumble.person("carla")

    def test_that_no_app_has_is_answered_by_pumble_itself(self, pumble: Pumble, app: TestApp) -> None:
        channel = pumble.channel("general")

        screen = pumble.say("dan", channel, "/nonsense here")

        assert app.hooks == []
        assert [message["authorName"] for message in screen["ephemeral"]] == ["Pumble"]
        assert "/nonsense" in screen["ephemeral"][0]["text"]

    def test_is_unknown_where_the_app_is_not_installed(self, pumble: Pumble, app: TestApp) -> None:
        screen = pumble.say("gita", pumble.channel("general", "Globex"), "/api-keys list")

        assert app.hooks == []
        assert len(screen["ephemeral"]) == 1

    def test_is_never_a_message(self, pumble: Pumble, app: TestApp) -> None:
        channel = pumble.channel("general")
        before = pumble.screen("ana", channel)["messages"]

        assert pumble.say("ana", channel, "/api-keys generate")["messages"] == before


class TestAnswer:
    def test_with_a_message_is_acknowledged_silently(self, pumble: Pumble, app: TestApp) -> None:
        app.answers_with("/commands", {"message": "done"})

        assert pumble.say("ana", pumble.channel("general"), "/api-keys list")["ephemeral"] == []

    def test_that_refuses_shows_its_message_to_the_actor_only(self, pumble: Pumble, app: TestApp) -> None:
        app.answers_with("/commands", {"message": "No such key."}, status=400)
        channel = pumble.channel("general")

        screen = pumble.say("ana", channel, "/api-keys delete x")

        assert ephemeral_texts(screen) == ["No such key."]
        assert screen["ephemeral"][0]["authorName"] == "API"
        assert pumble.screen("ben", channel)["ephemeral"] == []

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (200, b"<html>It works</html>"),
            (200, b""),
            (200, b"[]"),
            (200, b'{"action": "OPEN", "view": {"blocks": [], "title": {}}, "triggerId": "another"}'),
            (302, b"{}"),
            (404, b"<html>Not found</html>"),
            (500, b"{}"),
        ],
    )
    def test_without_meaning_is_told_once_as_offline(
        self, pumble: Pumble, app: TestApp, status: int, body: bytes
    ) -> None:
        app.answers_with("/commands", body, status=status)
        channel = pumble.channel("general")

        assert ephemeral_texts(pumble.say("carla", channel, "/api-keys list")) == [OFFLINE]
        assert pumble.screen("ana", channel)["ephemeral"] == []

    @pytest.mark.parametrize("slow", [{"hang": 4.0}, {"drip": 1.0}])
    def test_that_takes_more_than_three_seconds_is_not_waited_for(
        self, pumble: Pumble, app: TestApp, slow: dict[str, float]
    ) -> None:
        app.answers_with("/commands", {"message": "late"}, status=400, **slow)
        begin = time.monotonic()

        screen = pumble.say("ana", pumble.channel("general"), "/api-keys list")

        assert 2.9 < time.monotonic() - begin < 3.5
        assert ephemeral_texts(screen) == [OFFLINE]
        [hook] = [entry for entry in pumble.look("traffic") if entry["kind"] == "hook"]
        assert hook["outcome"].startswith("unavailable")

    def test_may_wait_for_the_apps_own_calls(self, pumble: Pumble, app: TestApp) -> None:
        bot, channel = pumble.token("bot"), pumble.channel("general")
        whisper = {"text": "your key", "ephemeral": {"sendToUsers": [pumble.person("ana")]}}

        pumble.call("POST", f"/v1/channels/{channel}/messages", bot, whisper)

        assert ephemeral_texts(pumble.say("ana", channel, "/api-keys generate")) == ["your key"]

    def test_of_fifty_people_at_once_is_lost_for_nobody(self, pumble: Pumble, app: TestApp) -> None:
        app.answers_with("/commands", {"message": "refused"}, status=400, hang=0.5)
        body = {
            "userId": pumble.person("ana"),
            "channelId": pumble.channel("general"),
            "text": "/api-keys list",
        }

        with ThreadPoolExecutor(50) as crowd:
            answers = list(
                crowd.map(
                    lambda _: requests.post(f"{pumble.url}/act/message", json=body, timeout=20), range(50)
                )
            )

        assert {one.status_code for one in answers} == {200}
        assert ephemeral_texts(pumble.screen("ana", body["channelId"])) == ["refused"] * 50


class TestAppThatWasNeverReached:
    def test_is_offline_for_triggers_while_rest_works(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        alone = Pumble(tmp_path_factory.mktemp("alone"), "http://127.0.0.1:9")
        try:
            channel = alone.channel("general")
            screen = alone.say("ana", channel, "/api-keys list")
            assert len(screen["ephemeral"]) == 1
            assert "API" in screen["ephemeral"][0]["text"]
            assert alone.call("GET", "/oauth2/me", alone.token("ana"))["workspaceName"] == "Acme"
            assert alone.post("install", userId=alone.person("gita")).status_code == 409
            consent = alone.http.get(
                f"{alone.url}/access-request", params={"clientId": alone.credentials["id"]}
            )
            assert consent.status_code == 503
        finally:
            took = alone.stop()
        assert took < 3


class TestShortcut:
    def test_carries_its_name_and_the_message_it_was_used_on(self, pumble: Pumble, app: TestApp) -> None:
        channel, ana = pumble.channel("general"), pumble.person("ana")
        message = pumble.screen("ana", channel)["messages"][0]["id"]

        pumble.act("shortcut", userId=ana, channelId=channel, name="add_key")
        pumble.act("shortcut", userId=ana, channelId=channel, name="inspect", messageId=message)

        assert [(hook.body["type"], hook.body["shortcut"]) for hook in app.hooks] == [
            ("GLOBAL", "add_key"),
            ("ON_MESSAGE", "inspect"),
        ]
        assert app.hooks[1].body["messageId"] == message
        assert pumble.post("shortcut", userId=ana, channelId=channel, name="none").status_code == 404

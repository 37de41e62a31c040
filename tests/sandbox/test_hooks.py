"""Slash commands and other triggers over the wire: signature, three seconds, answers to the person."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.sandbox.app import TestApp
from tests.sandbox.pumble import Pumble


def ephemeral_texts(screen: dict[str, list[dict[str, str]]]) -> list[str]:
    return [message["text"] for message in screen["ephemeral"]]


class TestSlashCommand:
    def test_of_a_person_without_authorization_is_sent_too(self, pumble: Pumble, app: TestApp) -> None:
        pumble.send_message("carla", pumble.channel("general"), "/api-keys list")

        assert app.hooks[0].body["userId"] == pumble.person("carla")

    def test_that_no_app_has_is_answered_by_pumble(self, pumble: Pumble, app: TestApp) -> None:
        channel = pumble.channel("general")

        screen = pumble.send_message("dan", channel, "/nonsense here")

        assert app.hooks == []
        assert [message["authorName"] for message in screen["ephemeral"]] == ["Pumble"]
        assert "/nonsense" in screen["ephemeral"][0]["text"]

    def test_is_unknown_if_the_app_is_not_installed(self, pumble: Pumble, app: TestApp) -> None:
        screen = pumble.send_message("gita", pumble.channel("general", "Globex"), "/api-keys list")

        assert app.hooks == []
        assert len(screen["ephemeral"]) == 1

    def test_is_never_a_message(self, pumble: Pumble, app: TestApp) -> None:
        channel = pumble.channel("general")
        before = pumble.screen("ana", channel)["messages"]

        assert pumble.send_message("ana", channel, "/api-keys generate")["messages"] == before


class TestAnswer:
    def test_with_a_message_is_acknowledged_silently(self, pumble: Pumble, app: TestApp) -> None:
        app.respond_with("/commands", {"message": "done"})

        assert pumble.send_message("ana", pumble.channel("general"), "/api-keys list")["ephemeral"] == []

    def test_may_follow_calls_of_the_app(self, pumble: Pumble, app: TestApp) -> None:
        bot, channel = pumble.token("bot"), pumble.channel("general")
        ephemeral = {"text": "your key", "ephemeral": {"sendToUsers": [pumble.person("ana")]}}

        pumble.call("POST", f"/v1/channels/{channel}/messages", bot, ephemeral)

        assert ephemeral_texts(pumble.send_message("ana", channel, "/api-keys generate")) == ["your key"]

    def test_reaches_each_of_fifty_people_at_once(self, pumble: Pumble, app: TestApp) -> None:
        app.respond_with("/commands", {"message": "refused"}, status=400, hang=0.5)
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

        assert {item.status_code for item in answers} == {200}
        assert ephemeral_texts(pumble.screen("ana", body["channelId"])) == ["refused"] * 50


class TestRetries:
    """Off by default: Pumble was never seen to send a hook twice (reference, 9, row 3)."""

    def test_send_an_event_again_until_it_is_accepted(self, pumble: Pumble, app: TestApp) -> None:
        channel = pumble.channel("general")
        app.respond_with("/events", status=503)
        pumble.send_message("ana", channel, "once")
        self.wait_until_answered(pumble)
        pumble.act("switches", hookRetries=True)
        pumble.send_message("ana", channel, "again")

        sent = [hook.event["tx"] for hook in app.events("NEW_MESSAGE", at_least=4)]

        assert sent == ["once", "again", "again", "again"]
        _, *same = app.events("NEW_MESSAGE")
        assert len({hook.raw for hook in same}) == 1

    def wait_until_answered(self, pumble: Pumble) -> None:
        until = time.monotonic() + 10
        while not any(
            entry["kind"] == "hook" and entry["status"] == 503
            for entry in pumble.http.get(f"{pumble.url}/act/traffic").json()
        ):
            assert time.monotonic() < until
            time.sleep(0.02)

    def test_send_a_command_again_within_its_three_seconds(self, pumble: Pumble, app: TestApp) -> None:
        app.respond_with("/commands", b"oops", status=500)
        pumble.act("switches", hookRetries=True)

        screen = pumble.send_message("ana", pumble.channel("general"), "/api-keys list")

        assert len({hook.raw for hook in app.hooks_at("/commands")}) == 1
        assert len(app.hooks_at("/commands")) == 3
        assert len(screen["ephemeral"]) == 1


class TestAppThatWasNeverReached:
    def test_is_offline_for_triggers_while_rest_works(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        alone = Pumble(tmp_path_factory.mktemp("alone"), "http://127.0.0.1:9")
        try:
            channel = alone.channel("general")
            screen = alone.send_message("ana", channel, "/api-keys list")
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

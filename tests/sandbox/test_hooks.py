"""Slash commands and other triggers over the wire: signature, three seconds, what the actor is told."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.sandbox.app import TestApp
from tests.sandbox.pumble import Pumble


def ephemeral_texts(screen: dict[str, list[dict[str, str]]]) -> list[str]:
    return [message["text"] for message in screen["ephemeral"]]


class TestSlashCommand:
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


class TestRetries:
    """Off unless switched on: real Pumble was never seen to send a hook twice (reference, 9, row 3)."""

    def test_send_an_event_again_until_it_is_taken(self, pumble: Pumble, app: TestApp) -> None:
        channel = pumble.channel("general")
        app.answers_with("/events", status=503)
        pumble.say("ana", channel, "once")
        self.wait_until_answered(pumble)
        pumble.act("switches", hookRetries=True)
        pumble.say("ana", channel, "again")

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
        app.answers_with("/commands", b"oops", status=500)
        pumble.act("switches", hookRetries=True)

        screen = pumble.say("ana", pumble.channel("general"), "/api-keys list")

        assert len({hook.raw for hook in app.at("/commands")}) == 1
        assert len(app.at("/commands")) == 3
        assert len(screen["ephemeral"]) == 1


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

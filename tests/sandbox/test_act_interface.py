"""The `/act/` interface: faults, traffic, reset, errors; and how the process starts and stops."""

import json
import os
import subprocess
import sys
import time
from typing import Any

import pytest
import requests

from tests.sandbox.app import TestApp
from tests.sandbox.pumble import ROOT, Pumble

ME = "GET /oauth2/me"


class TestFaults:
    def order(self, pumble: Pumble, do: str, match: str = ME, times: int = 1) -> None:
        assert pumble.post("faults", [{"match": match, "do": do, "times": times}]).status_code == 200

    def test_change_the_status_as_many_times_as_given(self, pumble: Pumble) -> None:
        token = pumble.token("ana")
        self.order(pumble, "status:503", times=2)

        assert [pumble.rest("GET", "/oauth2/me", token).status_code for _ in range(3)] == [503, 503, 200]

    def test_match_one_segment_per_star_and_can_be_cleared(self, pumble: Pumble) -> None:
        token, channel = pumble.token("ana"), pumble.channel("general")
        self.order(pumble, "rate_limit:7", "POST /v1/channels/*/messages", 5)

        refused = pumble.rest("POST", f"/v1/channels/{channel}/messages", token, {"text": "x"})
        pumble.call("GET", f"/v1/channels/{channel}/messages", token)
        pumble.http.delete(f"{pumble.url}/act/faults", timeout=20)

        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")
        pumble.call("POST", f"/v1/channels/{channel}/messages", token, {"text": "x"})

    @pytest.mark.parametrize("do", ["drop", "lose", "truncate"])
    def test_break_the_connection(self, pumble: Pumble, do: str) -> None:
        token, channel = pumble.token("ana"), pumble.channel("random")
        self.order(pumble, do, "POST /v1/channels/*/messages")

        with pytest.raises(requests.RequestException):
            pumble.rest("POST", f"/v1/channels/{channel}/messages", token, {"text": "uncertain"})

        arrived = pumble.screen("ana", channel)["messages"][-1]["text"] == "uncertain"
        assert arrived is (do != "drop")

    def test_answer_with_invalid_content(self, pumble: Pumble) -> None:
        token = pumble.token("ana")
        for do in ("garbage", "html", "redirect"):
            self.order(pumble, do)
        answers = [pumble.rest("GET", "/oauth2/me", token, allow_redirects=False) for _ in range(3)]

        assert [item.status_code for item in answers] == [200, 200, 302]
        assert answers[1].headers["Content-Type"].startswith("text/html")

    def test_delay_or_drip_the_normal_answer(self, pumble: Pumble) -> None:
        token = pumble.token("ana")
        for do in ("delay:0.3", "drip:0.003"):
            self.order(pumble, do)
            begin = time.monotonic()
            assert pumble.call("GET", "/oauth2/me", token)["workspaceName"] == "Acme"
            assert time.monotonic() - begin > 0.3

    @pytest.mark.parametrize(
        "order",
        [{}, "x", {"match": "me", "do": "drop"}, {"match": ME, "do": "explode"}, {"match": ME, "do": "delay"},
         {"match": ME, "do": "drop:1"}, {"match": ME, "do": "drop", "times": 0}, {"match": ME, "do": "status:200"}],
    )  # fmt: skip
    def test_with_malformed_values_are_refused(self, pumble: Pumble, order: Any) -> None:
        assert pumble.post("faults", [order]).status_code == 400


class TestTraffic:
    def test_lists_calls_and_hooks_in_order_without_secrets(self, pumble: Pumble, app: TestApp) -> None:
        tokens = pumble.grant("ana")
        cursor = pumble.get("traffic")[-1]["id"]
        pumble.send_message("ana", pumble.channel("general"), "/api-keys list")
        pumble.call("GET", "/oauth2/me?code=geheim", tokens["accessToken"])

        entries = pumble.get("traffic", since=cursor)

        assert [(item["kind"], item["status"]) for item in entries] == [("hook", 200), ("api", 200)]
        assert entries[0]["outcome"] == "ack"
        everything = str(pumble.get("traffic"))
        for secret in (*tokens.values(), *pumble.credentials.values(), "geheim"):
            if secret not in {
                tokens["userId"],
                tokens["botId"],
                tokens["workspaceId"],
                pumble.credentials["id"],
            }:
                assert secret not in everything


class TestReset:
    def test_restores_the_seed_without_hooks(self, pumble: Pumble, app: TestApp) -> None:
        before = pumble.get("workspaces")
        screen = pumble.screen("ana", pumble.channel("general"))
        pumble.send_message("ana", pumble.channel("general"), "soon gone")
        app.events("NEW_MESSAGE")
        pumble.grant("gita", "install")
        pumble.act("uninstall", userId=pumble.person("ben"))
        app.events("APP_UNINSTALLED")
        sent = len(app.hooks)

        pumble.act("reset")

        assert pumble.get("workspaces") == before
        assert pumble.screen("ana", pumble.channel("general")) == screen
        assert pumble.get("traffic") == []
        assert len(app.hooks) == sent


class TestRefusals:
    @pytest.mark.parametrize(
        ("act", "body"),
        [
            ("message", {}),
            ("message", []),
            ("message", {"userId": 5, "channelId": None, "text": {}}),
            ("message", {"userId": "nobody", "channelId": "x", "text": "y"}),
            ("click", {"userId": "nobody"}),
            ("submit", {"userId": "nobody", "viewId": 7}),
            ("install", {"appId": "none"}),
            ("apps", {}),
            ("apps", {"manifestUrl": "http://127.0.0.1:9/manifest"}),
            ("apps", {"manifest": {"name": "x"}}),
            ("faults", {}),
            ("switches", {"rateLimits": 3}),
            ("nothing", {}),
        ],
    )
    def test_say_why_in_one_sentence(self, pumble: Pumble, act: str, body: Any) -> None:
        response = pumble.post(act, body)

        assert 400 <= response.status_code < 500
        assert set(response.json()) == {"error"}

    @pytest.mark.parametrize(
        ("method", "act", "field"),
        [
            ("GET", "screen", "appId"),
            ("GET", "screen", "channel"),
            ("GET", "traffic", "limit"),
            ("GET", "workspaces", "userId"),
            ("POST", "message", "thread"),
            ("POST", "reset", "userId"),
            ("POST", "unauthorize", "memberId"),
        ],
    )
    def test_name_an_unknown_field_and_change_nothing(
        self, pumble: Pumble, method: str, act: str, field: str
    ) -> None:
        fields = {"userId": pumble.person("ana"), "channelId": pumble.channel("general"), "text": "unseen"}
        known = {
            "screen": ("userId", "channelId"),
            "message": ("userId", "channelId", "text"),
            "unauthorize": ("userId",),
        }
        sent = {name: fields[name] for name in known.get(act, ())} | {field: pumble.credentials["id"]}
        before = pumble.get("workspaces"), pumble.screen("ana", pumble.channel("general"))

        refused = (
            pumble.http.get(f"{pumble.url}/act/{act}", params=sent, timeout=20)
            if method == "GET"
            else pumble.post(act, **sent)
        )

        assert refused.status_code == 400
        assert refused.json()["error"].startswith(f"{field} is not a known field; known fields: ")
        assert (pumble.get("workspaces"), pumble.screen("ana", pumble.channel("general"))) == before

    def test_accept_an_app_id_everywhere(self, pumble: Pumble) -> None:
        body = {"userId": pumble.person("ana"), "channelId": pumble.channel("general"), "text": "x"}

        assert pumble.post("message", **body, appId=pumble.credentials["id"]).status_code == 200

    def test_of_invisible_channels(self, pumble: Pumble) -> None:
        fields = {"userId": pumble.person("carla"), "channelId": pumble.channel("board")}

        assert pumble.post("message", **fields, text="x").status_code == 404
        assert pumble.http.get(f"{pumble.url}/act/screen", params=fields, timeout=20).status_code == 404

    def test_of_other_sites(self, pumble: Pumble) -> None:
        for headers in ({"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}):
            assert requests.post(f"{pumble.url}/act/reset", headers=headers, timeout=20).status_code == 403

    @pytest.mark.parametrize("path", ["/", "/healthz", "/act/workspaces", "/v1/channels", "/access-request"])
    def test_with_a_foreign_host_or_origin(self, pumble: Pumble, path: str) -> None:
        """A name of another site can lead to this machine, and its pages can post forms."""
        for headers, status in (
            ({"Host": "evil.test"}, 400),
            ({"Host": "127.0.0.1.evil.test"}, 400),
            ({"Origin": "https://evil.test"}, 403),
            ({"Origin": "null"}, 403),
        ):
            answer = requests.get(f"{pumble.url}{path}", headers=headers, timeout=20)
            assert answer.status_code == status, headers


class TestScreen:
    def test_shows_an_open_thread(self, pumble: Pumble) -> None:
        channel, ana = pumble.channel("general"), pumble.person("ana")
        root = next(item for item in pumble.screen("ana", channel)["messages"] if item["threadRootInfo"])

        answered = pumble.send_message("ana", channel, "me too", threadRootId=root["id"])
        seen = pumble.get("screen", userId=ana, channelId=channel, threadRootId=root["id"])

        texts = [item["text"] for item in seen["thread"]]
        assert (texts[0], texts[-1]) == (root["text"], "me too")
        assert answered["thread"] == seen["thread"]
        assert "me too" not in [item["text"] for item in seen["messages"]]


class TestApps:
    def test_are_listed_with_a_url_to_install(self, pumble: Pumble, app: TestApp) -> None:
        [offer] = pumble.get("apps", userId=pumble.person("gita"))

        assert (offer["displayName"], offer["installed"], offer["authorized"]) == ("API", False, False)
        assert offer["botId"] is None
        assert pumble.get("apps", userId=pumble.person("ana"))[0]["botId"] == pumble.person("bot")
        page = pumble.http.get(pumble.url + offer["installUrl"], timeout=20)
        assert page.status_code == 200

    def test_complete_their_commands_if_installed(self, pumble: Pumble, app: TestApp) -> None:
        [first, _] = pumble.get("commands", userId=pumble.person("ana"))

        assert first == {"command": "/api-keys", "description": "Keys", "usageHint": "generate", "app": "API"}
        assert pumble.get("commands", userId=pumble.person("gita")) == []

    def test_can_be_registered_by_url_and_keep_their_credentials(self, pumble: Pumble, app: TestApp) -> None:
        made = pumble.act("apps", manifestUrl=f"{app.url}/manifest")

        assert set(made) == {"id", "appKey", "clientSecret", "signingSecret"}
        assert pumble.act("apps", manifestUrl=f"{app.url}/manifest") == made

    def test_can_be_registered_from_the_shell(self, pumble: Pumble, app: TestApp) -> None:
        url = f"{app.url}/manifest"
        environment = {
            **os.environ,
            "SANDBOX_PORT": str(pumble.port),
            "DJANGO_SETTINGS_MODULE": "portal.settings",
        }
        command = [sys.executable, "manage.py", "sandbox", "--manifest", url]

        completed = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30, check=True
        )

        assert json.loads(completed.stdout) == pumble.act("apps", manifestUrl=url)
        assert completed.stdout.count("\n") == 1


class TestPages:
    def test_have_a_strict_policy(self, pumble: Pumble) -> None:
        page = pumble.http.get(pumble.url, timeout=20)

        assert page.status_code == 200
        assert page.headers["Content-Security-Policy"].startswith("default-src 'self'; object-src 'none'")

    def test_of_unknown_addresses_are_json(self, pumble: Pumble) -> None:
        assert pumble.http.get(f"{pumble.url}/nowhere", timeout=20).json()["code"] == 404100
        assert pumble.http.get(f"{pumble.url}/healthz", timeout=20).json() == {"status": "ok"}


class TestProcess:
    def test_keeps_messages_over_a_restart_and_stops_at_once(
        self, app: TestApp, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        pumble = Pumble(tmp_path_factory.mktemp("kept"), app.url, SANDBOX_LIMITS="off")
        channel = pumble.channel("general")
        pumble.send_message("ana", channel, "still here")
        path, token = f"/v1/channels/{channel}/messages", pumble.token("ana")
        for _ in range(81):
            pumble.call("POST", path, token, {"text": "unlimited"})

        took = pumble.stop()
        pumble.start()

        try:
            assert took < 3
            assert "still here" in [item["text"] for item in pumble.screen("ana", channel)["messages"]]
        finally:
            pumble.stop()

    def test_finds_the_portal_at_another_port_after_a_restart(
        self, app: TestApp, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        data_dir = tmp_path_factory.mktemp("moved")
        Pumble(data_dir, "http://127.0.0.1:9").stop()

        pumble = Pumble(data_dir, app.url)

        try:
            [offer] = pumble.get("apps", userId=pumble.person("gita"))
            assert offer["installUrl"]
        finally:
            pumble.stop()

    def test_refuses_to_start_without_local_pumble(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        environment = {
            **os.environ,
            "LOCAL_PUMBLE": "false",
            "DATA_DIR": str(tmp_path_factory.mktemp("none")),
        }
        environment["DJANGO_SETTINGS_MODULE"] = "sandbox.settings"
        command = [
            "-m",
            "gunicorn",
            "-c",
            "sandbox/gunicorn.conf.py",
            "sandbox.wsgi",
        ]

        refused = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=20
        )

        assert refused.returncode == 1
        assert refused.stderr.strip().count("\n") == 0
        assert refused.stderr.startswith("LOCAL_PUMBLE: ")

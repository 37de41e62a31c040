"""The traffic list shows bodies without secrets."""

import json

import pytest

from sandbox.redaction import redact_text
from tests.sandbox.app import TestApp
from tests.sandbox.pumble import Pumble

KEY = "pmb_abcdefghijkl_0123456789abcdef0123456789abcdef"
TOKEN = "lp-user-0123456789abcdef"


class TestBodies:
    @pytest.mark.parametrize(
        ("body", "shown"),
        [
            ('{"accessToken":"geheim","userId":"u1"}', '{"accessToken":"***","userId":"u1"}'),
            ('{"client-secret": "ge\\nheim"}', '{"client-secret": "***"}'),
            ('{"code":":tada:"}', '{"code":":tada:"}'),
            ('{"code":403000,"message":"no"}', '{"code":403000,"message":"no"}'),
            ('{"state":{"values":{}}}', '{"state":{"values":{}}}'),
            ('{"token":"cut off in the mid', '{"token":"***'),
            (f"Your new key: {KEY}.", "Your new key: pmb_abcdefghijkl_***."),
            (f"curl -H token:{TOKEN}", "curl -H token:lp-user-***"),
            ("xpss-abc xpcls-def xpak-123", "xpss-*** xpcls-*** xpak-***"),
            ("see https://app.test/redirect?code=geheim&x=1", "see https://app.test/redirect?code=***&x=1"),
        ],
    )
    def test_are_shown_without_secrets(self, body: str, shown: str) -> None:
        assert redact_text(body) == shown

    def test_inside_of_bodies_are_redacted_too(self) -> None:
        inner = json.dumps({"token": "geheim", "tx": KEY})
        outer = json.dumps({"body": inner})

        shown = redact_text(json.dumps({"payload": outer}))

        assert "geheim" not in shown
        assert KEY not in shown
        assert json.loads(json.loads(json.loads(shown)["payload"])["body"])["token"] == "***"

    def test_of_forms_keep_all_but_secrets(self) -> None:
        part = 'Content-Disposition: form-data; name="{}"\r\n\r\n{}\r\n--b\r\n'
        form = part.format("client-id", "app-1") + part.format("code", "geheim")

        assert redact_text(form) == part.format("client-id", "app-1") + part.format("code", "***")


class TestTraffic:
    def test_has_bodies_only_on_request(self, pumble: Pumble, app: TestApp) -> None:
        pumble.send_message("ana", pumble.channel("general"), "/api-keys list")

        assert "sent" not in pumble.get("traffic")[-1]
        entry = pumble.get("traffic", bodies="true")[-1]
        assert json.loads(entry["sent"])["slashCommand"] == "/api-keys"
        assert entry["received"] == "{}"

    def test_names_the_owner_of_a_token(self, pumble: Pumble, app: TestApp) -> None:
        pumble.call("GET", "/oauth2/me", pumble.token("ana"))
        pumble.call("GET", "/oauth2/me", pumble.token("bot"))
        pumble.rest("GET", "/oauth2/me", "wrong")

        calls = [entry for entry in pumble.get("traffic") if "/me" in entry["url"]]
        assert [entry["token"] for entry in calls] == ["user", "bot", "refused"]

    def test_can_be_cleared_and_continues_its_numbering(self, pumble: Pumble, app: TestApp) -> None:
        pumble.rest("GET", "/oauth2/me", "wrong")
        last = pumble.get("traffic")[-1]["id"]
        assert pumble.http.delete(f"{pumble.url}/act/traffic", timeout=20).json() == []

        pumble.rest("GET", "/oauth2/me", "wrong")
        assert [entry["id"] for entry in pumble.get("traffic")] == [last + 1]

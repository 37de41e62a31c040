"""The calls of the command line tool: sign in, manage apps, grant them without the screen."""

import base64
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.sandbox.app import TestApp
from tests.sandbox.developer import Developer
from tests.sandbox.pumble import Pumble


def post(pumble: Pumble, path: str, **body: Any) -> requests.Response:
    return pumble.http.post(pumble.url + path, json=body, timeout=20)


@pytest.fixture
def ana(pumble: Pumble) -> Developer:
    return Developer(pumble, "ana")


class TestSignIn:
    def test_returns_tokens_with_their_expiry(self, ana: Developer) -> None:
        for token in ana.session.values():
            claims = token.split(".")[1]
            exp = json.loads(base64.urlsafe_b64decode(claims + "=="))["exp"]
            assert isinstance(exp, int)
            assert exp > time.time() + 60

    def test_can_be_refreshed(self, pumble: Pumble, ana: Developer) -> None:
        path = f"/workspaces/{ana.workspace}/refresh"

        ana.session = post(pumble, path, refreshToken=ana.session["refreshToken"]).json()

        assert ana.call("GET", "/apps/mine") == []
        assert post(pumble, path, refreshToken=ana.session["token"]).status_code == 401

    def test_needs_the_code_and_works_once(self, pumble: Pumble, ana: Developer) -> None:
        email = "ana@acme.test"
        lead = post(pumble, "/lead", email=email).json()["id"]

        assert post(pumble, "/lead/login", leadId=lead).status_code == 401
        wrong = "000000" if ana.code() != "000000" else "111111"
        assert post(pumble, "/lead/activate", email=email, leadId=lead, code=wrong).status_code == 400
        assert post(pumble, "/lead/activate", email=email, leadId=lead, code=ana.code()).status_code == 200
        assert post(pumble, "/lead/login", leadId=lead).status_code == 200
        assert post(pumble, "/lead/login", leadId=lead).status_code == 401

    def test_refuses_all_codes_after_five_attempts(self, pumble: Pumble, ana: Developer) -> None:
        email = "ana@acme.test"
        lead = post(pumble, "/lead", email=email).json()["id"]
        for _ in range(5):
            post(pumble, "/lead/activate", email=email, leadId=lead, code="wrong")

        assert post(pumble, "/lead/activate", email=email, leadId=lead, code=ana.code()).status_code == 400

    def test_of_an_unknown_address_looks_the_same(self, pumble: Pumble) -> None:
        assert set(post(pumble, "/lead", email="nobody@acme.test").json()) == {"id"}

    def test_shows_names_without_a_session(self, pumble: Pumble, ana: Developer) -> None:
        base = f"{pumble.url}/workspaces/{ana.workspace}"

        assert requests.get(f"{base}/info", timeout=20).json() == {"id": ana.workspace, "name": "Acme"}
        me = requests.get(f"{base}/workspaceUsers/{ana.id}", timeout=20).json()
        assert me == {"id": ana.id, "name": "Ana Kovač", "email": "ana@acme.test"}
        for path in ("/workspaceUsers/x", f"/workspaceUsers/{pumble.person('gita')}"):
            assert requests.get(base + path, timeout=20).status_code == 404

    @pytest.mark.parametrize("token", ["", "x", "a.b.c", "{refresh}", "{tampered}"])
    def test_is_needed_to_manage_apps(self, ana: Developer, token: str) -> None:
        sent = token.format(refresh=ana.session["refreshToken"], tampered=ana.session["token"][:-2] + "AA")

        refused = ana.request("GET", "/apps/mine", headers={"Authtoken": sent})

        assert (refused.status_code, refused.json()["code"]) == (401, 401000)

    def test_is_for_the_same_person_only(self, pumble: Pumble, ana: Developer) -> None:
        ana.id = pumble.person("ben")

        assert ana.request("GET", "/apps/mine").status_code == 401

    @pytest.mark.parametrize("path", ["/lead", "/lead/activate", "/lead/login"])
    def test_with_malformed_input_is_refused(self, pumble: Pumble, path: str) -> None:
        for raw in (b"", b"{", b"[]", b'{"email": 5, "leadId": [], "code": {}}'):
            assert pumble.http.post(pumble.url + path, data=raw, timeout=20).status_code == 400


class TestApps:
    def test_are_stored_with_what_pumble_adds(self, ana: Developer, app: TestApp) -> None:
        manifest = app.manifest() | {"blockInteraction": None, "slashCommands": []}
        del manifest["viewAction"]

        made = ana.create(manifest)

        assert made["blockInteraction"] == made["viewAction"] == {"url": None}
        assert (made["published"], made["displayName"]) == (False, "API")
        assert made["listingUrl"].startswith("/access-request?redirectUrl=")

    def test_are_replaced_as_a_whole_and_keep_their_secrets(
        self, pumble: Pumble, ana: Developer, app: TestApp
    ) -> None:
        made = ana.create(app.manifest() | {"slashCommands": []})
        command = {"command": "/mine", "url": f"{app.url}/mine"}

        changed = ana.call("PUT", f"/apps/{made['id']}", app.manifest() | {"slashCommands": [command]})

        assert [item["command"] for item in changed["slashCommands"]] == ["/mine"]
        assert changed["signingSecret"] == made["signingSecret"]
        app.signing_secret = made["signingSecret"]
        pumble.grant("ana", "install", made)
        pumble.send_message("ana", pumble.channel("general"), "/mine")
        assert len(app.hooks_at("/mine")) == 1

    @pytest.mark.parametrize(
        "wrong",
        [
            {"name": ""},
            {"displayName": None},
            {"blockInteraction": {"url": None}},
            {"viewAction": {"url": None}},
            {"avatar": {"fullPath": "", "scaledPath": ""}},
            {"listingUrl": "/access-request?clientId=1"},
            {"redirectUrls": ["/redirect"]},
            {"scopes": {"botScopes": ["world:rule"]}},
            {"slashCommands": [{"command": "no-slash", "url": "http://127.0.0.1/"}]},
            {"slashCommands": [{"command": "/a", "url": "http://127.0.0.1/"}] * 2},
            {"slashCommands": [{"command": "/a", "url": "http://127.0.0.1/", "usageHint": "x" * 56}]},
            {"shortcuts": [{"shortcutType": "LOCAL", "name": "a", "url": "http://127.0.0.1/"}]},
            {"shortcuts": [{"shortcutType": "GLOBAL", "name": "x" * 33, "url": "http://127.0.0.1/"}]},
            {"shortcuts": [{"shortcutType": "GLOBAL", "name": "a", "url": "http://127.0.0.1/"}] * 2},
            {"defaultHomeView": {"enabled": True, "blocks": [{"type": "divider"}]}},
        ],
    )
    def test_with_malformed_input_are_refused(
        self, ana: Developer, app: TestApp, wrong: dict[str, Any]
    ) -> None:
        made = ana.create(app.manifest())

        for method, path in (("POST", "/apps"), ("PUT", f"/apps/{made['id']}")):
            refused = ana.request(method, path, app.manifest() | wrong)
            assert (refused.status_code, refused.json()["code"]) == (400, 400000)

    def test_of_others_are_unknown(self, pumble: Pumble, ana: Developer, app: TestApp) -> None:
        made, ben = ana.create(app.manifest()), Developer(pumble, "ben")

        for method, path in (
            ("GET", f"/apps/mine/{made['id']}"),
            ("PUT", f"/apps/{made['id']}"),
            ("PUT", f"/apps/{made['id']}/secrets/rotate"),
            ("DELETE", f"/apps/{made['id']}"),
            ("DELETE", f"/apps/{pumble.credentials['id']}"),
        ):
            body = app.manifest() if method == "PUT" else None
            assert ben.request(method, path, body).status_code == 404

    def test_can_be_deleted_with_all_their_tokens(self, pumble: Pumble, ana: Developer, app: TestApp) -> None:
        made = ana.create(app.manifest())
        token = pumble.grant("ana", "install", made)["accessToken"]
        assert {"app": {"id": made["id"]}} in ana.call("GET", "/apps/authorizations")

        assert ana.call("DELETE", f"/apps/{made['id']}") is None

        assert ana.call("GET", "/apps/mine") == []
        assert {"app": {"id": made["id"]}} not in ana.call("GET", "/apps/authorizations")
        gone = pumble.rest("GET", "/oauth2/me", token, headers={"x-app-token": made["appKey"]})
        assert gone.status_code == 401


class TestGrant:
    def test_installs_without_a_screen(self, pumble: Pumble, ana: Developer, app: TestApp) -> None:
        made = ana.create(app.manifest() | {"name": "Mine"})
        params = {"clientId": made["id"], "redirectUrl": f"{app.url}/redirect", "isReinstall": "false"}

        granted = ana.call("GET", "/oauth2/grant", params=params | {"scopes": "user:read,bot:user:read"})

        assert parse_qs(urlsplit(granted["redirectUrl"]).query)["code"] == [granted["code"]]
        assert pumble.exchange(granted["code"], made).json()["userId"] == ana.id

    def test_is_refused_as_the_screen_refuses(self, pumble: Pumble, ana: Developer, app: TestApp) -> None:
        made, redirect = ana.create(app.manifest()), f"{app.url}/redirect"
        fine = {"clientId": made["id"], "redirectUrl": redirect, "scopes": "user:read"}

        for wrong in ({"clientId": "0"}, {"redirectUrl": "http://evil.test/"}, {"scopes": "group:read"}):
            assert ana.request("GET", "/oauth2/grant", params=fine | wrong).status_code == 400
        assert Developer(pumble, "carla").request("GET", "/oauth2/grant", params=fine).status_code == 403

"""The consent screen beyond the numbered statements: who may install, a denial, and what ends a token."""

import requests

from tests.sandbox.app import TestApp
from tests.sandbox.consent import STATE, decide, get_code, open_consent, redirect_query
from tests.sandbox.developer import Developer
from tests.sandbox.pumble import Pumble


class TestConsentScreen:
    def test_denies_without_a_code(self, pumble: Pumble, app: TestApp) -> None:
        answer = redirect_query(decide(pumble, open_consent(pumble, app), "carla", "deny"))

        assert answer == {"error": "access_denied", "state": STATE}

    def test_of_an_unknown_app_is_refused(self, pumble: Pumble, app: TestApp) -> None:
        assert open_consent(pumble, app, clientId="0" * 24).status_code == 400

    def test_needs_an_owner_or_administrator_where_nothing_is_installed(
        self, pumble: Pumble, app: TestApp
    ) -> None:
        page = decide(pumble, open_consent(pumble, app), "hugo")

        assert page.status_code == 403
        assert "Only an owner or administrator of Globex can install API" in page.text

    def test_refuses_a_form_of_another_site(self, pumble: Pumble, app: TestApp) -> None:
        fields = {"userId": pumble.person("ana"), "decision": "allow"}

        assert requests.post(f"{pumble.url}/access-request", data=fields, timeout=20).status_code == 403


class TestTokens:
    def test_are_the_same_again_after_a_reset(self, pumble: Pumble) -> None:
        before = pumble.grant("ana")
        pumble.act("reset")

        assert pumble.call("GET", "/oauth2/me", before["accessToken"])["workspaceUserName"] == "Ana Kovač"
        assert pumble.grant("ana") == before

    def test_are_the_same_again_when_the_secret_was_rotated(self, pumble: Pumble, app: TestApp) -> None:
        developer = Developer(pumble, "ana")
        mine = developer.create(app.manifest() | {"name": "Mine"})
        before = pumble.grant("ana", "install", mine)

        mine |= developer.call("PUT", f"/apps/{mine['id']}/secrets/rotate")

        assert pumble.grant("ana", app=mine) == before

    def test_come_with_the_state_of_the_request(self, pumble: Pumble) -> None:
        redirect = pumble.act("authorize", userId=pumble.person("ana"), state="x")["redirectUrl"]

        assert redirect.endswith("&state=x")
        assert pumble.exchange(get_code(pumble, "ana")).status_code == 200


class TestEnd:
    def test_of_an_authorization_keeps_the_bot_and_can_be_undone(self, pumble: Pumble, app: TestApp) -> None:
        tokens = pumble.grant("ben")

        pumble.act("unauthorize", userId=tokens["userId"])

        assert pumble.call("GET", "/oauth2/me", tokens["botToken"])
        assert pumble.grant("ben")["accessToken"] != tokens["accessToken"]

    def test_of_an_installation_is_for_owners_and_can_be_undone(self, pumble: Pumble, app: TestApp) -> None:
        ana = pumble.grant("ana")

        assert pumble.post("uninstall", userId=pumble.person("carla")).status_code == 403
        pumble.act("uninstall", userId=pumble.person("ben"))

        assert not pumble.get("workspaces")[0]["appInstalled"]
        assert pumble.grant("ana", "install")["botToken"] != ana["botToken"]

    def test_of_a_person_revokes_the_token(self, pumble: Pumble, app: TestApp) -> None:
        tokens = pumble.grant("ben")

        pumble.act("deactivate", userId=tokens["userId"])

        assert '"st":"DEACTIVATED"' in app.events("WORKSPACE_USER_UPDATED")[0].body["body"]
        assert pumble.rest("GET", "/oauth2/me", tokens["accessToken"]).status_code == 401

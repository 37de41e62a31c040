"""Installing and authorising: the consent screen, the exchange, and what ends it."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.sandbox.app import TestApp
from tests.sandbox.pumble import Pumble


def ask(pumble: Pumble, app: TestApp, **changed: str) -> requests.Response:
    params = {
        "redirectUrl": f"{app.url}/redirect",
        "clientId": pumble.credentials["id"],
        "state": "s&t/ä",
        "scopes": "messages:read,user:read,bot:messages:write",
        **changed,
    }
    return pumble.http.get(f"{pumble.url}/access-request", params=params, timeout=20)


def decide(pumble: Pumble, page: requests.Response, key: str, decision: str = "allow") -> requests.Response:
    """Press a button on the page, with all its hidden fields."""
    fields: dict[str, Any] = dict(parse_qs(urlsplit(page.url).query))
    fields |= dict(re.findall(r'name="(csrfmiddlewaretoken)" value="([^"]+)"', page.text))
    fields |= {"userId": pumble.person(key), "decision": decision}
    return pumble.http.post(f"{pumble.url}/access-request", data=fields, allow_redirects=False, timeout=20)


def answer_of(response: requests.Response) -> dict[str, str]:
    assert response.status_code == 302, response.text
    return {
        name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()
    }


class TestConsentScreen:
    def test_names_the_app_and_what_it_asks_for(self, pumble: Pumble, app: TestApp) -> None:
        page = ask(pumble, app)

        assert page.status_code == 200
        for shown in ("API", "messages:read", "user:read", "messages:write", "Gita Raman", "ana@acme.test"):
            assert shown in page.text
        assert f"form-action 'self' {app.url};" in page.headers["Content-Security-Policy"] + ";"

    def test_allows_with_a_code_and_the_unchanged_state(self, pumble: Pumble, app: TestApp) -> None:
        answer = answer_of(decide(pumble, ask(pumble, app), "carla"))

        assert answer["state"] == "s&t/ä"
        assert set(pumble.exchange(answer["code"]).json()) == {
            "accessToken",
            "botToken",
            "userId",
            "botId",
            "workspaceId",
        }

    def test_denies_without_a_code(self, pumble: Pumble, app: TestApp) -> None:
        answer = answer_of(decide(pumble, ask(pumble, app), "carla", "deny"))

        assert answer == {"error": "access_denied", "state": "s&t/ä"}

    @pytest.mark.parametrize(
        "changed",
        [
            {"clientId": "0" * 24},
            {"redirectUrl": "http://evil.test/redirect"},
            {"redirectUrl": "{app}/redirectory"},
            {"redirectUrl": "{app}/"},
            {"redirectUrl": "{app}/redirect/../other"},
            {"redirectUrl": "//evil.test/redirect"},
            {"redirectUrl": ""},
            {"scopes": "messages:read,files:write"},
            {"scopes": "bot:group:read"},
        ],
    )
    def test_refuses_what_the_manifest_does_not_cover(
        self, pumble: Pumble, app: TestApp, changed: dict[str, str]
    ) -> None:
        page = ask(pumble, app, **{name: value.format(app=app.url) for name, value in changed.items()})

        assert page.status_code == 400
        assert page.headers["Content-Type"].startswith("text/html")

    @pytest.mark.parametrize("wanted", ["{app}/redirect/deeper", "/redirect", "{app}/redirect?from=chat"])
    def test_admits_an_address_below_a_registered_one(
        self, pumble: Pumble, app: TestApp, wanted: str
    ) -> None:
        page = ask(pumble, app, redirectUrl=wanted.format(app=app.url))

        location = decide(pumble, page, "ana").headers["Location"]
        assert location.startswith(f"{app.url}/redirect")

    def test_needs_an_owner_or_administrator_where_nothing_is_installed(
        self, pumble: Pumble, app: TestApp
    ) -> None:
        page = decide(pumble, ask(pumble, app), "hugo")

        assert page.status_code == 403
        assert "Only an owner or administrator of Globex can install API" in page.text

    def test_takes_no_form_from_elsewhere(self, pumble: Pumble, app: TestApp) -> None:
        fields = {"userId": pumble.person("ana"), "decision": "allow"}

        assert requests.post(f"{pumble.url}/access-request", data=fields, timeout=20).status_code == 403


class TestInstallation:
    def test_makes_the_bot_and_welcomes_everybody_once(self, pumble: Pumble, app: TestApp) -> None:
        answer = answer_of(decide(pumble, ask(pumble, app), "gita"))
        tokens = pumble.exchange(answer["code"]).json()

        globex = pumble.look("workspaces")[1]
        assert globex["appInstalled"]
        assert [user["id"] for user in globex["users"] if user["isBot"]] == [tokens["botId"]]
        rooms = [one for one in globex["channels"] if tokens["botId"] in one["users"]]
        assert len(rooms) == 2
        for key in ("gita", "hugo"):
            pumble.grant(key)
            [room] = [one["id"] for one in rooms if pumble.person(key) in one["users"]]
            assert [one["text"] for one in pumble.screen(key, room)["messages"]] == ["Hello from API!"]

    def test_shares_the_bot_among_all_who_authorise(self, pumble: Pumble) -> None:
        ana, carla = pumble.grant("ana"), pumble.grant("carla")

        assert (ana["botId"], ana["botToken"]) == (carla["botId"], carla["botToken"])
        assert ana["accessToken"] != carla["accessToken"]

    def test_gives_the_same_tokens_again_after_a_reset(self, pumble: Pumble) -> None:
        before = pumble.grant("ana")
        pumble.act("reset")

        assert pumble.call("GET", "/oauth2/me", before["accessToken"])["workspaceUserName"] == "Ana Kovač"
        assert pumble.grant("ana") == before

    def test_again_by_an_owner_renews_the_bots_token(self, pumble: Pumble) -> None:
        before = pumble.grant("ana")
        after = pumble.grant("ana", "reinstall")

        assert after["botId"] == before["botId"]
        assert after["accessToken"] == before["accessToken"]
        assert pumble.rest("GET", "/oauth2/me", before["botToken"]).status_code == 401
        assert pumble.call("GET", "/oauth2/me", after["botToken"])["workspaceUserName"] == "API"

    def test_again_by_a_member_leaves_the_bot_alone(self, pumble: Pumble) -> None:
        before = pumble.grant("ana")

        assert pumble.grant("carla", "reinstall")["botToken"] == before["botToken"]


class TestExchange:
    def test_takes_a_code_once(self, pumble: Pumble) -> None:
        redirect = pumble.act("authorize", userId=pumble.person("ana"), state="x")["redirectUrl"]
        query = parse_qs(urlsplit(redirect).query)

        first, second = pumble.exchange(query["code"][0]), pumble.exchange(query["code"][0])

        assert query["state"] == ["x"]
        assert (first.status_code, second.status_code) == (200, 400)
        assert second.json()["code"] == 400000

    def test_with_a_wrong_secret_uses_up_nothing(self, pumble: Pumble) -> None:
        redirect = pumble.act("authorize", userId=pumble.person("ana"))["redirectUrl"]
        code = parse_qs(urlsplit(redirect).query)["code"][0]

        wrong = pumble.exchange(code, {**pumble.credentials, "clientSecret": "guess"})

        assert (wrong.status_code, wrong.json()["code"]) == (401, 401000)
        assert pumble.exchange(code).status_code == 200

    def test_of_another_apps_code_uses_up_nothing(self, pumble: Pumble, app: TestApp) -> None:
        other = pumble.act("apps", manifest={**app.manifest(), "name": "Other", "displayName": "Other"})
        redirect = pumble.act("authorize", userId=pumble.person("ana"))["redirectUrl"]
        code = parse_qs(urlsplit(redirect).query)["code"][0]

        assert pumble.exchange(code, other).status_code == 400
        assert pumble.exchange(code).status_code == 200

    @pytest.mark.parametrize("form", [{"json": {"code": "x"}}, {"data": {"client-id": "x", "code": "y"}}])
    def test_is_multipart_only(self, pumble: Pumble, form: dict[str, Any]) -> None:
        response = pumble.http.post(f"{pumble.url}/oauth2/access", timeout=20, **form)

        assert response.status_code == 400
        assert set(response.json()) == {"message", "localizedMessage", "code"}

    def test_gives_no_bot_where_the_app_has_none(self, pumble: Pumble, app: TestApp) -> None:
        plain = pumble.act("apps", manifest={**app.manifest(), "name": "Plain", "bot": False})

        assert set(pumble.grant("ana", "install", plain)) == {"accessToken", "userId", "workspaceId"}


class TestEnd:
    def test_of_an_authorisation_kills_the_token_and_names_the_person(
        self, pumble: Pumble, app: TestApp
    ) -> None:
        tokens = pumble.grant("ben")

        pumble.act("unauthorize", userId=tokens["userId"])

        [hook] = app.events("APP_UNAUTHORIZED")
        assert hook.sound
        assert hook.body["workspaceUserIds"] == [tokens["userId"]]
        assert isinstance(hook.body["body"], str)
        assert tokens["userId"] in hook.body["body"]
        assert pumble.rest("GET", "/oauth2/me", tokens["accessToken"]).status_code == 401
        assert pumble.call("GET", "/oauth2/me", tokens["botToken"])
        assert pumble.grant("ben")["accessToken"] != tokens["accessToken"]

    def test_by_the_app_itself_is_the_same(self, pumble: Pumble, app: TestApp) -> None:
        token = pumble.token("ana")

        pumble.call("DELETE", "/v1/app/authorization", token)

        assert app.events("APP_UNAUTHORIZED")
        assert pumble.rest("GET", "/oauth2/me", token).status_code == 401

    def test_of_an_installation_kills_all_tokens_and_says_so_once(self, pumble: Pumble, app: TestApp) -> None:
        ana, ben = pumble.grant("ana"), pumble.grant("ben")

        assert pumble.post("uninstall", userId=pumble.person("carla")).status_code == 403
        pumble.act("uninstall", userId=ben["userId"])

        assert len(app.events("APP_UNINSTALLED")) == 1
        for token in (ana["accessToken"], ben["accessToken"], ana["botToken"]):
            assert pumble.rest("GET", "/oauth2/me", token).status_code == 401
        assert not pumble.look("workspaces")[0]["appInstalled"]
        assert pumble.grant("ana", "install")["botToken"] != ana["botToken"]
        assert [hook for hook in app.hooks if hook.body.get("eventType") == "APP_UNAUTHORIZED"] == []

    def test_of_a_person_kills_the_token(self, pumble: Pumble, app: TestApp) -> None:
        tokens = pumble.grant("ben")

        pumble.act("deactivate", userId=tokens["userId"])

        assert '"st":"DEACTIVATED"' in app.events("WORKSPACE_USER_UPDATED")[0].body["body"]
        assert pumble.rest("GET", "/oauth2/me", tokens["accessToken"]).status_code == 401

"""Consent and tokens: what an app may request, what it gets, and when that ends."""

from typing import Any

import pytest

from tests.sandbox.app import ALL_SCOPES, TestApp
from tests.sandbox.consent import STATE, decide, get_code, open_consent, redirect_query
from tests.sandbox.pumble import Pumble

ERROR = {"message", "localizedMessage", "code"}
FIVE = {"accessToken", "botToken", "userId", "botId", "workspaceId"}


def me(pumble: Pumble, token: str) -> int:
    return pumble.rest("GET", "/oauth2/me", token).status_code


def test_09_the_consent_screen_names_the_app_and_both_kinds_of_scopes(pumble: Pumble, app: TestApp) -> None:
    acme = pumble.get("workspaces")[0]["id"]

    page = open_consent(pumble, app, defaultWorkspaceId=acme, isReinstall="true")

    assert page.status_code == 200
    for shown in ("API", "messages:read", "user:read", "messages:write", "Gita Raman", "ana@acme.test"):
        assert shown in page.text
    assert f"form-action 'self' {app.url};" in page.headers["Content-Security-Policy"] + ";"


@pytest.mark.parametrize(
    ("wanted", "admitted"),
    [
        ("{app}/redirect", True),
        ("{app}/redirect/deeper", True),
        ("/redirect", True),
        ("{app}/redirect?from=chat", True),
        ("http://evil.test/redirect", False),
        ("{app}/redirectory", False),
        ("{app}/", False),
        ("{app}/redirect/../other", False),
        ("//evil.test/redirect", False),
        ("", False),
    ],
)
def test_10_a_redirect_is_admitted_at_or_below_a_registered_one(
    pumble: Pumble, app: TestApp, wanted: str, admitted: bool
) -> None:
    page = open_consent(pumble, app, redirectUrl=wanted.format(app=app.url))

    assert page.headers["Content-Type"].startswith("text/html")
    assert page.status_code == (200 if admitted else 400)
    if admitted:
        assert decide(pumble, page, "ana").headers["Location"].startswith(f"{app.url}/redirect")


def test_11_scopes_outside_the_manifest_are_refused_and_a_subset_is_granted(
    pumble: Pumble, app: TestApp
) -> None:
    for foreign in ("messages:read,group:read", "bot:group:read", "nonsense"):
        assert open_consent(pumble, app, scopes=foreign).status_code == 400

    answer = redirect_query(decide(pumble, open_consent(pumble, app, scopes="user:read"), "dan"))

    token = pumble.exchange(answer["code"]).json()["accessToken"]
    assert pumble.rest("GET", f"/v1/workspaceUsers/{pumble.person('dan')}", token).status_code == 200
    assert pumble.rest("GET", "/v1/channels", token).status_code == 403


def test_12_the_redirect_carries_a_code_and_the_unchanged_state(pumble: Pumble, app: TestApp) -> None:
    answer = redirect_query(decide(pumble, open_consent(pumble, app), "carla"))

    assert set(answer) == {"code", "state"}
    assert answer["state"] == STATE


def test_13_the_exchange_takes_multipart_with_hyphenated_names_only(pumble: Pumble) -> None:
    app, code = pumble.credentials, get_code(pumble, "ana")
    fields = {"client-id": app["id"], "client-secret": app["clientSecret"], "code": code}
    underscored = {name.replace("-", "_"): (None, value) for name, value in fields.items()}
    forms: list[dict[str, Any]] = [{"json": fields}, {"data": fields}, {"files": underscored}]

    for form in forms:
        refused = pumble.http.post(f"{pumble.url}/oauth2/access", timeout=20, **form)
        assert refused.status_code == 400
        assert set(refused.json()) == ERROR

    assert pumble.exchange(code).status_code == 200


def test_14_the_exchange_gives_five_keys_and_three_without_a_bot(pumble: Pumble, app: TestApp) -> None:
    plain = pumble.act("apps", manifest={**app.manifest(), "name": "Plain", "bot": False})

    assert set(pumble.grant("ana")) == FIVE
    assert set(pumble.grant("ana", "install", plain)) == {"accessToken", "userId", "workspaceId"}


def test_15_a_code_works_once_and_for_its_own_app_with_its_own_secret(pumble: Pumble, app: TestApp) -> None:
    other = pumble.act("apps", manifest={**app.manifest(), "name": "Other", "displayName": "Other"})
    code = get_code(pumble, "ana")

    wrong = pumble.exchange(code, {**pumble.credentials, "clientSecret": "guess"})
    foreign = pumble.exchange(code, other)
    first, second = pumble.exchange(code), pumble.exchange(code)

    assert (wrong.status_code, wrong.json()["code"]) == (401, 401000)
    assert (foreign.status_code, foreign.json()["code"]) == (400, 400000)
    assert (first.status_code, second.status_code) == (200, 400)
    assert set(second.json()) == ERROR


def test_16_the_first_consent_makes_the_bot_and_welcomes_everybody_once(pumble: Pumble, app: TestApp) -> None:
    answer = redirect_query(decide(pumble, open_consent(pumble, app), "gita"))
    tokens = pumble.exchange(answer["code"]).json()

    globex = pumble.get("workspaces")[1]
    assert globex["appInstalled"]
    assert [user["id"] for user in globex["users"] if user["isBot"]] == [tokens["botId"]]
    conversations = [item for item in globex["channels"] if tokens["botId"] in item["users"]]
    assert len(conversations) == 2
    for key in ("gita", "hugo"):
        pumble.grant(key)
        [conversation] = [item["id"] for item in conversations if pumble.person(key) in item["users"]]
        assert [item["text"] for item in pumble.screen(key, conversation)["messages"]] == ["Hello from API!"]


def test_17_a_second_person_gets_the_same_bot_and_a_token_of_their_own(pumble: Pumble) -> None:
    ana, carla = pumble.grant("ana"), pumble.grant("carla")

    assert (ana["botId"], ana["botToken"]) == (carla["botId"], carla["botToken"])
    assert ana["accessToken"] != carla["accessToken"]


def test_18_a_reinstall_by_an_owner_renews_the_bots_token(pumble: Pumble, app: TestApp) -> None:
    before = pumble.grant("ana")
    scopes = ",".join([*ALL_SCOPES, *(f"bot:{scope}" for scope in ALL_SCOPES)])

    page = open_consent(pumble, app, isReinstall="true", scopes=scopes)
    after = pumble.exchange(redirect_query(decide(pumble, page, "ana"))["code"]).json()

    assert after["botId"] == before["botId"]
    assert after["accessToken"] == before["accessToken"]
    assert (me(pumble, before["botToken"]), me(pumble, after["botToken"])) == (401, 200)


def test_19_a_reinstall_by_a_member_leaves_the_bot_alone(pumble: Pumble) -> None:
    before = pumble.grant("ana")

    assert pumble.grant("carla", "reinstall")["botToken"] == before["botToken"]
    assert me(pumble, before["botToken"]) == 200

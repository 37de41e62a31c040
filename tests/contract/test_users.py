"""Users, groups, the custom status and the key itself on the wire."""

import time
from typing import Any

import pytest

from tests.contract import objects
from tests.contract.conftest import HOUR_MS, Acme
from tests.contract.wire import Api, assert_structured, issue, success

pytestmark = pytest.mark.django_db(transaction=True)


class TestListUsers:
    def test_gives_everybody_whole(self, api: Api, acme: Acme) -> None:
        users = success(api.get("listUsers"))

        assert objects.list_of(objects.USER)(users)
        assert {acme.bot, *acme.people.values()} <= {user["id"] for user in users}

    def test_calls_peoples_roles_by_the_contracts_words_and_leaves_bots_theirs(self, api: Api) -> None:
        roles = {user["email"] or user["name"]: user["role"] for user in success(api.get("listUsers"))}

        assert roles == {
            "ana@acme.test": "OWNER",
            "ben@acme.test": "ADMIN",
            "carla@acme.test": "MEMBER",
            "dan@acme.test": "MEMBER",
            "guy@acme.test": "GUEST",
            "elena@acme.test": "MEMBER",
            "API": "USER",
            "Pumble": "USER",
        }

    def test_tells_bots_and_the_deactivated_apart(self, api: Api) -> None:
        users = {user["email"] or user["name"]: user for user in success(api.get("listUsers"))}

        assert users["elena@acme.test"]["status"] == "DEACTIVATED"
        bots = {name: (user["isAddonBot"], user["isPumbleBot"]) for name, user in users.items()}
        assert bots.pop("API") == (True, False)
        assert bots.pop("Pumble") == (False, True)
        assert set(bots.values()) == {(False, False)}


class TestListUserGroups:
    def test_gives_every_group_whole(self, api: Api, acme: Acme) -> None:
        groups = success(api.get("listUserGroups"))

        assert objects.list_of(objects.USER_GROUP)(groups)
        (engineering,) = [group for group in groups if group["handle"] == "engineering"]
        assert engineering["name"] == "Engineering"
        assert set(engineering["workspaceUserIds"]) == {acme.people["ana"], acme.people["ben"]}


class TestMyInfo:
    @pytest.mark.parametrize(("email", "role"), [("ana@acme.test", "OWNER"), ("ben@acme.test", "ADMIN")])
    def test_is_the_keys_owner_as_among_all_users(self, portal: str, email: str, role: str) -> None:
        api = Api(portal, issue(email))

        me = success(api.get("myInfo"))

        assert objects.USER(me)
        assert (me["email"], me["role"], me["status"]) == (email, role, "ACTIVATED")
        assert me in success(api.get("listUsers"))


class TestCustomStatus:
    def status(self, api: Api) -> Any:
        return success(api.get("myInfo"))["customStatus"]

    def test_shows_until_its_time(self, api: Api, later: int) -> None:
        data = {"code": ":palm_tree:", "status": "On holiday", "expiresAt": later}

        assert success(api.post("customStatus", data)) == {}

        result = self.status(api)
        assert (result["code"], result["status"], result["expiresAt"]) == (":palm_tree:", "On holiday", later)

    def test_needs_no_text(self, api: Api, later: int) -> None:
        assert success(api.post("customStatus", {"code": ":coffee:", "expiresAt": str(later)})) == {}

        assert (self.status(api)["code"], self.status(api)["status"]) == (":coffee:", "")

    @pytest.mark.parametrize(
        "expiration", ["never", "min30", "hour1", "hour4", "today", "thisWeek", "custom"]
    )
    def test_takes_each_word_for_its_end(self, api: Api, later: int, expiration: str) -> None:
        data = {"code": ":coffee:", "expiresAt": later, "expiration": expiration}

        assert success(api.post("customStatus", data)) == {}

        assert self.status(api)["expiration"] == expiration

    @pytest.mark.parametrize(
        "how",
        [
            {"code": "", "status": "", "expiresAt": 4_000_000_000_000},
            {"code": ":coffee:", "expiresAt": 1},
            {"code": ":coffee:", "expiresAt": 0},
        ],
    )
    def test_is_cleared_in_each_way_that_clients_know(
        self, api: Api, later: int, how: dict[str, Any]
    ) -> None:
        success(api.post("customStatus", {"code": ":coffee:", "expiresAt": later}))

        assert success(api.post("customStatus", how)) == {}

        assert self.status(api) is None

    @pytest.mark.parametrize("code", ["coffee", "☕", ":a b:", ":", "::", None])
    def test_refuses_what_is_no_code(self, api: Api, code: Any) -> None:
        answer = api.post("customStatus", {"code": code, "expiresAt": int(time.time()) * 1000 + HOUR_MS})

        assert_structured(answer, "validation", 400000)
        assert self.status(api) is None


class TestKeyInfo:
    def test_tells_a_key_about_itself_without_any_scope_of_its_own(self, portal: str) -> None:
        api = Api(portal, issue("ana@acme.test", "reaction:write"))

        info = success(api.get("keyInfo"))

        assert objects.KEY_INFO(info)
        assert (info["scopes"], info["channels"], info["expiresAt"]) == (["reaction:write"], None, None)
        assert api.headers["ApiKey"] not in str(info)

"""The channel operations on the wire: status, content type, key sets, types, and the effect read back."""

import pytest

from tests import pumble
from tests.contract import objects
from tests.contract.conftest import Acme
from tests.contract.wire import Api, assert_legacy, assert_structured, success
from tests.pumble import Person

pytestmark = pytest.mark.django_db(transaction=True)


def members(api: Api, channel_id: str) -> list[str]:
    result: list[str] = success(api.get("getChannel", channelId=channel_id))["users"]
    return result


def make(api: Api, name: str, kind: str = "PUBLIC") -> str:
    return str(success(api.post("createChannel", {"name": name, "type": kind}))["id"])


class TestListChannels:
    def test_answers_with_an_array_of_whole_entries(self, api: Api) -> None:
        entries = success(api.get("listChannels"))

        assert objects.list_of(objects.LISTED_CHANNEL)(entries)

    def test_has_every_kind_that_the_owner_sees(self, api: Api, acme: Acme) -> None:
        entries = {entry["channel"]["id"]: entry for entry in success(api.get("listChannels"))}
        kinds = {entry["channel"]["channelType"] for entry in entries.values()}

        assert kinds == {"PUBLIC", "PRIVATE", "DIRECT", "SELF"}
        assert set(acme.channels.values()) <= set(entries)
        (myself,) = [one for one in entries.values() if one["channel"]["channelType"] == "SELF"]
        assert myself["users"] == [acme.people["ana"]]
        archived = entries[acme.channels["relaunch"]]
        assert (archived["channel"]["isArchived"], archived["users"]) == (True, [])
        assert any(one["channel"]["isHidden"] for one in entries.values())
        assert any(one["channel"]["isAddonBot"] for one in entries.values())

    def test_shows_a_public_channel_that_the_owner_is_not_in(self, ben_api: Api, acme: Acme) -> None:
        entries = {entry["channel"]["id"]: entry for entry in success(ben_api.get("listChannels"))}

        design = entries[acme.channels["diseño"]]
        assert (design["channel"]["isMember"], acme.people["ben"] in design["users"]) == (False, False)

    def test_calls_channels_without_a_name_by_the_empty_one(self, api: Api) -> None:
        for entry in success(api.get("listChannels")):
            nameless = entry["channel"]["channelType"] in {"DIRECT", "SELF"}
            assert (entry["channel"]["name"] == "") == nameless


class TestGetChannel:
    @pytest.mark.parametrize("name", ["general", "ops", "board", "diseño", "#DISEÑO", "relaunch"])
    def test_answers_with_the_channel_and_its_members(self, api: Api, acme: Acme, name: str) -> None:
        result = success(api.get("getChannel", channel=name))

        assert objects.CHANNEL_INFO(result)
        assert result["channel"]["id"] == acme.channels[name.removeprefix("#").lower()]

    @pytest.mark.parametrize("name", ["disen\u0303o", "DISEN\u0303O", "#disen\u0303o", "\u00a0diseño\u3000"])
    def test_knows_a_name_in_any_unicode_form(self, api: Api, acme: Acme, name: str) -> None:
        result = success(api.get("getChannel", channel=name))

        assert result["channel"]["id"] == acme.channels["diseño"]

    def test_says_the_same_as_the_list(self, api: Api) -> None:
        for entry in success(api.get("listChannels")):
            result = success(api.get("getChannel", channelId=entry["channel"]["id"]))
            assert result == {"channel": entry["channel"], "users": entry["users"]}


class TestCreateChannel:
    @pytest.mark.parametrize("kind", ["PUBLIC", "PRIVATE"])
    def test_makes_a_channel_with_its_maker_in_it(self, api: Api, acme: Acme, kind: str) -> None:
        data = {"name": "Über Deploys", "type": kind, "description": "What went live"}

        made = success(api.post("createChannel", data))

        assert objects.CHANNEL_REF(made)
        assert made["name"] == "über-deploys"
        result = success(api.get("getChannel", channelId=made["id"]))
        assert result["users"] == [acme.people["ana"]]
        assert result["channel"]["channelType"] == kind
        assert result["channel"]["description"] == "What went live"
        assert result["channel"]["creatorId"] == acme.people["ana"]

    @pytest.mark.parametrize(
        ("data", "kind"),
        [
            ({"type": "private"}, "PRIVATE"),
            ({"isPrivate": True}, "PRIVATE"),
            ({"isPrivate": False}, "PUBLIC"),
            ({"type": None, "isPrivate": True}, "PRIVATE"),
        ],
    )
    def test_understands_how_other_clients_say_the_type(
        self, api: Api, data: dict[str, object], kind: str
    ) -> None:
        made = success(api.post("createChannel", {"name": "said-otherwise", **data}))

        assert success(api.get("getChannel", channelId=made["id"]))["channel"]["channelType"] == kind

    @pytest.mark.parametrize("name", ["general", "General", "relaunch", "board"])
    def test_refuses_a_name_that_is_taken(self, api: Api, name: str) -> None:
        answer = api.post("createChannel", {"name": name, "type": "PUBLIC"})

        assert_structured(answer, "validation", 400000, "This channel name is already taken")


class TestAddUsersToChannel:
    def test_lets_people_in_and_leaves_a_system_message(self, api: Api, ana: Person, acme: Acme) -> None:
        channel_id = make(api, "lively")
        wanted = [acme.people["carla"], acme.people["dan"]]

        assert success(api.post("addUsersToChannel", {"channelId": channel_id, "userIds": wanted})) == {}

        assert set(members(api, channel_id)) == {acme.people["ana"], *wanted}
        (message,) = success(api.get("listMessages", channelId=channel_id))["messages"]
        assert objects.MESSAGE(message)
        assert message["subtype"] != ""
        assert message["id"] == ana.screen(channel_id)["messages"][-1]["id"]
        assert success(api.delete("deleteMessage", channelId=channel_id, messageId=message["id"])) == {}

    def test_takes_who_is_in_already_for_granted(self, api: Api, acme: Acme) -> None:
        channel_id = make(api, "lively")
        for _ in range(2):
            data = {"channelId": channel_id.upper(), "userIds": acme.people["carla"]}
            assert success(api.post("addUsersToChannel", data)) == {}

        assert set(members(api, channel_id)) == {acme.people["ana"], acme.people["carla"]}

    def test_lets_the_bot_into_a_private_channel_which_opens_it(self, api: Api, acme: Acme) -> None:
        board = acme.channels["board"]
        assert_legacy(api.get("listMessages", channelId=board), "bot_not_in_channel")

        assert success(api.post("addUsersToChannel", {"channelId": board, "userIds": [acme.bot]})) == {}

        assert objects.MESSAGE_PAGE(success(api.get("listMessages", channelId=board)))

    def test_refuses_somebody_deactivated(self, api: Api, acme: Acme) -> None:
        data = {"channelId": acme.channels["general"], "userIds": [acme.people["elena"]]}

        assert_structured(
            api.post("addUsersToChannel", data), "validation", 400000, "Provided participants are not valid"
        )


class TestRemoveUserFromChannel:
    def test_lets_somebody_go(self, api: Api, acme: Acme) -> None:
        data = {"channelId": acme.channels["random"], "userId": acme.people["dan"]}

        assert success(api.post("removeUserFromChannel", data)) == {}

        assert acme.people["dan"] not in members(api, data["channelId"])
        message = success(api.get("listMessages", channel="random", limit=1))["messages"][0]
        assert message["systemMessage"]

    def test_refuses_who_is_no_member_so_that_the_client_can_look_why(self, api: Api, acme: Acme) -> None:
        data = {"channelId": acme.channels["ops"], "userId": acme.people["dan"]}

        assert_legacy(api.post("removeUserFromChannel", data), "forbidden_by_pumble")
        assert data["userId"] not in members(api, data["channelId"])


def test_an_error_of_pumble_in_the_middle_is_one_error_response(api: Api) -> None:
    pumble.faults({"match": "POST /v1/channels", "do": "status:500", "times": 1})

    assert_legacy(api.post("createChannel", {"name": "unlucky", "type": "PUBLIC"}), "pumble_unavailable", 502)

    assert_legacy(api.get("getChannel", channel="unlucky"), "not_found")

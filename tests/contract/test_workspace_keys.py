"""A workspace key acts as the app's bot only. Private channels exist for it only if a member put them on its list."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from keys import usage
from keys.models import ApiKey, Member, RequestLog
from pumble_bridge.models import Authorization
from tests import pumble
from tests.contract.conftest import Acme
from tests.contract.wire import Api, assert_legacy, success
from tests.pumble import Person

pytestmark = pytest.mark.django_db(transaction=True)

UNKNOWN_CHANNEL = "Could not find channel with that identifier"


def issue(email: str = "ana@acme.test", *options: str) -> str:
    out = io.StringIO()
    name = f"--name=ws-{ApiKey.objects.count()}"
    call_command(
        "create_key",
        "--workspace=Acme",
        "--workspace-key",
        f"--member={email}",
        name,
        "--json",
        *options,
        stdout=out,
    )
    return str(json.loads(out.getvalue())["key"])


@pytest.fixture
def bot_api(portal: str) -> Api:
    return Api(portal, issue())


class TestAWorkspaceKey:
    def test_sends_as_the_bot(self, bot_api: Api, ana: Person, acme: Acme) -> None:
        for more in ({}, {"asBot": True}):
            sent = success(bot_api.post("sendMessage", {"channel": "general", "text": "from CI"} | more))
            messages = ana.screen(sent["channelId"])["messages"]
            (message,) = [message for message in messages if message["id"] == sent["id"]]
            assert (message["author"], message["text"]) == (acme.bot, "from CI")
            reply = {"channel": "general", "messageId": sent["id"], "text": "and more"} | more
            success(bot_api.post("sendReply", reply))
            success(bot_api.post("dmUser", {"email": "ben@acme.test", "text": "hello"} | more))
            success(
                bot_api.post(
                    "dmGroup", {"userIds": [acme.people["ana"], acme.people["ben"]], "text": "x"} | more
                )
            )

    @pytest.mark.parametrize(
        ("operation", "data"),
        [
            ("sendMessage", {"channel": "general", "text": "x"}),
            ("sendReply", {"channel": "general", "messageId": "a" * 24, "text": "x"}),
            ("dmUser", {"email": "ben@acme.test", "text": "x"}),
            ("dmGroup", {"emails": ["ana@acme.test", "ben@acme.test"], "text": "x"}),
        ],
    )
    def test_does_not_send_as_a_person(self, bot_api: Api, operation: str, data: dict[str, Any]) -> None:
        calls = len(pumble.api_calls())

        answer = bot_api.post(operation, data | {"asBot": False})

        assert_legacy(answer, "not_for_workspace_keys")
        assert "asBot" in answer.json()["error"]
        assert len(pumble.api_calls()) == calls

    def test_sets_no_status(self, bot_api: Api) -> None:
        status = {"code": ":palm_tree:", "status": "x", "expiresAt": 4_000_000_000_000}

        assert_legacy(bot_api.post("customStatus", status), "not_for_workspace_keys")

    def test_is_the_bot(self, bot_api: Api, acme: Acme) -> None:
        assert success(bot_api.get("myInfo"))["id"] == acme.bot
        assert success(bot_api.get("listUsers"))

    def test_edits_deletes_and_reacts_as_the_bot(
        self, bot_api: Api, api: Api, ana: Person, acme: Acme
    ) -> None:
        sent = success(bot_api.post("sendMessage", {"channel": "general", "text": "x"}))
        by_ana = success(api.post("sendMessage", {"channel": "general", "text": "x"}))
        where = {"channelId": sent["channelId"]}

        success(bot_api.post("editMessage", where | {"messageId": sent["id"], "text": "y"}))
        success(bot_api.post("addReaction", where | {"messageId": by_ana["id"], "reaction": ":+1:"}))
        (message,) = [m for m in ana.screen(where["channelId"])["messages"] if m["id"] == by_ana["id"]]
        assert [reaction["user"] for reaction in message["reactions"]] == [acme.bot]
        foreign = bot_api.post("editMessage", where | {"messageId": by_ana["id"], "text": "y"})
        assert foreign.json()["reason"] == "forbidden_by_pumble"
        foreign = bot_api.delete("deleteMessage", **where, messageId=by_ana["id"])
        assert foreign.json()["reason"] == "forbidden_by_pumble"
        success(bot_api.delete("deleteMessage", **where, messageId=sent["id"]))

    def test_must_name_the_channel_of_a_reaction(self, bot_api: Api, api: Api) -> None:
        sent = success(api.post("sendMessage", {"channel": "general", "text": "x"}))

        for answer in (
            bot_api.post("addReaction", {"messageId": sent["id"], "reaction": ":+1:"}),
            bot_api.delete("removeReaction", messageId=sent["id"], reaction=":+1:"),
        ):
            assert_legacy(answer, "not_for_workspace_keys")
            assert "channelId" in answer.json()["error"]

    def test_creates_public_channels_only(self, bot_api: Api, acme: Acme) -> None:
        created = success(bot_api.post("createChannel", {"name": "builds", "type": "PUBLIC"}))

        success(
            bot_api.post("addUsersToChannel", {"channelId": created["id"], "userIds": [acme.people["ben"]]})
        )
        answer = bot_api.post("createChannel", {"name": "secret builds", "type": "PRIVATE"})
        assert_legacy(answer, "not_for_workspace_keys")

    def test_is_logged_as_the_bots(self, bot_api: Api) -> None:
        success(bot_api.post("sendMessage", {"channel": "general", "text": "x"}))

        usage.recorder.flush()
        assert RequestLog.objects.get().speaker == RequestLog.Speaker.BOT

    def test_works_though_its_responsible_person_does_not_authorize_the_app_any_more(
        self, portal: str, ben: Person
    ) -> None:
        bot_api = Api(portal, issue(ben.email))
        pumble.act("unauthorize", userId=ben.id)
        pumble.settle(1)

        success(bot_api.get("myInfo"))
        assert ApiKey.objects.get().responsible is None

    def test_is_refused_when_the_app_was_uninstalled(self, bot_api: Api, ana: Person) -> None:
        pumble.act("uninstall", userId=ana.id)
        pumble.settle(1)

        assert_legacy(bot_api.get("myInfo"), "key_revoked")

    def test_is_refused_where_the_bots_token_is_gone(self, bot_api: Api) -> None:
        success(bot_api.get("myInfo"))
        Member.objects.filter(is_bot=True).update(authorized_at=None)

        assert_legacy(bot_api.get("myInfo"), "owner_not_authorized")

    def test_says_who_can_help_when_pumble_rejects_the_bots_token(self, bot_api: Api) -> None:
        pumble.faults({"match": "* /**", "do": "status:401", "times": 2})

        answer = bot_api.get("listUsers")

        assert_legacy(answer, "owner_not_authorized")
        assert "install the app again" in answer.json()["error"]


def closed_to(channel: dict[str, str], message_id: str, later: int) -> dict[str, dict[str, Any]]:
    """Every operation on a channel, with arguments for the channel."""
    it: dict[str, Any] = channel | {"messageId": message_id}
    operations: dict[str, dict[str, Any]] = {
        "getChannel": channel,
        "sendMessage": channel | {"text": "x"},
        "sendReply": it | {"text": "x"},
        "fetchMessage": it,
        "fetchFile": it | {"fileId": message_id},
        "fetchThreadReplies": channel | {"rootMessageId": message_id},
        "listMessages": channel,
        "deleteMessage": it,
    }
    if "channelId" in channel:
        operations |= {
            "editMessage": it | {"text": "x"},
            "addReaction": it | {"reaction": ":+1:"},
            "removeReaction": it | {"reaction": ":+1:"},
            "createScheduledMessage": channel | {"text": "x", "sendAt": str(later)},
            "fetchScheduledMessages": channel,
            "addUsersToChannel": channel | {"userIds": [message_id]},
            "removeUserFromChannel": channel | {"userId": message_id},
        }
    return operations


class TestAPrivateChannelThatIsNotOnTheList:
    """The bot is a member of `ops`."""

    def test_does_not_exist_for_the_key(self, bot_api: Api, ana: Person, acme: Acme, later: int) -> None:
        ops = acme.channels["ops"]
        secret = ana.screen(ops)["messages"][0]
        before = ana.screen(ops)["messages"]

        for channel in ({"channelId": ops}, {"channel": "ops"}, {"channel": ops}):
            for operation, data in closed_to(channel, secret["id"], later).items():
                answer = bot_api.call(operation, data)
                assert answer.json().get("reason") == "not_found", (operation, answer.text)
                assert UNKNOWN_CHANNEL in answer.text
                assert secret["text"] not in answer.text

        assert ana.screen(ops)["messages"] == before

    def test_is_neither_listed_nor_searched(self, bot_api: Api, ana: Person, acme: Acme) -> None:
        secret = ana.screen(acme.channels["ops"])["messages"][0]

        listed = success(bot_api.get("listChannels"))
        assert {info["channel"]["channelType"] for info in listed} == {"PUBLIC"}
        found = success(bot_api.post("searchMessages", {"text": secret["text"][:40]}))
        assert acme.channels["ops"] not in {hit["channelId"] for hit in found["content"]}
        answer = bot_api.post("searchMessages", {"text": "x", "in": ["ops"]})
        assert answer.json()["reason"] == "validation"

    def test_nor_are_the_conversations_of_the_bot_with_people(self, bot_api: Api, ben: Person) -> None:
        sent = success(bot_api.post("dmUser", {"email": ben.email, "text": "hello"}))

        answer = bot_api.get("listMessages", channelId=sent["channelId"])

        assert answer.json()["reason"] == "not_found"


class TestAPrivateChannelOnTheList:
    @pytest.fixture
    def ops_api(self, portal: str, acme: Acme) -> Api:
        return Api(portal, issue("ana@acme.test", f"--channel={acme.channels['ops']}=ops"))

    def test_is_open_to_the_key_and_no_other_channel_is(self, ops_api: Api, ana: Person, acme: Acme) -> None:
        secret = ana.screen(acme.channels["ops"])["messages"][0]

        page = success(ops_api.get("listMessages", channel="ops"))
        assert secret["id"] in {message["id"] for message in page["messages"]}
        success(ops_api.post("sendMessage", {"channel": "ops", "text": "x"}))
        assert_legacy(ops_api.get("listMessages", channel="general"), "channel_not_allowed")

    def test_by_its_name_does_not_open_it_to_keys_without_it(self, ops_api: Api, bot_api: Api) -> None:
        for _ in range(2):
            success(ops_api.get("listMessages", channel="ops"))
            assert bot_api.get("listMessages", channel="ops").json()["reason"] == "not_found"

    def test_needs_the_bot_as_a_member(self, portal: str, acme: Acme) -> None:
        board_api = Api(portal, issue("ana@acme.test", f"--channel={acme.channels['board']}=board"))

        for name in ("channel", "channelId"):
            assert_legacy(
                board_api.get("listMessages", **{name: acme.channels["board"]}), "bot_not_in_channel"
            )

    def test_is_put_there_only_by_a_member_of_it(self, carla_api: Api, acme: Acme) -> None:
        with pytest.raises(CommandError, match="Not a member of: #ops"):
            issue("carla@acme.test", f"--channel={acme.channels['ops']}=ops")
        with pytest.raises(CommandError, match="Not a member of: a"):
            issue("carla@acme.test", f"--channel={'a' * 24}")
        issue("carla@acme.test", f"--channel={acme.channels['general']}=general")

    def test_is_put_there_by_nobody_while_pumble_does_not_answer(self, portal: str, acme: Acme) -> None:
        pumble.faults({"match": "GET /v1/channels", "do": "status:500", "times": 5})

        with pytest.raises(CommandError, match="Pumble did not say"):
            issue("ana@acme.test", f"--channel={acme.channels['ops']}=ops")
        assert not ApiKey.objects.exists()


class TestAManagingWorkspaceKey:
    @pytest.fixture
    def manager(self, portal: str) -> Api:
        return Api(portal, issue("ana@acme.test", "--scope=keys:manage", "--scope=messages:read"))

    def test_reaches_workspace_keys_only(self, manager: Api, api: Api) -> None:
        personal = success(api.get("keyInfo"))["id"]

        listed = success(manager.get("listKeys"))

        assert [key["name"] for key in listed] == [ApiKey.objects.get(owner__is_bot=True).name]
        for operation, data in {
            "updateKey": {"id": personal, "name": "x"},
            "rotateKey": {"id": personal},
            "revokeKey": {"id": personal},
        }.items():
            answer = manager.post(operation, data)
            assert answer.json()["reason"] == "not_found", answer.text

    def test_is_out_of_reach_for_the_managing_key_of_its_responsible_person(self, portal: str) -> None:
        issue("ana@acme.test")
        out = io.StringIO()
        options = (
            "--workspace=Acme",
            "--member=ana@acme.test",
            "--name=own",
            "--scope=keys:manage",
            "--json",
        )
        call_command("create_key", *options, stdout=out)
        personal = Api(portal, json.loads(out.getvalue())["key"])

        assert [key["name"] for key in success(personal.get("listKeys"))] == ["own"]
        workspace_key = ApiKey.objects.get(owner__is_bot=True)
        answer = personal.post("revokeKey", {"id": workspace_key.key_id})
        assert answer.json()["reason"] == "not_found"

    def test_creates_keys_for_public_channels_that_have_its_responsible_person(
        self, manager: Api, portal: str, acme: Acme
    ) -> None:
        created = success(manager.post("createKey", {"name": "deploy", "channels": ["general"]}))

        key = ApiKey.objects.get(key_id=created["id"])
        assert (key.is_workspace_key, key.responsible and key.responsible.email) == (True, "ana@acme.test")
        assert success(Api(portal, created["key"]).get("listMessages", channel="general"))
        success(manager.post("revokeKey", {"id": created["id"]}))
        for channel in ("ops", acme.channels["ops"]):
            answer = manager.post("createKey", {"name": "spy", "channels": [channel]})
            assert answer.json()["reason"] == "not_found", answer.text

    def test_neither_changes_nor_rotates_a_key_with_a_private_channel(self, manager: Api, acme: Acme) -> None:
        issue("ana@acme.test", f"--channel={acme.channels['ops']}=ops", "--scope=messages:read")
        key = ApiKey.objects.latest("pk")

        for operation, data in {"rotateKey": {"id": key.key_id}, "revokeKey": {"id": key.key_id}}.items():
            answer = manager.post(operation, data)
            assert answer.json()["reason"] == "validation", answer.text
            assert "channels" in answer.text

    def test_adds_no_channel_to_a_key_without_a_list(self, manager: Api) -> None:
        created = success(manager.post("createKey", {"name": "deploy"}))

        answer = manager.post("updateKey", {"id": created["id"], "channels": ["general"]})

        assert answer.json()["reason"] == "validation", answer.text

    def test_rotates_itself(self, manager: Api, portal: str) -> None:
        successor = success(manager.post("rotateKey", {}))

        assert success(Api(portal, successor["key"]).get("keyInfo"))["id"] == successor["id"]
        assert ApiKey.objects.get(key_id=successor["id"]).responsible is not None


class TestAnInstallationOfTheReleaseBefore:
    def test_gets_its_bot_with_the_first_workspace_key(self, portal: str, acme: Acme) -> None:
        Member.objects.filter(is_bot=True).delete()

        assert success(Api(portal, issue()).get("myInfo"))["id"] == acme.bot
        assert not Authorization.objects.filter(member__is_bot=True).exists()

"""Every operation with every choice of scopes, bound to channels or not: allowed or refused, and nothing in between."""

from collections.abc import Mapping
from typing import Any

import pytest
import requests
from django.utils import timezone

from keys import lifecycle, scopes
from keys.audit import OPERATOR
from keys.models import ApiKey, Member
from portal.api.urls import OPERATIONS
from pumble_bridge import installations
from tests import pumble
from tests.contract.calls import send
from tests.contract.conftest import Acme
from tests.contract.wire import MANAGEMENT, METHODS, Api, assert_legacy, success
from tests.pumble import Person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

SCOPES = {  # of each operation the scopes of which one is needed
    operation.operation: {operation.scope} if operation.scope else {*operation.any_scope}
    for operation in OPERATIONS
    if operation.operation not in MANAGEMENT
}
WRITING = {name for name, needed in SCOPES.items() if needed and not all(map(scopes.is_read_only, needed))}
# With a key bound to `general`: what is refused there although the scope is held.
NEVER_WHEN_BOUND = {"createChannel", "dmUser", "dmGroup"}
NO_CHANNEL = {"listChannels", "listUsers", "listUserGroups", "myInfo", "customStatus", "keyInfo"}
NO_CHANNEL |= {"searchMessages", "fetchScheduledMessages"}  # they answer less instead


def test_every_operation_that_needs_a_scope_to_write_supports_dry_runs_and_repetition() -> None:
    writing = {operation.operation for operation in OPERATIONS if operation.writes()}

    assert writing == WRITING | MANAGEMENT.keys() - {"listKeys"}


def key_of(person: str, **rights: Any) -> str:
    owner = Member.objects.get(email=person)
    name = f"key-{ApiKey.objects.count()}"
    return lifecycle.issue(owner=owner, name=name, by=OPERATOR, now=timezone.now(), **rights)[1].text


def inputs(api: Api, acme: Acme, later: int, channel: str) -> dict[str, dict[str, Any]]:
    """A valid input for each operation, about fresh objects in `channel`."""
    where = {"channelId": acme.channels[channel]}
    ids = [send(api, f"{channel} {number}", channel)["id"] for number in range(5)]
    reaction = {"reaction": ":+1:", **where}
    scheduled = [
        success(api.post("createScheduledMessage", {"text": "later", "sendAt": later, **where}))["id"]
        for _ in range(3)
    ]
    eve = {"userIds": [acme.people["dan"]]} | where
    return {
        "listChannels": {},
        "getChannel": where,
        "createChannel": {"name": f"new in {channel}", "type": "PUBLIC"},
        "addUsersToChannel": eve,
        "removeUserFromChannel": where | {"userId": acme.people["dan"]},
        "sendMessage": where | {"text": "x"},
        "sendReply": where | {"messageId": ids[0], "text": "x"},
        "dmUser": {"userId": acme.people["ben"], "text": "x"},
        "dmGroup": {"userIds": [acme.people["ben"], acme.people["dan"]], "text": "x"},
        "fetchMessage": where | {"messageId": ids[0]},
        "fetchFile": where | api.send_file(acme.channels[channel]),
        "fetchThreadReplies": where | {"rootMessageId": ids[0]},
        "listMessages": where,
        "searchMessages": {"text": "x"},
        "editMessage": where | {"messageId": ids[1], "text": "y"},
        "deleteMessage": where | {"messageId": ids[2]},
        "addReaction": reaction | {"messageId": ids[3]},
        "removeReaction": reaction | {"messageId": ids[3]},
        "createScheduledMessage": where | {"text": "x", "sendAt": later},
        "fetchScheduledMessages": {},
        "fetchScheduledMessage": {"scheduledMessageId": scheduled[0]},
        "editScheduledMessage": where | {"scheduledMessageId": scheduled[1], "text": "y", "sendAt": later},
        "deleteScheduledMessage": {"scheduledMessageId": scheduled[2]},
        "listUsers": {},
        "listUserGroups": {},
        "myInfo": {},
        "customStatus": {"code": ":palm_tree:", "expiresAt": later},
        "listEvents": where,
        "keyInfo": {},
    }


def outcome(answer: requests.Response) -> str:
    return "ok" if answer.status_code == 200 else str(answer.json()["reason"])


def test_every_operation_declares_a_scope_of_ours() -> None:
    assert {name for name, needed in SCOPES.items() if not needed} == {"keyInfo"}
    assert {scope for needed in SCOPES.values() for scope in needed} | {"files:write"} == set(scopes.ALL)
    assert set(SCOPES) == set(METHODS)


@pytest.mark.parametrize("preset", scopes.PRESETS)
@pytest.mark.parametrize("bound", [False, True], ids=["anywhere", "bound"])
def test_the_matrix(api: Api, portal: str, acme: Acme, later: int, preset: str, bound: bool) -> None:
    rights: dict[str, Any] = {"scopes": scopes.PRESETS[preset]}
    if bound:
        rights["channels"] = {acme.channels["general"]: "general"}
    holder = Api(portal, key_of("ana@acme.test", **rights))

    for channel in ("general", "random"):
        data = inputs(api, acme, later, channel)
        expected = {
            operation: _expected(operation, scopes.PRESETS[preset], bound=bound, channel=channel)
            for operation in METHODS
        }
        result = {operation: outcome(holder.call(operation, data[operation])) for operation in METHODS}
        assert result == expected, channel


def _expected(operation: str, held: tuple[str, ...], *, bound: bool, channel: str) -> str:
    needed = SCOPES[operation]
    if needed and not needed & {*held}:
        return "scope_missing"
    outside = channel != "general" and operation not in NO_CHANNEL
    return "channel_not_allowed" if bound and (outside or operation in NEVER_WHEN_BOUND) else "ok"


@pytest.fixture
def bound(portal: str, acme: Acme) -> Api:
    """With a key of Ana bound to `general`."""
    return Api(portal, key_of("ana@acme.test", channels={acme.channels["general"]: "general"}))


class TestAKeyBoundToAChannel:
    def test_does_not_see_that_others_exist(self, bound: Api, acme: Acme) -> None:
        unknown: Mapping[str, str] = {"channel": "no such channel"}

        for data in (
            {"channel": "random"},
            {"channelId": acme.channels["random"]},
            unknown,
            {"channelId": "f" * 24},
        ):
            answer = bound.call("getChannel", dict(data))
            assert_legacy(answer, "channel_not_allowed")
            assert answer.json()["error"] == bound.call("getChannel", dict(unknown)).json()["error"]
        assert [entry["channel"]["name"] for entry in success(bound.get("listChannels"))] == ["general"]

    def test_is_refused_by_id_without_a_question_to_pumble(self, bound: Api, acme: Acme) -> None:
        before = len(pumble.api_calls())

        assert_legacy(bound.get("listMessages", channelId=acme.channels["random"]), "channel_not_allowed")

        assert len(pumble.api_calls()) == before

    def test_finds_messages_of_its_channel_only(self, api: Api, bound: Api, acme: Acme) -> None:
        for channel in ("general", "random"):
            send(api, "a pangolin", channel)

        everywhere = success(api.post("searchMessages", {"text": "pangolin"}))["content"]
        result = success(bound.post("searchMessages", {"text": "pangolin"}))["content"]

        assert {hit["channelId"] for hit in everywhere} == {acme.channels["general"], acme.channels["random"]}
        assert {hit["channelId"] for hit in result} == {acme.channels["general"]}
        for named in ("random", acme.channels["random"], "general-2"):
            answer = bound.post("searchMessages", {"text": "pangolin", "in": ["general", named]})
            assert_legacy(answer, "channel_not_allowed")

    def test_finds_nothing_rather_than_everything_where_its_channel_is_closed(
        self, portal: str, api: Api, acme: Acme
    ) -> None:
        send(api, "a pangolin", "random")
        closed = Api(portal, key_of("ana@acme.test", channels={acme.channels["board"]: "board"}))

        assert success(closed.post("searchMessages", {"text": "pangolin"}))["content"] == []

    def test_reacts_only_where_it_says_where(self, api: Api, bound: Api, acme: Acme) -> None:
        inside, outside = send(api, "x"), send(api, "x", "random")
        reaction = {"reaction": ":+1:"}

        for operation in ("addReaction", "removeReaction"):
            it = {"messageId": inside["id"], **reaction}
            assert_legacy(bound.call(operation, it), "channel_not_allowed")
            assert outcome(bound.call(operation, it | {"channelId": inside["channelId"]})) == "ok"
            lie = {"messageId": outside["id"], "channelId": inside["channelId"], **reaction}
            assert outcome(bound.call(operation, lie)) == "not_found"

    def test_sees_and_moves_scheduled_messages_of_its_channel_only(
        self, api: Api, bound: Api, acme: Acme, later: int
    ) -> None:
        made = {
            channel: success(
                api.post(
                    "createScheduledMessage",
                    {"channelId": acme.channels[channel], "text": channel, "sendAt": later},
                )
            )["id"]
            for channel in ("general", "random")
        }

        listed = success(bound.get("fetchScheduledMessages"))["scheduledMessages"]
        assert {one["channelId"] for one in listed} == {acme.channels["general"]}
        assert made["general"] in {one["id"] for one in listed}
        move = {"scheduledMessageId": made["general"], "channelId": acme.channels["random"]}
        answer = bound.post("editScheduledMessage", move | {"text": "x", "sendAt": later})
        assert_legacy(answer, "channel_not_allowed")

    def test_pages_through_scheduled_messages_of_its_channel_behind_many_others(
        self, portal: str, api: Api, acme: Acme, later: int
    ) -> None:
        for channel in ["general"] * 4 + ["random"] * 3:
            body = {"channelId": acme.channels[channel], "text": channel, "sendAt": later}
            success(api.post("createScheduledMessage", body))
        bound = Api(portal, key_of("ana@acme.test", channels={acme.channels["random"]: "random"}))

        first = success(bound.get("fetchScheduledMessages", limit=2))
        cursor = first["scheduledMessages"][-1]["id"]
        rest = success(bound.get("fetchScheduledMessages", limit=2, cursor=cursor))

        pages = [[one["text"] for one in page["scheduledMessages"]] for page in (first, rest)]
        assert pages == [["random", "random"], ["random"]]
        assert (first["hasMore"], rest["hasMore"]) == (True, False)

    def test_writes_in_a_direct_channel_that_it_is_bound_to(
        self, api: Api, portal: str, ana: Person, acme: Acme
    ) -> None:
        to_ben = {"userId": acme.people["ben"], "text": "x"}
        direct = success(api.post("dmUser", to_ben))["channelId"]
        bound = Api(portal, key_of("ana@acme.test", channels={direct: ""}))

        assert success(bound.post("dmUser", to_ben))["channelId"] == direct
        for elsewhere in ({"userId": acme.people["dan"]}, {"userId": acme.people["ben"], "asBot": True}):
            before = len([call for call in pumble.api_calls() if call["method"] == "POST"])
            assert_legacy(bound.post("dmUser", {"text": "x", **elsewhere}), "channel_not_allowed")
            assert len([call for call in pumble.api_calls() if call["method"] == "POST"]) == before

    def test_says_so_of_itself(self, bound: Api, acme: Acme) -> None:
        assert success(bound.get("keyInfo"))["channels"] == [acme.channels["general"]]


class TestAKeyBoundToAddresses:
    def test_is_refused_from_elsewhere(self, portal: str) -> None:
        here, elsewhere = (
            Api(portal, key_of("ana@acme.test", allowed_addresses=[network]))
            for network in ("127.0.0.0/8", "10.0.0.0/8")
        )

        assert success(here.get("keyInfo"))
        assert_legacy(
            elsewhere.get("keyInfo"),
            "ip_not_allowed",
            text="API key may not be used from this address (127.0.0.1)",
        )
        elsewhere.headers["X-Forwarded-For"] = "10.0.0.1"
        assert_legacy(elsewhere.get("keyInfo"), "ip_not_allowed")

    def test_believes_a_trusted_proxy(self, portal: str, settings: Any) -> None:
        from keys.ip_networks import parse_network

        api = Api(portal, key_of("ana@acme.test", allowed_addresses=["10.0.0.0/8"]))
        settings.TRUSTED_PROXIES = [parse_network("127.0.0.1")]

        api.headers["X-Forwarded-For"] = "192.0.2.1, ::ffff:10.0.0.1"
        assert success(api.get("keyInfo"))
        api.headers["X-Forwarded-For"] = "10.0.0.1, 192.0.2.1"
        assert_legacy(api.get("keyInfo"), "ip_not_allowed")


# What a workspace key with every scope gets where a person's key works: `general` is public, the bot is in private `ops`.
REFUSED_TO_WORKSPACE_KEYS = {"customStatus": "not_for_workspace_keys"}
NOT_ABOUT_ONE_CHANNEL = NO_CHANNEL | {"createChannel", "dmUser", "dmGroup"}


def workspace_key(**rights: Any) -> str:
    workspace = Member.objects.get(email="ana@acme.test").workspace
    bot = installations.get_bot(workspace, now=timezone.now())
    name = f"key-{ApiKey.objects.count()}"
    return lifecycle.issue(owner=bot, name=name, by=OPERATOR, now=timezone.now(), **rights)[1].text


@pytest.mark.parametrize("manages", [False, True], ids=["plain", "managing"])
def test_the_matrix_of_workspace_keys(portal: str, acme: Acme, later: int, manages: bool) -> None:
    held = scopes.KNOWN if manages else scopes.ALL
    listing = Api(portal, workspace_key(scopes=held, channels={acme.channels["ops"]: "ops"}))
    plain = Api(portal, workspace_key(scopes=held))
    result = {}
    for kind, key, channel in (("plain", plain, "general"), ("listing", listing, "ops")):
        data = inputs(key, acme, later, channel)
        if kind == "listing":  # the same objects of `ops`, with a key that has no list
            for operation in METHODS:
                if operation not in NOT_ABOUT_ONE_CHANNEL:
                    result["unlisted", operation] = outcome(plain.call(operation, data[operation]))
        for operation in METHODS:
            result[kind, operation] = outcome(key.call(operation, data[operation]))

    expected = {("plain", operation): "ok" for operation in METHODS}
    expected |= {("plain", name): reason for name, reason in REFUSED_TO_WORKSPACE_KEYS.items()}
    expected |= {("listing", operation): expected["plain", operation] for operation in METHODS}
    expected |= {("listing", operation): "channel_not_allowed" for operation in NEVER_WHEN_BOUND}
    expected["plain", "removeUserFromChannel"] = "forbidden_by_pumble"  # the bot did not create `general`
    expected |= {
        ("unlisted", operation): "not_found"
        for operation in METHODS
        if operation not in NOT_ABOUT_ONE_CHANNEL
    }
    assert result == expected

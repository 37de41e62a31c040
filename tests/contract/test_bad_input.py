"""Bad input: every operation, every field, every kind of invalid value. Each answer is the documented one and leaks nothing."""

import functools
import json
from typing import Any

import pytest
import requests

from tests import pumble
from tests.contract import bad_values
from tests.contract.bad_values import FIELDS, Answer
from tests.contract.conftest import Acme
from tests.contract.wire import JSON, METHODS, Api, success

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

WITHOUT_REQUIRED = {
    "listChannels",
    "fetchScheduledMessages",
    "listUsers",
    "listUserGroups",
    "myInfo",
    "listEvents",
    "keyInfo",
}


class World:
    """Input that every operation takes, and what there is of another workspace."""

    def __init__(self, api: Api, acme: Acme, later: int) -> None:
        self.api, self.acme, self.later = api, acme, later
        self.general = acme.channels["general"]
        self.root = self.message()
        self.write("sendReply", channelId=self.general, messageId=self.root, text="reply")
        self.file = api.send_file(self.general)
        self.foreign = foreign()

    def good(self, operation: str) -> dict[str, Any]:
        """Nothing but what is required; fresh where the operation uses it up."""
        where = {"channelId": self.general}
        people = self.acme.people
        scheduled = where | {"text": "later", "sendAt": self.later}
        data: dict[str, dict[str, Any]] = {
            "getChannel": where,
            "createChannel": {"name": f"made-{self.root[-6:]}", "type": "PUBLIC"},
            "addUsersToChannel": where | {"userIds": [people["dan"]]},
            "removeUserFromChannel": where | {"userId": people["dan"]},
            "sendMessage": where | {"text": "x"},
            "sendReply": where | {"text": "x", "messageId": self.root},
            "dmUser": {"userId": people["ben"], "text": "x"},
            "dmGroup": {"userIds": [people["ben"], people["dan"]], "text": "x"},
            "fetchMessage": where | {"messageId": self.root},
            "fetchFile": where | self.file,
            "fetchThreadReplies": where | {"rootMessageId": self.root},
            "listMessages": where,
            "searchMessages": {"text": "release"},
            "editMessage": where | {"messageId": self.root, "text": "root"},
            "addReaction": {"messageId": self.root, "reaction": ":+1:"},
            "removeReaction": {"messageId": self.root, "reaction": ":+1:"},
            "createScheduledMessage": scheduled,
            "customStatus": {"code": ":coffee:", "expiresAt": self.later},
        }
        if operation == "createChannel":
            data[operation]["name"] = f"made-{len(success(self.api.get('listChannels')))}"
        if operation == "removeUserFromChannel":
            self.write("addUsersToChannel", **where, userIds=[people["dan"]])
        if operation == "deleteMessage":
            return where | {"messageId": self.message()}
        if operation in {"fetchScheduledMessage", "editScheduledMessage", "deleteScheduledMessage"}:
            one = {"scheduledMessageId": self.write("createScheduledMessage", **scheduled)["id"]}
            return one | scheduled if operation == "editScheduledMessage" else one
        return dict(data.get(operation, {}))

    def message(self) -> str:
        return str(self.write("sendMessage", channelId=self.general, text="root")["id"])

    def write(self, operation: str, **data: Any) -> Any:
        return success(self.api.post(operation, data))

    def decent(self, answer: requests.Response, about: object = "") -> requests.Response:
        """Never a fault, HTML, a redirect, DRF's own shape, or a word of the other workspace."""
        assert answer.status_code in {200, 403, 413}, f"{about}: {answer.status_code} {answer.text[:300]}"
        if answer.ok and "Content-Disposition" in answer.headers:
            return answer  # a file
        assert answer.headers["Content-Type"] == JSON
        body = answer.json()
        assert not isinstance(body, dict) or "detail" not in body
        leaked = [mark for mark in self.foreign.marks if mark in answer.text]
        assert leaked == [], about
        return answer

    def answered(self, operation: str, data: dict[str, Any], expected: Answer) -> None:
        shown = f"{operation} {str(data)[:200]}"
        answer = self.decent(self.api.call(operation, data), shown)
        try:
            expected(answer)
        except AssertionError as error:
            raise AssertionError(f"{shown}: {error}") from error


def accepted(answer: requests.Response) -> None:
    """A success: JSON, or a file."""
    if "Content-Disposition" in answer.headers:
        assert (answer.status_code, answer.text) == (200, "one\ntwo\n")
    else:
        success(answer)


class Foreign:
    """Ids and words of Globex."""

    def __init__(self) -> None:
        (globex,) = [result for result in pumble.get("workspaces") if result["name"] == "Globex"]
        (gita,) = [user for user in globex["users"] if user["email"] == "gita@globex.test"]
        shown = [
            message
            for channel in globex["channels"]
            if gita["id"] in channel["users"]
            for message in pumble.get("screen", userId=gita["id"], channelId=channel["id"])["messages"]
        ]
        self.user = gita["id"]
        self.channel = next(channel["id"] for channel in globex["channels"] if channel["name"] == "general")
        self.message = next(message["id"] for message in shown if message["channelId"] == self.channel)
        self.marks = [
            globex["id"],
            *(channel["id"] for channel in globex["channels"]),
            *(user[name] for user in globex["users"] for name in ("id", "name", "email")),
            *(message[name] for message in shown for name in ("id", "text")),
        ]
        assert len(shown) > 3

    def value(self, field: str) -> Any:
        """What stands in this field where it names something of Globex."""
        return {
            "channelId": self.channel,
            "channel": self.channel,
            "in": [self.channel],
            "userId": self.user,
            "userIds": [self.user],
            "email": "gita@globex.test",
            "emails": ["gita@globex.test"],
        }.get(field, self.message)


@functools.cache
def foreign() -> Foreign:
    """Globex is the same in every test: nothing here changes it, and the seed's ids are fixed."""
    return Foreign()


@pytest.fixture
def world(api: Api, acme: Acme, later: int) -> World:
    return World(api, acme, later)


def test_the_table_has_every_operation() -> None:
    assert list(FIELDS) == list(METHODS)


@pytest.mark.parametrize("operation", METHODS)
def test_every_field_says_what_it_does_not_take(world: World, operation: str) -> None:
    in_body = METHODS[operation] == "POST"
    good = world.good(operation)
    for field, kind in FIELDS[operation].items():
        rest = {
            name: value
            for name, value in good.items()
            if name not in {field, bad_values.WINS_OVER.get(field)}
        }
        cases = [*kind.texts, *(kind.values if in_body else ())]
        if kind.long:
            # A line of 60,000 characters is what servers take at most.
            cases.append((bad_values.LONG if in_body else bad_values.LONG[:60_000], kind.long))
        if kind.foreign:
            cases.append((world.foreign.value(field), kind.foreign))
        for value, expected in cases:
            world.answered(operation, rest | {field: value}, expected)
        if not in_body:
            world.answered(operation, rest | {field: "a\x00b"}, bad_values.validation)


@pytest.mark.parametrize("operation", METHODS)
def test_every_field_takes_what_clients_send_for_it(world: World, operation: str) -> None:
    in_body = METHODS[operation] == "POST"
    for field, kind in FIELDS[operation].items():
        fine = kind.fine if in_body else [value for value in kind.fine if isinstance(value, str | int)]
        for value in fine:
            world.answered(operation, world.good(operation) | {field: value}, accepted)
    moments = [
        name for name, kind in FIELDS[operation].items() if kind in (bad_values.MOMENT, bad_values.LONG_AGO)
    ]
    for name in moments:
        for sent in (str(world.later), world.later + 0.25, f"{world.later}.25"):
            world.answered(operation, world.good(operation) | {name: sent}, accepted)
    unknown = {"attachments": "x", "files": "x", "members": "x", "expand": "x", "": "", "a.b": "", "ñ": "ü"}
    world.answered(operation, unknown | world.good(operation), accepted)


@pytest.mark.parametrize("operation", METHODS)
def test_nothing_and_null_are_the_same_nothing(world: World, operation: str) -> None:
    nothing = (
        success
        if operation in WITHOUT_REQUIRED
        else bad_values.unusable
        if operation == "searchMessages"
        else bad_values.missing
    )
    good, in_body = world.good(operation), METHODS[operation] == "POST"
    empty = dict.fromkeys(FIELDS[operation], None if in_body else "")
    world.answered(operation, {}, nothing)
    world.answered(operation, empty, nothing)
    for name in good:
        world.answered(operation, good | {name: empty[name]}, nothing)
        world.answered(operation, {other: good[other] for other in good if other != name}, nothing)
    world.answered(operation, empty | good, accepted)
    if in_body:
        world.answered(operation, {"blocks": None, "unknown": None} | world.good(operation), accepted)
        nothing(world.decent(world.api.post(operation, raw=b"")))


@pytest.mark.parametrize("operation", METHODS)
def test_a_body_is_one_json_object_of_a_sane_size_or_it_is_not_read(world: World, operation: str) -> None:
    method, good = METHODS[operation], world.good(operation)
    query = good if method != "POST" else {}
    for name, (raw, expected) in bad_values.BODIES.items():
        answer = world.decent(world.api.send(method, operation, query=query, raw=raw), name)
        (expected if method != "GET" else accepted)(answer)
    # A body that is right still is.
    raw = json.dumps(world.good(operation)).encode()
    accepted(world.decent(world.api.send(method, operation, query={}, raw=raw))) if method != "GET" else None


def test_a_query_that_is_no_text_is_read_as_far_as_it_goes(world: World) -> None:
    for operation, method in METHODS.items():
        for field in FIELDS[operation] if method != "POST" else ():
            for broken in ("%ff%fe", "%ed%a0%80", "%", "%zz", "%u0041", "a&a=1&&;=&"):
                answer = world.api.send(method, f"{operation}?{field}={broken}&{field}={broken}")
                assert world.decent(answer, f"{operation} {field}={broken}").status_code == 403


def test_an_id_of_another_workspace_is_answered_like_an_unknown_one(world: World) -> None:
    """To the letter: no field, no length and no wording differs between what is elsewhere and what is nowhere."""
    for operation, fields in FIELDS.items():
        for field, kind in fields.items():
            if kind.foreign is None:
                continue
            rest = {
                n: v
                for n, v in world.good(operation).items()
                if n not in {field, bad_values.WINS_OVER.get(field)}
            }
            elsewhere = world.foreign.value(field)
            nowhere: Any = [bad_values.STRANGE_ID] if isinstance(elsewhere, list) else bad_values.STRANGE_ID
            if "email" in field:
                nowhere = ["nobody@globex.test"] if isinstance(elsewhere, list) else "nobody@globex.test"
            answers = [world.api.call(operation, rest | {field: value}) for value in (elsewhere, nowhere)]
            bodies = [answer.json() | {"requestId": "", "help": ""} for answer in answers]
            assert bodies[0] == bodies[1], f"{operation} {field}"

"""A table of the fields of every operation, and of invalid values for each kind of field."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from tests.contract.wire import assert_legacy, assert_structured

Answer = Callable[[requests.Response], object]

STRANGE_ID = "f" * 24
LONG = "x" * 100_001


def validation(answer: requests.Response) -> None:
    assert_structured(answer, "validation", 400000)
    assert answer.json()["message"][0] + answer.json()["message"][-1] == "[]"


def missing(answer: requests.Response) -> None:
    assert_structured(answer, "validation", 400000, "[must not be null]")


def people(answer: requests.Response) -> None:
    assert_structured(answer, "validation", 400000, "Provided participants are not valid")


def nothing_there(answer: requests.Response) -> None:
    assert_structured(answer, "not_found", 404100, "Not found")


def channel(answer: requests.Response) -> None:
    assert_legacy(answer, "not_found", text="Could not find channel with that identifier")


def unusable(answer: requests.Response) -> None:
    assert_legacy(answer, "validation", text="Invalid request parameters")


def too_large(answer: requests.Response) -> None:
    assert_legacy(answer, "too_large", 413)


def forbidden(answer: requests.Response) -> None:
    assert_legacy(answer, "forbidden_by_pumble")


@dataclass(frozen=True)
class Kind:
    """`texts` can come in a query too; `values` only in a body. `foreign` answers an id of another workspace.

    `fine` are unusual values that are taken; `long` answers a text of 100,001 characters.
    """

    texts: tuple[tuple[str, Answer], ...] = ()
    values: tuple[tuple[Any, Answer], ...] = ()
    fine: tuple[Any, ...] = ()
    foreign: Answer | None = None
    long: Answer | None = validation


def _none_of(values: list[Any]) -> tuple[tuple[Any, Answer], ...]:
    return tuple((value, validation) for value in values)


NO_TEXT = _none_of([{}, {"a": 1}, [], ["x"], [[]], True])
NO_NUMBER = _none_of([{}, [], [1], True, "", 1.5, 10**30])

CHANNEL = Kind(
    texts=(("nonsense", channel), (STRANGE_ID, channel), ("../x", channel), ("5", channel)),
    values=(*NO_TEXT, (5, channel), ("", validation)),
    foreign=channel,
    long=channel,
)
ID = Kind(
    texts=(("nonsense", validation), ("5", validation), ("f" * 23, validation), ("g" * 24, validation)),
    values=(*NO_TEXT, (5, validation), ("", validation)),
    foreign=nothing_there,
)
MESSAGE = Kind(texts=(*ID.texts, (STRANGE_ID, nothing_there)), values=ID.values, foreign=nothing_there)
PERSON = Kind(texts=(*ID.texts, (STRANGE_ID, people)), values=ID.values, foreign=people)
MEMBER = Kind(texts=(*ID.texts, (STRANGE_ID, forbidden)), values=ID.values, foreign=forbidden)
PEOPLE = Kind(
    values=(
        *_none_of(
            [{}, 5, True, "nonsense", "", [], [""], [{}], [[]], [None], ["nonsense"], [STRANGE_ID] * 101]
        ),
        ([STRANGE_ID], people),
    ),
    foreign=people,
)
EMAIL = Kind(
    values=(*NO_TEXT, ("", validation), (5, people), ("nobody", people), ("nobody@acme.test", people)),
    foreign=people,
    long=people,
)
EMAILS = Kind(
    values=(
        *_none_of([{}, 5, True, "", [""], [{}], [None], ["nobody"] * 101]),
        *((wrong, people) for wrong in ("nobody", ["nobody"], ["ben@acme.test", "nobody"])),
    ),
    foreign=people,
    long=people,
)
TEXT = Kind(values=(*NO_TEXT, ("", validation)), fine=(5, "5", " "))
BLOCKS = Kind(
    values=_none_of([{}, {"type": "rich_text"}, 5, True, "x", ["x"], [[]], [None], [{}] * 1001]), fine=([],)
)
FLAG = Kind(values=_none_of([{}, [], "perhaps", 7, "x" * 1000]), fine=("true", "false", 0, 1))
NUMBER = Kind(
    texts=(("abc", validation), ("-1", validation), ("9" * 20, validation), ("1e3", validation)),
    values=NO_NUMBER,
)
MOMENT = Kind(
    texts=(*NUMBER.texts, ("1798761600", validation), ("1798761600.5", validation), ("1.5.5", validation)),
    values=(*(wrong for wrong in NO_NUMBER if wrong[0] != 1.5), (1798761600, validation)),
)
LONG_AGO = Kind(texts=NUMBER.texts, values=MOMENT.values[:-1], fine=(1798761600, "1798761600.5"))
LIMIT = Kind(
    texts=(("0", validation), ("-1", validation), ("abc", validation), ("1.5", validation)),
    values=(*NO_NUMBER[:-1], (0, validation), (-1, validation)),
    fine=(1, "1", 1000, "1000", "9" * 15),
)
CURSOR = Kind(
    texts=(
        ("yesterday", validation),
        (STRANGE_ID, validation),
        ("9" * 16, validation),
        ("-1", validation),
        ("1772442000", validation),
        ("1772442000.25", validation),
    ),
    fine=("", "1", "9999999999999", "1772442000000.25", "2026-03-02T09:00:00Z"),
    foreign=validation,
)
LAST_SEEN = Kind(texts=ID.texts, fine=("", STRANGE_ID))
STRATEGY = Kind(
    texts=(("SIDEWAYS", validation),), values=_none_of([{}, [], 5, True]), fine=("before", "AROUND")
)
RELEVANCE = Kind(texts=(("SIDEWAYS", validation),), values=_none_of([{}, [], 5, True]), fine=("newest",))
REACTION = Kind(
    texts=(("+1", validation), ("👍", validation), ("::", validation)),
    values=(*NO_TEXT, (5, validation), ("", validation)),
    fine=(":-1:",),
)
NAME = Kind(values=(*NO_TEXT, ("", validation), ("x" * 81, validation), ("?!", validation)), fine=(5,))
TYPE = Kind(texts=(("X", validation),), values=_none_of([{}, [], 5, True, ""]), fine=("private",))
SHORT = Kind(values=(*NO_TEXT, ("x" * 251, validation)), fine=("", 5))
RECURRENCE = Kind(
    values=_none_of(
        [
            "WEEKLY",
            5,
            True,
            [],
            {},
            {"recurrenceType": None},
            {"recurrenceType": {}},
            {"recurrenceType": "NEVER"},
            {"recurrenceType": LONG},
            {"recurrenceType": "DAILY", "endDate": "abc"},
            {"recurrenceType": "DAILY", "endAfterOccurrences": -1},
            {"recurrenceType": "DAILY", "endAfterOccurrences": 10_000},
        ]
    ),
    fine=({"recurrenceType": "DAILY", "endAfterOccurrences": "3", "endDate": None},),
    long=validation,
)
CODE = Kind(values=(*NO_TEXT, ("coffee", validation), (5, validation)), fine=("",))
STATUS = Kind(values=(*NO_TEXT, ("x" * 129, validation), ("x" * 101, validation)), fine=("", 5))
EXPIRATION = Kind(values=_none_of([{}, [], 5, True, "", "soon"]), fine=("never",))
SEARCH_TEXT = Kind(values=(*NO_TEXT, ("x" * 1001, validation)), fine=(5,))
SEARCH_PEOPLE = Kind(
    values=(
        *_none_of([{}, 5, True, [{}], [None], [""], ["ben"] * 101]),
        *((wrong, unusable) for wrong in ("nobody", ["nobody"], ["ben", "nobody"])),
    ),
    fine=("Ben Okafor", []),
    long=unusable,
)
SEARCH_CHANNELS = Kind(
    values=(
        *_none_of([{}, 5, True, [{}], [None], [""], ["general"] * 101]),
        *((wrong, unusable) for wrong in ("nowhere", [STRANGE_ID], ["general", "nowhere"])),
    ),
    foreign=unusable,
    fine=("general", []),
    long=unusable,
)

EVENT_TYPES = Kind(
    texts=(("message.deleted", validation), ("message.created,", validation)),
    fine=("message.created", "reaction.added, channel.created"),
)
EVENT_CURSOR = Kind(texts=(("yesterday", validation), (STRANGE_ID, validation)), fine=("",))
WAIT = Kind(
    texts=(("-1", validation), ("26", validation), ("1e9", validation), ("abc", validation)), fine=(0, "0")
)

WHERE = {"channelId": CHANNEL, "channel": CHANNEL}
WHAT = {"text": TEXT, "blocks": BLOCKS, "asBot": FLAG}
WHEN = {"channelId": CHANNEL, "text": TEXT, "sendAt": MOMENT, "blocks": BLOCKS, "recurrence": RECURRENCE}
PAGE = {"cursor": CURSOR, "limit": LIMIT, "strategy": STRATEGY}

FIELDS: dict[str, dict[str, Kind]] = {
    "listChannels": {},
    "getChannel": WHERE,
    "createChannel": {"name": NAME, "type": TYPE, "description": SHORT},
    "addUsersToChannel": {"channelId": CHANNEL, "userIds": PEOPLE},
    "removeUserFromChannel": {"channelId": CHANNEL, "userId": MEMBER},
    "sendMessage": {**WHERE, **WHAT, "threadRootId": MESSAGE},
    "sendReply": {**WHERE, **WHAT, "messageId": MESSAGE, "alsoSendToChannel": FLAG},
    "dmUser": {**WHAT, "userId": PERSON, "email": EMAIL},
    "dmGroup": {**WHAT, "userIds": PEOPLE, "emails": EMAILS},
    "fetchMessage": {**WHERE, "messageId": MESSAGE},
    "fetchFile": {**WHERE, "messageId": MESSAGE, "fileId": MESSAGE},
    "fetchThreadReplies": {**WHERE, **PAGE, "rootMessageId": MESSAGE},
    "listMessages": {**WHERE, **PAGE},
    "searchMessages": {
        "text": SEARCH_TEXT,
        "from": SEARCH_PEOPLE,
        "in": SEARCH_CHANNELS,
        "limit": LIMIT,
        "strategy": RELEVANCE,
        "beforeTs": MOMENT,
        "afterTs": MOMENT,
    },
    "editMessage": {"messageId": MESSAGE, "channelId": CHANNEL, "text": TEXT, "blocks": BLOCKS},
    "deleteMessage": {**WHERE, "messageId": MESSAGE},
    "addReaction": {"messageId": MESSAGE, "reaction": REACTION, "channelId": CHANNEL, "skinTone": NUMBER},
    "removeReaction": {"messageId": MESSAGE, "reaction": REACTION, "channelId": CHANNEL},
    "createScheduledMessage": {**WHEN, "threadRootId": MESSAGE, "alsoSendToChannel": FLAG},
    "fetchScheduledMessages": {"channelId": CHANNEL, "cursor": LAST_SEEN, "limit": LIMIT},
    "fetchScheduledMessage": {"scheduledMessageId": MESSAGE},
    "editScheduledMessage": {**WHEN, "scheduledMessageId": MESSAGE},
    "deleteScheduledMessage": {"scheduledMessageId": MESSAGE},
    "listUsers": {},
    "listUserGroups": {},
    "myInfo": {},
    "customStatus": {"code": CODE, "expiresAt": LONG_AGO, "status": STATUS, "expiration": EXPIRATION},
    "listEvents": {
        "types": EVENT_TYPES,
        "channelId": CHANNEL,
        "cursor": EVENT_CURSOR,
        "limit": LIMIT,
        "wait": WAIT,
        "includeOwn": FLAG,
    },
    "keyInfo": {},
}
WINS_OVER = {
    "channel": "channelId",
    "email": "userId",
    "emails": "userIds",
}  # field: the one that wins over it

BODIES: dict[str, tuple[bytes, Answer]] = {
    "malformed": (b"{", unusable),
    "no JSON": (b"channel=general&text=x", unusable),
    "array": (b"[]", unusable),
    "array of an object": (b'[{"channel": "general", "text": "x"}]', unusable),
    "text": (b'"x"', unusable),
    "number": (b"5", unusable),
    "null": (b"null", unusable),
    "not a number": (b'{"limit": NaN}', unusable),
    "infinite number": (b'{"limit": 1e999}', unusable),
    "endless number": (b'{"limit": ' + b"9" * 5000 + b"}", unusable),
    "deep": (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", unusable),
    "very deep": (b"[" * 100_000, unusable),
    "invalid UTF-8": (b'{"text": "\xff\xfe"}', unusable),
    "UTF-16": ('{"text": "x"}'.encode("utf-16"), unusable),
    "NUL": (b'{"text": "a\\u0000b"}', unusable),
    "lone surrogate": (b'{"text": "\\ud800"}', unusable),
    "2 MB": (b'{"text": "' + b"x" * 2_000_000 + b'"}', too_large),
}

"""What the reference says of each failure: an example of it, and in words what it means and what helps.

Status, body and `reason` are not repeated here: they come from the one table in `portal.api.exceptions`. An operation
names those that are its own; what every operation can answer is listed at the end.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions as drf

from keys import exceptions as keys_exceptions
from keys.limits import Whose
from keys.rights import CALLS_PER_MINUTE
from portal.api import exceptions
from pumble_bridge.exceptions import (
    PumbleBusy,
    PumbleNotAsked,
    PumbleRateLimited,
    PumbleRefused,
    PumbleTimeout,
    PumbleUnavailable,
)
from pumble_bridge.hints import Hint

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True)
class Refusal:
    """One way in which a call fails.

    Attributes:
        name: its name among the examples of the description; machine-readable, never translated.
        error: an instance of what is raised, from which the example is made.
    """

    name: str
    error: Exception
    title: "StrPromise"
    meaning: "StrPromise"


def _by_pumble(status: int, text: str) -> PumbleRefused:
    return PumbleRefused(status, None, text, text)


CHANNEL = Refusal(
    "unknownChannel",
    exceptions.ChannelNotFound(),
    _("Unknown channel"),
    _(
        "No channel has this id or name, or the key's owner cannot see it. `listChannels` shows those they can."
    ),
)
PRIVATE_CHANNEL = Refusal(
    "botNotInChannel",
    exceptions.BotNotInChannel(),
    _("Private channel without the bot"),
    _("In a private channel the app's bot has to be a member too. Add it there and call again."),
)
NOT_ALLOWED = Refusal(
    "channelNotAllowed",
    keys_exceptions.ChannelNotAllowed(),
    _("Channel not allowed"),
    _(
        "The key is bound to channels, and the call does not stay within them. `keyInfo` lists them. With such a key a "
        "reaction needs `channelId`."
    ),
)
OBJECT = Refusal(
    "notFound",
    _by_pumble(404, "Not found"),
    _("Not found"),
    _("No such object, or the key's owner cannot see it."),
)
NAME_TAKEN = Refusal(
    "nameTaken",
    _by_pumble(400, "This channel name is already taken"),
    _("Name taken"),
    _("There is a channel of this name, maybe an archived one. Choose another."),
)
PEOPLE = Refusal(
    "unknownPeople",
    exceptions.PeopleNotValid(),
    _("People not valid"),
    _("Somebody named is nobody of this workspace or is deactivated, or there are too few or too many."),
)
CURSOR = Refusal(
    "unknownCursor",
    exceptions.CursorUnknown(),
    _("Unknown cursor"),
    _("Start again without a cursor, or with an id or a time of a page you were given."),
)
CRITERIA = Refusal(
    "unusableCriteria",
    exceptions.BadBody(Hint.CRITERION_UNKNOWN),
    _("Criteria not usable"),
    _("No criterion at all, or somebody in `from` or a channel in `in` that is unknown."),
)
INPUT = Refusal(
    "invalidInput",
    drf.ValidationError({"text": ["must not be null"]}),
    _("Invalid input"),
    _(
        "A field is missing or has a wrong value. The list in brackets says what is wrong, `fields` says it by field."
    ),
)
BODY = Refusal(
    "invalidBody",
    exceptions.BadBody(Hint.FORM),
    _("Body not readable"),
    _("The body is not a JSON object. `hint` says what it is, and what to send instead."),
)
HTTPS = Refusal(
    "httpsRequired",
    exceptions.HttpsRequired(),
    _("HTTPS required"),
    _("The call came as http://. Use https://, and rotate the key: it was readable on the way."),
)
SCOPE = Refusal(
    "scopeMissing",
    keys_exceptions.ScopeMissing("messages:write"),
    _("Scope missing"),
    _("The key works, but its scopes do not include this operation's. Make a key that has it."),
)
FORBIDDEN = Refusal(
    "forbiddenByPumble",
    _by_pumble(403, "You do not have permission to do this"),
    _("Forbidden by Pumble"),
    _("Pumble does not let the key's owner do this, for example change somebody else's message."),
)
TOO_LARGE = Refusal(
    "tooLarge",
    RequestDataTooBig(),
    _("Body too large"),
    _("A body may have 1 MiB at most."),
)
RATE_LIMITED = Refusal(
    "rateLimited",
    keys_exceptions.RateLimited(Whose.KEY.value, CALLS_PER_MINUTE, 12),
    _("Too many calls"),
    _(
        "A limit of this service is reached; the text says whose. Wait as many seconds as `Retry-After` says, then call "
        "again. Nothing was done."
    ),
)
PUMBLE_RATE_LIMITED = Refusal(
    "pumbleRateLimited",
    PumbleRateLimited(30),
    _("Too many calls to Pumble"),
    _("Pumble's own limit is reached. Wait as many seconds as `Retry-After` says, then call again."),
)
PUMBLE_AWAY = Refusal(
    "pumbleUnavailable",
    PumbleUnavailable(),
    _("Pumble not available"),
    _("Pumble cannot be reached or gave no usable answer. Reads can be repeated after a pause."),
)
PUMBLE_BUSY = Refusal(
    "pumbleBusy",
    PumbleBusy(30),
    _("Pumble busy"),
    _(
        "Pumble says that it is busy. Wait as many seconds as `Retry-After` says. A write may have happened all the same: "
        "look before you repeat it."
    ),
)
PUMBLE_NOT_ASKED = Refusal(
    "pumbleNotAsked",
    PumbleNotAsked(5),
    _("Pumble not asked"),
    _(
        "Pumble has not been answering, or too many calls of the workspace wait for it. Nothing was done. Wait as many "
        "seconds as `Retry-After` says, then call again."
    ),
)
PUMBLE_SLOW = Refusal(
    "pumbleTimeout",
    PumbleTimeout(),
    _("Pumble too slow"),
    _("Pumble did not answer in time. A write may have happened all the same: look before you repeat it."),
)
UNAVAILABLE = Refusal(
    "unavailable",
    OperationalError(),
    _("Service not available"),
    _("This service's own database is away. Wait as many seconds as `Retry-After` says, then call again."),
)
METHOD = Refusal(
    "methodNotAllowed",
    drf.MethodNotAllowed("PATCH"),
    _("Wrong method"),
    _("The operation exists, with the method that `Allow` names."),
)
INTERNAL = Refusal(
    "internal",
    RuntimeError(),
    _("Internal error"),
    _("A fault of this service. Tell its administrator the `requestId`."),
)

OF_KEYS = (
    Refusal(
        "keyMissing",
        keys_exceptions.KeyMissing(),
        _("Key missing"),
        _("Send the key in the header `ApiKey`, or as `Authorization: Bearer`."),
    ),
    Refusal(
        "keyMalformed",
        keys_exceptions.KeyMalformed(),
        _("Key malformed"),
        _("What was sent cannot be a key: it is cut off or mistyped, or two headers carry different ones."),
    ),
    Refusal(
        "keyUnknown",
        keys_exceptions.KeyUnknown(),
        _("Key unknown"),
        _("It has the form of a key, but is none of this service."),
    ),
    Refusal(
        "keyExpired",
        keys_exceptions.KeyExpired(datetime(2026, 11, 2, tzinfo=UTC)),
        _("Key expired"),
        _("The key's last day is over. Make a new one."),
    ),
    Refusal(
        "keyDisabled",
        keys_exceptions.KeyDisabled(),
        _("Key disabled"),
        _(
            "The key is switched off for a while. Its owner can enable it, unless an administrator disabled it."
        ),
    ),
    Refusal(
        "keyRotated",
        keys_exceptions.KeyRotated(datetime(2026, 11, 2, 9, 30, tzinfo=UTC)),
        _("Key replaced"),
        _("A newer key took this one's place, and the time in which both worked is over. Use the newer one."),
    ),
    Refusal(
        "keyRevoked",
        keys_exceptions.KeyRevoked(),
        _("Key revoked"),
        _("The key was deleted or withdrawn, and never works again. Make a new one."),
    ),
    Refusal(
        "ownerNotAuthorized",
        keys_exceptions.OwnerNotAuthorized(),
        _("Owner not authorized"),
        _("The key's owner left the workspace, took the app's permission back, or the app was removed."),
    ),
    Refusal(
        "ipNotAllowed",
        keys_exceptions.IpNotAllowed("203.0.113.7"),
        _("Address not allowed"),
        _("The key may be used only from the addresses it is bound to."),
    ),
)
OF_WRITES = (
    Refusal(
        "idempotencyConflict",
        keys_exceptions.IdempotencyConflict(),
        _("Idempotency-Key used for another request"),
        _("Each request needs a value of its own; only its repetitions have the same."),
    ),
    Refusal(
        "idempotencyInProgress",
        keys_exceptions.IdempotencyInProgress(),
        _("First request under way"),
        _("Repeat it a little later to get its answer."),
    ),
    Refusal(
        "idempotencyUnknown",
        keys_exceptions.IdempotencyUnknown(),
        _("Outcome not known"),
        _(
            "Pumble did not answer the first request in time, so it may have happened. Look, and if it did not, send it "
            "with another value."
        ),
    ),
)
OF_PUMBLE = (FORBIDDEN, PUMBLE_RATE_LIMITED, PUMBLE_AWAY, PUMBLE_BUSY, PUMBLE_NOT_ASKED, PUMBLE_SLOW)
OF_ALL = (HTTPS, RATE_LIMITED, METHOD, INTERNAL, UNAVAILABLE)

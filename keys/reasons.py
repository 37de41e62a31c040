"""The catalogue of errors: for each way in which a call can fail, the answer of the API and the explanation for people.

An exception refers to its row by `case`, or by `reason` if it has no case. The REST API, its reference, the dashboard, the
admin and chat read the same rows. To add a reason, add a row here and an exception that refers to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from keys.rights import CALLS_PER_MINUTE

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

VALIDATION_CODE = 400000
NOT_FOUND_CODE = 404100


class Operations(Enum):
    """The operations of the API that can raise the error."""

    ALL = auto()
    WITH_SCOPE = auto()
    WITH_INPUT = auto()
    WITH_BODY = auto()
    WITH_FILES = auto()
    WRITING = auto()
    ASKING_PUMBLE = auto()
    LISTED_EXPLICITLY = auto()  # those that list the row themselves


@dataclass(frozen=True, kw_only=True, eq=False)
class ErrorSpec:
    """One way in which a call can fail.

    Attributes:
        reason: the stable reason code in the answer.
        case: the name of a special case of the reason. The request log does not record it.
        compatible, semantic: the HTTP status for each value of the setting `API_STATUS`. Without `semantic` both are equal.
        code: Pumble's error code. An error with a code has the structured body.
        applies_to: the operations for which the reference lists it.
        text: the error text of the contract, in English. `{name}` is replaced by an attribute of the exception.
        keeps_message: whether the message of the exception replaces `text`, if it has one.
        retry_after: seconds, if the exception has none.
        sample: attributes of an exception for the example in the reference.
        title, meaning, advice: for people: the failure in a few words, what it means, and what helps. Code is between
            backticks.
    """

    reason: str
    case: str = ""
    applies_to: Operations = Operations.LISTED_EXPLICITLY
    compatible: int = 403
    semantic: int | None = None
    code: int | None = None
    text: str
    keeps_message: bool = False
    retry_after: int | None = None
    sample: Mapping[str, Any] = field(default_factory=dict)
    title: "StrPromise"
    meaning: "StrPromise"
    advice: "StrPromise"

    @property
    def name(self) -> str:
        """Return the name of the row."""
        return self.case or self.reason

    @property
    def explanation(self) -> str:
        """Return meaning and advice, in the active language."""
        return f"{self.meaning} {self.advice}"

    def status(self, api_status: str) -> int:
        return self.semantic if api_status == "semantic" and self.semantic else self.compatible


def _case(of: ErrorSpec, case: str, **changes: Any) -> ErrorSpec:
    """Return a row that differs from `of` in `changes`. By default only operations that list it can raise it."""
    changes.setdefault("applies_to", Operations.LISTED_EXPLICITLY)
    return replace(of, case=case, **changes)


_WAIT = _("Wait as many seconds as `Retry-After` says, then call again.")
_LOOK_FIRST = _("Repeat a read after a pause. A write may have happened: check before you repeat it.")

# The key and its owner.

KEY_MISSING = ErrorSpec(
    reason="key_missing",
    applies_to=Operations.ALL,
    semantic=401,
    text="API key missing: send it in the ApiKey header",
    title=_("Key missing"),
    meaning=_("The request has no API key."),
    advice=_("Send the key in the header `ApiKey`, or as `Authorization: Bearer`."),
)
KEY_MALFORMED = ErrorSpec(
    reason="key_malformed",
    applies_to=Operations.ALL,
    semantic=401,
    text="Invalid API key",
    title=_("Key malformed"),
    meaning=_("The request has an incomplete API key, or two headers have different keys."),
    advice=_("Copy the key again, or rotate it to get a new one."),
)
KEY_UNKNOWN = ErrorSpec(
    reason="key_unknown",
    applies_to=Operations.ALL,
    semantic=401,
    text="Invalid API key",
    title=_("Key unknown"),
    meaning=_("The key has the form of an API key, but this service has no such key."),
    advice=_("Copy the key again, or create a new one."),
)
KEY_EXPIRED = ErrorSpec(
    reason="key_expired",
    applies_to=Operations.ALL,
    semantic=401,
    text="API key expired on {expired_at:%Y-%m-%d}",
    sample={"expired_at": datetime(2026, 11, 2, tzinfo=UTC)},
    title=_("Key expired"),
    meaning=_("The key has expired."),
    advice=_("Create a new key."),
)
KEY_DISABLED = ErrorSpec(
    reason="key_disabled",
    applies_to=Operations.ALL,
    semantic=401,
    text="API key disabled",
    title=_("Key disabled"),
    meaning=_("The key is disabled."),
    advice=_(
        "Its owner can enable it, unless an administrator or the workspace's policy disabled it. Then ask an "
        "administrator."
    ),
)
KEY_ROTATED = ErrorSpec(
    reason="key_rotated",
    applies_to=Operations.ALL,
    semantic=401,
    text="API key replaced by a newer one; it stopped working at {retired_at:%Y-%m-%d %H:%M} UTC",
    sample={"retired_at": datetime(2026, 11, 2, 9, 30, tzinfo=UTC)},
    title=_("Key replaced"),
    meaning=_("A newer key has replaced this one, and the grace period is over."),
    advice=_("Use the newer key."),
)
KEY_REVOKED = ErrorSpec(
    reason="key_revoked",
    applies_to=Operations.ALL,
    semantic=401,
    text="API key revoked",
    title=_("Key revoked"),
    meaning=_("The key was deleted or revoked, and never works again."),
    advice=_("Create a new key."),
)
OWNER_NOT_AUTHORIZED = ErrorSpec(
    reason="owner_not_authorized",
    applies_to=Operations.ALL,
    text="The owner of this API key no longer authorizes the app, or it is not installed",
    title=_("Owner not authorized"),
    meaning=_(
        "The key's owner no longer authorizes the app or has left the workspace, or the app was removed."
    ),
    advice=_("The owner has to authorize the app again."),
)
TOKEN_REJECTED = _case(
    OWNER_NOT_AUTHORIZED,
    "token_rejected",
    text="Pumble no longer accepts the authorization of this API key's owner",
)

BOT_TOKEN_REJECTED = _case(
    OWNER_NOT_AUTHORIZED,
    "bot_token_rejected",
    text="Pumble no longer accepts the token of the app's bot: an owner of the workspace has to install the app again",
    title=_("Bot not authorized"),
    meaning=_("Pumble no longer accepts the token of the app's bot."),
    advice=_("An owner of the workspace has to install the app again."),
)

# What the key may do, and from where.

IP_NOT_ALLOWED = ErrorSpec(
    reason="ip_not_allowed",
    applies_to=Operations.ALL,
    text="API key may not be used from this address ({address})",
    sample={"address": "203.0.113.7"},
    title=_("IP address not allowed"),
    meaning=_("The key works only from its allowed IP addresses, and the call came from another one."),
    advice=_("Call from an allowed address, or create a key for this one."),
)
HTTPS_REQUIRED = ErrorSpec(
    reason="https_required",
    applies_to=Operations.ALL,
    text="HTTPS is required: call https://. A key sent without it was readable on the way: rotate that key",
    title=_("HTTPS required"),
    meaning=_("The call was sent over http://, so others could read the key."),
    advice=_("Use https://, and rotate the key."),
)
SCOPE_MISSING = ErrorSpec(
    reason="scope_missing",
    applies_to=Operations.WITH_SCOPE,
    text="API key lacks the scope {scope}",
    sample={"scope": "messages:write"},
    title=_("Scope missing"),
    meaning=_("The key works, but does not have the scope of this operation."),
    advice=_("Use a key that has it, or create one. The permissions of a key cannot be extended."),
)
NOT_FOR_WORKSPACE_KEYS = ErrorSpec(
    reason="not_for_workspace_keys",
    text="A workspace key acts as the app's bot, and only a person can do this: use the key of a person",
    title=_("Not for workspace keys"),
    meaning=_("A workspace key acts as the app's bot only, and only a person can do this."),
    advice=_("Use the key of a person."),
)
SENDS_AS_BOT_ONLY = _case(
    NOT_FOR_WORKSPACE_KEYS,
    "sends_as_bot_only",
    text="A workspace key sends as the app's bot: leave asBot out, or send true",
    title=_("A workspace key sends as the bot"),
    meaning=_("The call has `asBot: false`, and a workspace key sends as the app's bot only."),
    advice=_("Leave `asBot` out, send `true`, or use the key of a person."),
)
PRIVATE_CHANNEL_NOT_FOR_WORKSPACE_KEYS = _case(
    NOT_FOR_WORKSPACE_KEYS,
    "private_channel_not_for_workspace_keys",
    text="A workspace key cannot create a private channel, which it could not use: use the key of a person",
    title=_("Private channel of a workspace key"),
    meaning=_("A workspace key uses only the private channels on its channel list, so it cannot create one."),
)
REACTION_CHANNEL_REQUIRED = _case(
    NOT_FOR_WORKSPACE_KEYS,
    "reaction_channel_required",
    text="A workspace key must send the channelId of the message with a reaction",
    title=_("Channel of the message missing"),
    meaning=_("The call with a workspace key does not say in which channel the message is."),
    advice=_("Send the message's `channelId` with the reaction."),
)
EVENTS_NOT_ALLOWED = _case(
    SCOPE_MISSING,
    "events_not_allowed",
    text="The policy of this workspace does not let keys listen to events",
    sample={},
    title=_("Events not allowed"),
    meaning=_("The policy of this workspace does not let keys listen to events."),
    advice=_("Ask an owner or administrator of the workspace."),
)
CHANNEL_NOT_ALLOWED = ErrorSpec(
    reason="channel_not_allowed",
    text="API key is limited to {channels}",
    sample={"channels": "#ops and #alerts"},
    title=_("Channel not allowed"),
    meaning=_("The key is limited to certain channels, and the call concerns another channel."),
    advice=_(
        "Use one of the key's channels, or a key that is not limited to them. `keyInfo` lists the channels."
    ),
)
REACTION_CHANNEL_MISSING = _case(
    CHANNEL_NOT_ALLOWED,
    "reaction_channel_missing",
    text="API key is limited to {channels}: send the channelId of the message with a reaction",
    title=_("Channel of the message missing"),
    meaning=_(
        "The key is limited to certain channels, and the call does not say in which one the message is."
    ),
    advice=_("Send the message's `channelId` with the reaction."),
)
BOT_NOT_IN_CHANNEL = ErrorSpec(
    reason="bot_not_in_channel",
    text="The API app's bot is not a member of this private channel; add it there first",
    title=_("Private channel without the bot"),
    meaning=_("In a private channel the app's bot has to be a member too."),
    advice=_("Add the bot to the channel, then call again."),
)
FORBIDDEN_BY_PUMBLE = ErrorSpec(
    reason="forbidden_by_pumble",
    applies_to=Operations.ASKING_PUMBLE,
    text="Pumble refused the call",
    keeps_message=True,
    sample={"message": "You do not have permission to do this"},
    title=_("Forbidden by Pumble"),
    meaning=_("Pumble does not let the key's owner do this, for example change somebody else's message."),
    advice=_("A key can do only what its owner can do in Pumble."),
)

# The request.

VALIDATION = ErrorSpec(
    reason="validation",
    applies_to=Operations.WITH_INPUT,
    semantic=400,
    code=VALIDATION_CODE,
    text="[invalid request]",
    keeps_message=True,
    sample={"message": "[must not be null]", "fields": {"text": ["must not be null"]}},
    title=_("Invalid input"),
    meaning=_("The operation does not accept this request."),
    advice=_("The answer says what is wrong: `fields` says it by field, `hint` for the request as a whole."),
)
INVALID_BODY = _case(
    VALIDATION,
    "invalid_body",
    applies_to=Operations.WITH_BODY,
    code=None,
    text="Invalid request parameters",
    keeps_message=False,
    sample={"hint": "form"},
    title=_("Body not readable"),
    meaning=_("The body is not a JSON object."),
    advice=_("`hint` says what it is, and what to send instead."),
)
UNUSABLE_CRITERIA = _case(
    INVALID_BODY,
    "unusable_criteria",
    sample={"hint": "criterion_unknown"},
    title=_("Criteria not usable"),
    meaning=_("The search has no criterion, or a person in `from` or a channel in `in` does not exist."),
    advice=_("`listUsers` and `listChannels` show the ids and names that you can send."),
)
UNKNOWN_PEOPLE = _case(
    VALIDATION,
    "unknown_people",
    text="Provided participants are not valid",
    sample={},
    title=_("People not valid"),
    meaning=_(
        "A person named is not in this workspace or is deactivated, or there are too few or too many people."
    ),
    advice=_("`listUsers` shows the people of the workspace."),
)
UNKNOWN_CURSOR = _case(
    VALIDATION,
    "unknown_cursor",
    text="[cursor must be an id, epoch milliseconds or an ISO time]",
    sample={},
    title=_("Unknown cursor"),
    meaning=_("The cursor does not belong to this list."),
    advice=_("Start again without a cursor, or send an id or a time from a page that you received."),
)
UNKNOWN_EVENT_CURSOR = _case(
    VALIDATION,
    "unknown_event_cursor",
    keeps_message=False,
    text="[cursor is not from an answer of listEvents to this key]",
    sample={"fields": {"cursor": ["is not from an answer of listEvents to this key"]}},
    title=_("Unknown cursor"),
    meaning=_("The cursor is not from an answer of `listEvents` to this key."),
    advice=_("Send the whole cursor of the last answer, or none to hear what happens from now on."),
)
CURSOR_EXPIRED = _case(
    VALIDATION,
    "cursor_expired",
    keeps_message=False,
    text="[cursor has expired: events after it were deleted; call again without a cursor]",
    sample={"fields": {"cursor": ["has expired: events after it were deleted; call again without a cursor"]}},
    title=_("Cursor expired"),
    meaning=_(
        "Events after this cursor are no longer stored, so this key may have missed some. Events are kept for 24 hours, "
        "10,000 at most, and only while a key listens."
    ),
    advice=_(
        "Call again without a cursor to hear what happens from now on. `listMessages` has what was missed."
    ),
)
CHANNEL_NAME_TAKEN = _case(
    VALIDATION,
    "channel_name_taken",
    sample={"message": "This channel name is already taken"},
    title=_("Name taken"),
    meaning=_("A channel has this name already; it may be an archived one."),
    advice=_("Choose another name."),
)
NOT_FOUND = ErrorSpec(
    reason="not_found",
    semantic=404,
    code=NOT_FOUND_CODE,
    text="Not found",
    title=_("Not found"),
    meaning=_("The object that the request names does not exist, or the key's owner cannot see it."),
    advice=_("Check the id or name."),
)
UNKNOWN_KEY = _case(
    NOT_FOUND,
    "unknown_key",
    text="No live key of this owner has that id",
    title=_("Unknown key ID"),
    meaning=_("No live key of this key's owner has this ID."),
    advice=_("`listKeys` shows the keys."),
)
UNKNOWN_CHANNEL = _case(
    NOT_FOUND,
    "unknown_channel",
    code=None,
    text="Could not find channel with that identifier",
    title=_("Unknown channel"),
    meaning=_("No channel has this id or name, or the key's owner cannot see it."),
    advice=_("`listChannels` shows the channels that they can see."),
)
UNKNOWN_PATH = _case(
    NOT_FOUND,
    "unknown_path",
    compatible=404,
    code=None,
    text="No such operation",
    title=_("Unknown operation"),
    meaning=_("No operation has this path."),
    advice=_("The API reference lists the operations."),
)
SIMILAR_PATH = _case(
    UNKNOWN_PATH,
    "similar_path",
    text="No such operation. Did you mean {operation}?",
    sample={"operation": "sendMessage"},
)
METHOD_NOT_ALLOWED = ErrorSpec(
    reason="method_not_allowed",
    applies_to=Operations.ALL,
    compatible=405,
    text="Method not allowed",
    title=_("Wrong method"),
    meaning=_("The operation does not take this HTTP method."),
    advice=_("Use the method that the header `Allow` names."),
)
TOO_LARGE = ErrorSpec(
    reason="too_large",
    applies_to=Operations.WITH_BODY,
    compatible=413,
    text="The request body is larger than 1 MiB",
    title=_("Body too large"),
    meaning=_("The body is larger than 1 MiB."),
    advice=_("Send a smaller body."),
)
FILE_TOO_LARGE = _case(
    TOO_LARGE,
    "file_too_large",
    applies_to=Operations.WITH_FILES,
    text='The file "{name}" is larger than {limit} MiB',
    sample={"name": "report.pdf", "limit": 25},
    title=_("File too large"),
    meaning=_("A file is larger than this service accepts. Nothing was sent."),
    advice=_("Send a smaller file, or a link to it. The administrator of this service can raise the limit."),
)
UPLOAD_TOO_LARGE = _case(
    TOO_LARGE,
    "upload_too_large",
    applies_to=Operations.WITH_FILES,
    text="The request is larger than 50 MiB",
    title=_("Files too large together"),
    meaning=_("The files of a message are larger than 50 MiB together. Nothing was sent."),
    advice=_("Send them with several messages."),
)
TOO_MANY_FILES = _case(
    TOO_LARGE,
    "too_many_files",
    applies_to=Operations.WITH_FILES,
    text="A message may have at most {limit} files",
    sample={"limit": 10},
    title=_("Too many files"),
    meaning=_("A message may have at most ten files. Nothing was sent."),
    advice=_("Send them with several messages."),
)

# Repeated requests.

IDEMPOTENCY_CONFLICT = ErrorSpec(
    reason="idempotency_conflict",
    applies_to=Operations.WRITING,
    semantic=409,
    text="This Idempotency-Key came with another request before",
    title=_("Idempotency-Key used for another request"),
    meaning=_("The same `Idempotency-Key` came with another request before."),
    advice=_("Use a new value for each request. Only its repetitions have the same one."),
)
IDEMPOTENCY_IN_PROGRESS = ErrorSpec(
    reason="idempotency_in_progress",
    applies_to=Operations.WRITING,
    semantic=409,
    text="The first request with this Idempotency-Key is still under way",
    retry_after=1,
    title=_("First request in progress"),
    meaning=_("The first request with this `Idempotency-Key` has not finished."),
    advice=_("Repeat the request a little later to get its answer."),
)
ROTATION_IN_PROGRESS = _case(
    IDEMPOTENCY_IN_PROGRESS,
    "rotation_in_progress",
    text="A new key was created less than a minute ago and is being delivered; try again in a minute",
    retry_after=60,
    title=_("Rotation in progress"),
    meaning=_("A successor of this key was created less than a minute ago, and is being delivered."),
    advice=_("Look for it, or rotate again after a minute."),
)
IDEMPOTENCY_UNKNOWN = ErrorSpec(
    reason="idempotency_unknown",
    applies_to=Operations.WRITING,
    semantic=409,
    text="How the first request with this Idempotency-Key ended is not known; look, then use another value",
    title=_("Outcome not known"),
    meaning=_(
        "Pumble did not answer the first request with this `Idempotency-Key` in time, so it may have happened."
    ),
    advice=_("Check whether it happened. If it did not, send it with a new value."),
)

# Limits, and this service itself.

RATE_LIMITED = ErrorSpec(
    reason="rate_limited",
    applies_to=Operations.ALL,
    compatible=429,
    text="Limit reached: {limit} a minute, {limit_name}; try again in {retry_after} s",
    sample={"limit_name": "this API key", "limit": CALLS_PER_MINUTE, "retry_after": 12},
    title=_("Too many calls"),
    meaning=_("A limit of this service is reached; the error text says which. Nothing was done."),
    advice=_WAIT,
)
SHARE_USED_UP = _case(
    RATE_LIMITED,
    "share_used_up",
    text=(
        "This API key has had its share of a limit: {limit} a minute, {limit_name}; the rest is kept for other keys; "
        "try again in {retry_after} s"
    ),
)
TOO_MANY_NEW_KEYS = _case(
    RATE_LIMITED,
    "too_many_new_keys",
    text="Limit reached: {limit} new keys of one owner an hour; try again in {retry_after} s",
    sample={"limit": 300, "retry_after": 1200},
    title=_("Too many new keys"),
    meaning=_("Keys may create or rotate 300 keys of one owner within an hour. Nothing was done."),
)
UNAVAILABLE = ErrorSpec(
    reason="unavailable",
    applies_to=Operations.ALL,
    compatible=503,
    text="The service is not available right now",
    retry_after=2,
    title=_("Service not available"),
    meaning=_("This service cannot reach its database."),
    advice=_WAIT,
)
INTERNAL = ErrorSpec(
    reason="internal",
    applies_to=Operations.ALL,
    compatible=500,
    text="Internal error",
    title=_("Internal error"),
    meaning=_("Something failed in this service."),
    advice=_("Give the `requestId` to its administrator."),
)

# Pumble.

PUMBLE_RATE_LIMITED = ErrorSpec(
    reason="pumble_rate_limited",
    applies_to=Operations.ASKING_PUMBLE,
    compatible=429,
    text="Pumble's own limit is reached; try again later",
    title=_("Too many calls to Pumble"),
    meaning=_("Pumble's own limit is reached."),
    advice=_WAIT,
)
PUMBLE_UNAVAILABLE = ErrorSpec(
    reason="pumble_unavailable",
    applies_to=Operations.ASKING_PUMBLE,
    compatible=502,
    text="Pumble is not available",
    title=_("Pumble not available"),
    meaning=_("Pumble cannot be reached, or its answer is invalid."),
    advice=_LOOK_FIRST,
)
PUMBLE_BUSY = _case(
    PUMBLE_UNAVAILABLE,
    "pumble_busy",
    applies_to=Operations.ASKING_PUMBLE,
    compatible=503,
    text="Pumble is not available right now; try again later",
    title=_("Pumble busy"),
    meaning=_("Pumble says that it is busy, and in `Retry-After` how many seconds to wait."),
)
PUMBLE_NOT_ASKED = _case(
    PUMBLE_UNAVAILABLE,
    "pumble_not_asked",
    applies_to=Operations.ASKING_PUMBLE,
    compatible=503,
    text="Pumble does not answer right now; try again in a few seconds",
    title=_("Pumble not asked"),
    meaning=_(
        "Pumble has not been answering, or too many calls of the workspace wait for it. Nothing was done."
    ),
    advice=_WAIT,
)
PUMBLE_TIMEOUT = ErrorSpec(
    reason="pumble_timeout",
    applies_to=Operations.ASKING_PUMBLE,
    compatible=504,
    text="Pumble did not answer in time",
    title=_("Pumble too slow"),
    meaning=_("Pumble did not answer in time."),
    advice=_LOOK_FIRST,
)

CATALOGUE = {spec.name: spec for spec in list(globals().values()) if isinstance(spec, ErrorSpec)}

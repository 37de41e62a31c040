"""What the reference says before the first operation, and of each group of operations. Paragraphs and code marks only."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter

TITLE = _("API reference")

ABOUT = [
    _(
        "Send and read messages in Pumble with one plain HTTP request. Every operation has its own address, such as "
        "`/sendMessage`. GET and DELETE take their input in the query, POST takes a JSON object. A success is always "
        "200 with JSON. Fields that an operation does not know are ignored."
    ),
    _(
        "**The key.** Send your API key in the header `ApiKey`, or as `Authorization: Bearer`. A key never belongs in "
        "an address. It acts as its owner, sees what they see, and is good for the operations of its scopes. `keyInfo` "
        "says what a key may do. Keep it out of your code: the samples read it from the environment variable "
        "`PUMBLE_API_KEY`."
    ),
    _(
        "**Private channels.** Messages of a private channel are read and written only where both the key's owner and "
        "the app's bot are members. Add the bot to the channel first."
    ),
    _(
        "**Pages.** `listMessages` gives the oldest first within a page, and its cursor is not part of the next page. "
        "`fetchThreadReplies` gives the newest first, repeats the reply of the cursor, and ends with an empty list. "
        "`listChannels`, `listUsers` and `listUserGroups` give everything at once. Times are epoch milliseconds."
    ),
    _(
        "**Limits.** A key makes 1,000 calls a minute, or fewer if it was made so. Pumble's own limits are shared by all keys "
        "of a workspace, such as 80 new messages a minute; the last tenth of each is kept for keys that had little of it. "
        "Every answer says in `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` how the tightest "
        "of them stands."
    ),
    _(
        "**Sending once.** Give a request that changes something the header `Idempotency-Key` with a value of your own, such as "
        "a UUID. If you repeat the request with the same value within 24 hours, it is not carried out again: you get the "
        "first answer, with `Idempotency-Replayed: true`. Where nobody knows how the first one ended, the repetition says "
        "so and does nothing."
    ),
    _(
        "**Trying without sending.** With `Prefer: handling=dry-run` such a request is checked in every way, and the answer "
        "lists in `wouldSend` what would have gone to Pumble."
    ),
    _(
        "**Errors.** Most refusals are a 403, with one of two bodies: `error` has a sentence of this service; "
        "`message`, `localizedMessage` and `code` tell of invalid input or of what Pumble refused. In both, `reason` is "
        "one word for programs and `requestId` finds the call in the log. `help` is the page that explains the call. `hint` says what was wrong with a request that "
        "could not be read, `fields` what is wrong by field. After a 429 or a 503 wait as many seconds as "
        "`Retry-After` says."
    ),
]

TAGS = {
    "Channels": _("Find channels, create them, and say who is in them."),
    "Messages": _("Send, read, search, change and delete messages, and react to them."),
    "Scheduled Messages": _("Messages that are sent later, once or again and again."),
    "Users": _("Who the key acts as, who else there is, and the key itself."),
}
TAG_TITLES = {
    "Channels": _("Channels"),
    "Messages": _("Messages"),
    "Scheduled Messages": _("Scheduled Messages"),
    "Users": _("Users"),
}

API_KEY = _("Your API key, such as pmb_...")
BEARER = _("The same key, for tools that know only bearer tokens")
SUCCESS = _("It worked.")
EXAMPLE_REQUEST = _("Request")
EXAMPLE_ANSWER = _("Answer")


def write_headers() -> list[OpenApiParameter]:
    """Return the headers of requests that change something, as parameters of the description."""
    once = _("A value of your own; a request repeated with it within 24 hours is not carried out again")
    rehearse = _("With `handling=dry-run`: only check, and say what would be sent")
    token = {"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "minLength": 1, "maxLength": 255}
    return [
        OpenApiParameter("Idempotency-Key", token, OpenApiParameter.HEADER, description=str(once)),
        OpenApiParameter("Prefer", str, OpenApiParameter.HEADER, description=str(rehearse)),
    ]

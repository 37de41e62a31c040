"""Texts of the reference: the introduction and the groups of operations. They use the markup of `portal.reference.markup`."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter

TITLE = _("API reference")

ABOUT = [
    _(
        "Send and read messages in Pumble with one HTTP request. Each operation has its own path, such as `/sendMessage`. GET and DELETE take their input in the query, POST takes a JSON object. A success is always 200 with JSON. Unknown fields are ignored."
    ),
    _(
        "**The key.** Send your API key in the header `ApiKey`, or as `Authorization: Bearer`. Never put a key in a URL. A key acts as its owner, sees what the owner sees, and may call the operations of its scopes. `keyInfo` returns the rights of a key. Keep the key out of your code: the samples read it from the environment variable `PUMBLE_API_KEY`."
    ),
    _(
        "**Files.** `sendMessage`, `sendReply`, `dmUser` and `dmGroup` also take a form (`multipart/form-data`) with the same fields and 1 to 10 parts `file`: `curl -F channel=general -F text=Report -F file=@report.pdf`. A message with files needs no text. By default a file may have 25 MiB, a request 50 MiB. `fetchFile` returns a file."
    ),
    _(
        "**Private channels.** To read and write messages of a private channel, both the key's owner and the app's bot must be members. Add the bot to the channel first."
    ),
    _(
        "**Pages.** `listMessages` sorts each page oldest first and leaves out the message of the cursor. `fetchThreadReplies` sorts newest first, repeats the reply of the cursor, and ends with an empty list. `listChannels`, `listUsers` and `listUserGroups` have no pages. Times are epoch milliseconds."
    ),
    _(
        "**Limits.** A key may make 1,000 calls a minute, or fewer if its owner chose so. All keys of a workspace share Pumble's own limits, such as 80 new messages a minute. The last tenth of each is reserved for keys that used little of it. Each answer reports the most restrictive limit in `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset`."
    ),
    _(
        "**Repeating a request safely.** Send the header `Idempotency-Key` with a request that changes something. Its value is your own, such as a UUID. If you repeat the request with the same value within 24 hours, it is not carried out again. You get the first answer, with `Idempotency-Replayed: true`. If the outcome of the first request is unknown, the repetition is refused."
    ),
    _(
        "**Dry run.** With `Prefer: handling=dry-run` such a request is checked, but not sent. The answer lists in `wouldSend` the requests that would be sent to Pumble."
    ),
    _(
        "**Errors.** Most errors are a 403, with one of two bodies. `error` is an error of this service. `message`, `localizedMessage` and `code` describe invalid input or a refusal by Pumble. Both have `reason`, one word for programs, and `requestId`, which identifies the call in the log. `help` is the page that explains the call. `hint` says what is wrong with a request that could not be read. `fields` has the errors by field. After a 429 or 503, wait as many seconds as `Retry-After` says."
    ),
]

TAGS = {
    "Channels": _("Find and create channels, add and remove members."),
    "Messages": _("Send, read, search, edit and delete messages, and react to them."),
    "Scheduled Messages": _("Messages that are sent later, once or repeatedly."),
    "Events": _("Hear what happens in Pumble, as it happens."),
    "Users": _("The owner of the key, the other users, and the key itself."),
    "Key Management": _(
        "Programs that renew and end their own key, and programs that manage the keys of its owner with `keys:manage`."
    ),
}
TAG_TITLES = {
    "Channels": _("Channels"),
    "Messages": _("Messages"),
    "Scheduled Messages": _("Scheduled Messages"),
    "Events": _("Events"),
    "Users": _("Users"),
    "Key Management": _("Key Management"),
}

API_KEY = _("Your API key, such as pmb_...")
BEARER = _("The same key, for tools that support only bearer tokens")
SUCCESS = _("Success.")
EXAMPLE_REQUEST = _("Request")
EXAMPLE_ANSWER = _("Answer")


def write_headers() -> list[OpenApiParameter]:
    """Return the request headers of operations that write, as OpenAPI parameters."""
    idempotency_key = _(
        "A value of your own. A request with the same value within 24 hours is not carried out again"
    )
    dry_run = _("With `handling=dry-run`, the request is checked but not sent")
    token = {"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "minLength": 1, "maxLength": 255}
    return [
        OpenApiParameter("Idempotency-Key", token, OpenApiParameter.HEADER, description=str(idempotency_key)),
        OpenApiParameter("Prefer", str, OpenApiParameter.HEADER, description=str(dry_run)),
    ]

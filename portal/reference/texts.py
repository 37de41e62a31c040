"""What the reference says before the first operation, and of each group of operations. Paragraphs and code marks only."""

from django.utils.translation import gettext_lazy as _

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
        "**Errors.** Most refusals are a 403, with one of two bodies: `error` has a sentence of this service; "
        "`message`, `localizedMessage` and `code` tell of invalid input or of what Pumble refused. In both, `reason` is "
        "one word for programs and `requestId` finds the call in the log. After a 429 or a 503 wait as many seconds as "
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

"""Operations on messages: sending, reading, searching, changing, reacting."""

from portal.api.messages.changing import DeleteMessage, EditMessage
from portal.api.messages.reacting import AddReaction, RemoveReaction
from portal.api.messages.reading import FetchMessage, FetchThreadReplies, ListMessages
from portal.api.messages.searching import SearchMessages
from portal.api.messages.sending import DmGroup, DmUser, SendMessage, SendReply

__all__ = [
    "AddReaction",
    "DeleteMessage",
    "DmGroup",
    "DmUser",
    "EditMessage",
    "FetchMessage",
    "FetchThreadReplies",
    "ListMessages",
    "RemoveReaction",
    "SearchMessages",
    "SendMessage",
    "SendReply",
]

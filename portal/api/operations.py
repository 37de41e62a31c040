"""The operations there are, in the order of the reference: the contract's 26, and `keyInfo` beside them."""

from portal.api import channels, messages, scheduled_messages, users
from portal.api.endpoint import Endpoint

OPERATIONS: list[type[Endpoint]] = [
    channels.ListChannels,
    channels.GetChannel,
    channels.CreateChannel,
    channels.AddUsersToChannel,
    channels.RemoveUserFromChannel,
    messages.SendMessage,
    messages.SendReply,
    messages.DmUser,
    messages.DmGroup,
    messages.FetchMessage,
    messages.FetchThreadReplies,
    messages.ListMessages,
    messages.SearchMessages,
    messages.EditMessage,
    messages.DeleteMessage,
    messages.AddReaction,
    messages.RemoveReaction,
    scheduled_messages.CreateScheduledMessage,
    scheduled_messages.FetchScheduledMessages,
    scheduled_messages.FetchScheduledMessage,
    scheduled_messages.EditScheduledMessage,
    scheduled_messages.DeleteScheduledMessage,
    users.ListUsers,
    users.ListUserGroups,
    users.MyInfo,
    users.CustomStatus,
    users.KeyInfo,
]

# With and without a slash: some clients add one, and a redirect would turn a POST into a GET.
PATHS = frozenset(f"/{one.operation}{slash}" for one in OPERATIONS for slash in ("", "/"))

"""The URLs of the API: one line for each operation, in the order of the reference."""

from django.urls import path

from portal.api import upload_checks
from portal.api.base import OperationView
from portal.api.message_view import MessageView
from portal.api.views import (
    channels,
    events,
    files,
    key_management,
    keys,
    messages,
    reactions,
    scheduled_messages,
    search,
    users,
)

OPERATIONS: list[type[OperationView]] = [
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
    files.FetchFile,
    messages.FetchThreadReplies,
    messages.ListMessages,
    search.SearchMessages,
    messages.EditMessage,
    messages.DeleteMessage,
    reactions.AddReaction,
    reactions.RemoveReaction,
    scheduled_messages.CreateScheduledMessage,
    scheduled_messages.FetchScheduledMessages,
    scheduled_messages.FetchScheduledMessage,
    scheduled_messages.EditScheduledMessage,
    scheduled_messages.DeleteScheduledMessage,
    users.ListUsers,
    users.ListUserGroups,
    users.MyInfo,
    users.CustomStatus,
    events.ListEvents,
    keys.KeyInfo,
    key_management.ListKeys,
    key_management.CreateKey,
    key_management.UpdateKey,
    key_management.RotateKey,
    key_management.RevokeKey,
]

# Some clients add a slash. A redirect would turn a POST into a GET.
urlpatterns = [
    *(path(view.operation, view.as_view(), name=view.operation) for view in OPERATIONS),
    *(path(f"{view.operation}/", view.as_view(schema=None)) for view in OPERATIONS),
]
_checks = [
    path(f"internal/uploads/{view.operation}", upload_checks.for_view(view).as_view(schema=None))
    for view in OPERATIONS
    if issubclass(view, MessageView)
]
FORM_PATHS = frozenset(f"/{view.operation}" for view in OPERATIONS if view.form_serializer)
PATHS = frozenset(f"/{pattern.pattern}" for pattern in urlpatterns)
CHECK_PATHS = frozenset(f"/{pattern.pattern}" for pattern in _checks)
urlpatterns += _checks

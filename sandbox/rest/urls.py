"""Operations of the platform: URL, method, scope, limit. Source: Pumble app platform reference, 5.2.

Fixed segments come before ids, so that `direct`, `groups`, `scheduled` and `search` are not read as ids.
"""

from django.urls import path

from sandbox import rate_limits
from sandbox.rest import (
    app,
    channels,
    files,
    members,
    messages,
    oauth,
    people,
    scheduled,
    search,
)
from sandbox.rest.endpoint import Operation, api_view

_C = "v1/channels/<str:channel_id>"
_M = f"{_C}/messages/<str:message_id>"
_S = "v1/messages/scheduled/<str:scheduled_id>"

urlpatterns = [
    path("oauth2/access", oauth.access),
    path("oauth2/me", api_view(GET=Operation(people.me))),
    path("v1/workspace", api_view(GET=Operation(people.workspace, "workspace:read"))),
    path("v1/workspaceUsers", api_view(GET=Operation(people.list_all, "users:list"))),
    path("v1/workspaceUsers/groups", api_view(GET=Operation(people.groups, "users:list"))),
    path("v1/workspaceUsers/customStatus", api_view(PUT=Operation(people.update_status, "status:write"))),
    path("v1/workspaceUsers/<str:person_id>", api_view(GET=Operation(people.retrieve, "user:read"))),
    path(
        "v1/channels",
        api_view(
            GET=Operation(channels.list_all, "channels:list"),
            POST=Operation(channels.create, "channels:write", rate_limits.NEW_CHANNEL),
        ),
    ),
    path(
        "v1/channels/direct",
        api_view(
            GET=Operation(channels.get_direct, "channels:read"),
            POST=Operation(channels.create_direct, "channels:write"),
        ),
    ),
    path(_C, api_view(GET=Operation(channels.retrieve, "channels:read"))),
    path(f"{_C}/users", api_view(POST=Operation(members.add, "channels:write"))),
    path(f"{_C}/users/<str:person_id>", api_view(DELETE=Operation(members.remove, "channels:write"))),
    path(
        f"{_C}/messages",
        api_view(
            GET=Operation(messages.list_page, "channels:read"),
            POST=Operation(messages.post, "messages:write", rate_limits.NEW_MESSAGE),
        ),
    ),
    path(
        _M,
        api_view(
            GET=Operation(messages.retrieve, "messages:read"),
            POST=Operation(messages.reply, "messages:write", rate_limits.NEW_REPLY),
            PUT=Operation(messages.edit, "messages:edit"),
            DELETE=Operation(messages.delete, "messages:delete"),
        ),
    ),
    path(f"{_M}/attachments", api_view(PUT=Operation(messages.edit_attachments, "attachments:write"))),
    path(f"{_M}/ephemeral", api_view(DELETE=Operation(messages.delete_ephemeral, "messages:delete"))),
    path(f"{_M}/replies", api_view(GET=Operation(messages.list_replies, "channels:read"))),
    path("v1/messages/search", api_view(POST=Operation(search.search, "messages:read channels:list"))),
    path(
        "v1/messages/scheduled",
        api_view(
            GET=Operation(scheduled.list_all, "messages:read"),
            POST=Operation(scheduled.create, "messages:write", rate_limits.NEW_SCHEDULED),
        ),
    ),
    path(
        _S,
        api_view(
            GET=Operation(scheduled.retrieve, "messages:read"),
            PUT=Operation(scheduled.edit, "messages:edit"),
            DELETE=Operation(scheduled.delete, "messages:delete"),
        ),
    ),
    path(f"{_S}/attachments", api_view(PUT=Operation(scheduled.edit_attachments, "attachments:write"))),
    path(
        "v1/messages/<str:message_id>/reactions",
        api_view(
            POST=Operation(messages.add_reaction, "reaction:write", rate_limits.NEW_REACTION),
            DELETE=Operation(messages.remove_reaction, "reaction:write"),
        ),
    ),
    path("v1/files/upload/token", api_view(POST=Operation(files.create_token, files.SCOPE))),
    path("v1/files/upload/complete", api_view(POST=Operation(files.complete_upload, files.SCOPE))),
    path("upload/files", files.upload),
    path("files/<str:file_id>/<str:name>", api_view(GET=Operation(files.download, "messages:read"))),
    path("v1/calls/permanent", api_view(POST=Operation(people.permanent_call, "calls:write"))),
    path("v1/interactions/complete", api_view(POST=Operation(app.complete_interaction))),
    path("v1/app/authorization", api_view(DELETE=Operation(app.remove_authorization))),
    path("v1/app/installation", api_view(DELETE=Operation(app.uninstall))),
    path(
        "v1/app/homeView/workspaceUsers/<str:person_id>",
        api_view(POST=Operation(app.publish_home, "channels:write")),
    ),
]

"""The operations of the platform: address, method, scope, limit. Source: Pumble app platform reference, 5.2.

Fixed segments stand before ids, so that `direct`, `groups`, `scheduled` and `search` are never taken for one.
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
from sandbox.rest.endpoint import Operation, serve

_C = "v1/channels/<str:channel_id>"
_M = f"{_C}/messages/<str:message_id>"
_S = "v1/messages/scheduled/<str:scheduled_id>"

urlpatterns = [
    path("oauth2/access", oauth.access),
    path("oauth2/me", serve(GET=Operation(people.me))),
    path("v1/workspace", serve(GET=Operation(people.workspace, "workspace:read"))),
    path("v1/workspaceUsers", serve(GET=Operation(people.list_all, "users:list"))),
    path("v1/workspaceUsers/groups", serve(GET=Operation(people.groups, "users:list"))),
    path("v1/workspaceUsers/customStatus", serve(PUT=Operation(people.update_status, "status:write"))),
    path("v1/workspaceUsers/<str:person_id>", serve(GET=Operation(people.details, "user:read"))),
    path(
        "v1/channels",
        serve(
            GET=Operation(channels.list_all, "channels:list"),
            POST=Operation(channels.create, "channels:write", rate_limits.NEW_CHANNEL),
        ),
    ),
    path(
        "v1/channels/direct",
        serve(
            GET=Operation(channels.direct_details, "channels:read"),
            POST=Operation(channels.direct_create, "channels:write"),
        ),
    ),
    path(_C, serve(GET=Operation(channels.details, "channels:read"))),
    path(f"{_C}/users", serve(POST=Operation(members.add, "channels:write"))),
    path(f"{_C}/users/<str:person_id>", serve(DELETE=Operation(members.remove, "channels:write"))),
    path(
        f"{_C}/messages",
        serve(
            GET=Operation(messages.fetch_page, "channels:read"),
            POST=Operation(messages.post, "messages:write", rate_limits.NEW_MESSAGE),
        ),
    ),
    path(
        _M,
        serve(
            GET=Operation(messages.fetch, "messages:read"),
            POST=Operation(messages.reply, "messages:write", rate_limits.NEW_REPLY),
            PUT=Operation(messages.edit, "messages:edit"),
            DELETE=Operation(messages.delete, "messages:delete"),
        ),
    ),
    path(f"{_M}/attachments", serve(PUT=Operation(messages.edit_attachments, "attachments:write"))),
    path(f"{_M}/ephemeral", serve(DELETE=Operation(messages.delete_ephemeral, "messages:delete"))),
    path(f"{_M}/replies", serve(GET=Operation(messages.fetch_replies, "channels:read"))),
    path("v1/messages/search", serve(POST=Operation(search.search, "messages:read channels:list"))),
    path(
        "v1/messages/scheduled",
        serve(
            GET=Operation(scheduled.list_all, "messages:read"),
            POST=Operation(scheduled.create, "messages:write", rate_limits.NEW_SCHEDULED),
        ),
    ),
    path(
        _S,
        serve(
            GET=Operation(scheduled.details, "messages:read"),
            PUT=Operation(scheduled.edit, "messages:edit"),
            DELETE=Operation(scheduled.delete, "messages:delete"),
        ),
    ),
    path(f"{_S}/attachments", serve(PUT=Operation(scheduled.edit_attachments, "attachments:write"))),
    path(
        "v1/messages/<str:message_id>/reactions",
        serve(
            POST=Operation(messages.add_reaction, "reaction:write", rate_limits.NEW_REACTION),
            DELETE=Operation(messages.remove_reaction, "reaction:write"),
        ),
    ),
    path("v1/files/upload/token", serve(POST=Operation(files.token, files.SCOPE))),
    path("v1/files/upload/complete", serve(POST=Operation(files.complete, files.SCOPE))),
    path("upload/files", files.upload),
    path("files/<str:file_id>/<str:name>", serve(GET=Operation(files.fetch, "messages:read"))),
    path("v1/calls/permanent", serve(POST=Operation(people.permanent_call, "calls:write"))),
    path("v1/interactions/complete", serve(POST=Operation(app.complete_interaction))),
    path("v1/app/authorization", serve(DELETE=Operation(app.remove_authorization))),
    path("v1/app/installation", serve(DELETE=Operation(app.uninstall))),
    path(
        "v1/app/homeView/workspaceUsers/<str:person_id>",
        serve(POST=Operation(app.publish_home, "channels:write")),
    ),
]

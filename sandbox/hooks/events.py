"""Events: which app gets which. Source: Pumble app platform reference, 3.9.

An app gets an event if it subscribed to it, and if its bot or a person who authorized it has the scope and the access.
"""

import functools
import json
import secrets
from typing import Any

from django.db.models import Q

from sandbox import app_registry, blocks, clock
from sandbox.hooks import delivery, outbox
from sandbox.models import (
    App,
    Authorization,
    Channel,
    Installation,
    Message,
    Person,
    Reaction,
)

REQUEST_ID_BYTES = 8


def message_changed(event: str, message: Message, channel: Channel) -> None:
    """Publish NEW_MESSAGE or UPDATED_MESSAGE."""
    body = {
        "mId": message.id,
        "wId": channel.workspace_id,
        "cId": channel.id,
        "trId": message.root_id or "",
        "stc": message.also_in_channel,
        "trMt": message.root.text if message.root else "",
        "aId": message.author_id,
        "tx": message.text,
        "bl": message.blocks,
        "ty": event,
        "ts": clock.iso_seconds(message.sent_ms),
        "tsm": message.sent_ms,
        "st": message.subtype,
        "f": message.files,
        "lId": message.local_id,
        "att": message.attachments,
        "md": blocks.mentioned_ids(message.text),
        "mc": [],
        "mu": [],
        "au": [],
        "e": message.edited,
        # Ephemeral messages have no event here. Whether they have one in Pumble is unknown (9, row 8).
        "eph": False,
    }
    if not message.text:
        del body["f"]  # Observed: an upload without a caption comes without its files.
    publish(event, channel.workspace_id, body, "messages:read", channel)


def reaction_added(reaction: Reaction, channel: Channel) -> None:
    body = {
        "wId": channel.workspace_id,
        "cId": channel.id,
        "mId": reaction.message_id,
        "mat": reaction.message.author_id,
        "uId": reaction.person_id,
        "rc": reaction.code,
        "ty": "REACTION_ADDED",
    }
    publish("REACTION_ADDED", channel.workspace_id, body, "reaction:read", channel)


def app_unauthorized(authorization: Authorization, installation: Installation) -> None:
    body = {
        "id": authorization.id,
        "app": authorization.app_id,
        "appInstallation": installation.id,
        "workspace": installation.workspace_id,
        "workspaceUser": authorization.person_id,
        "grantedScopes": authorization.scopes,
        "accessGranted": False,
    }
    _publish_lifecycle(
        "APP_UNAUTHORIZED", authorization.app, installation.workspace_id, [authorization.person_id], body
    )


def app_uninstalled(installation: Installation) -> None:
    body = {
        "id": installation.id,
        "app": installation.app_id,
        "workspace": installation.workspace_id,
        "installedBy": installation.installed_by_id,
        "botUser": installation.bot_id,
        # Documented as a date, without its format (9, row 5).
        "uninstalledAt": clock.iso_seconds(clock.now_ms()),
    }
    # One event for all: without user ids, and without APP_UNAUTHORIZED (9, rows 11 and 14).
    _publish_lifecycle("APP_UNINSTALLED", installation.app, installation.workspace_id, [], body)


def publish(event: str, workspace_id: str, body: dict[str, Any], scope: str, channel: Channel | None) -> None:
    """Send the event to each app in the workspace that may have it.

    Args:
        scope: the scope that the bot or a person must have granted.
        channel: they must also see this channel, if given.
    """
    body = {**body, "rid": f"r-{secrets.token_hex(REQUEST_ID_BYTES)}"}
    for installation in Installation.objects.filter(workspace_id=workspace_id, active=True).select_related(
        "app"
    ):
        user_ids = _entitled_ids(installation, scope, channel)
        if user_ids:
            _enqueue(installation.app, "PUMBLE_EVENT", event, workspace_id, user_ids, body)


def _publish_lifecycle(
    event: str, app: App, workspace_id: str, user_ids: list[str], body: dict[str, Any]
) -> None:
    # Whether these come as PUMBLE_EVENT is unknown (9, row 4). The SDK accepts both.
    _enqueue(app, "APP_EVENT", event, workspace_id, user_ids, body)


def _entitled_ids(installation: Installation, scope: str, channel: Channel | None) -> list[str]:
    """Return the ids of those who granted the scope (bot included) and see the channel."""
    granted = Authorization.objects.filter(
        app_id=installation.app_id,
        person__workspace_id=installation.workspace_id,
        active=True,
        person__status="ACTIVATED",
    )
    people = {authorization.person_id: authorization.scopes for authorization in granted}
    if installation.bot_id:
        people[installation.bot_id] = installation.bot_scopes
    candidates = [person_id for person_id, scopes in people.items() if scope in scopes]
    if channel is None or not candidates:
        return candidates
    sees_channel = Q(memberships__channel=channel)
    if channel.channel_type == Channel.Type.PUBLIC:
        sees_channel |= ~Q(role__contains="GUEST")
    return list(
        Person.objects.filter(sees_channel, pk__in=candidates)
        .distinct()
        .order_by("id")
        .values_list("id", flat=True)
    )


def _enqueue(
    app: App, message_type: str, event: str, workspace_id: str, user_ids: list[str], body: dict[str, Any]
) -> None:
    payload = {
        "messageType": message_type,
        "eventType": event,
        "workspaceId": workspace_id,
        "workspaceUserIds": user_ids,
        "body": json.dumps(body, separators=(",", ":")),
    }
    outbox.enqueue(app.id, functools.partial(_send_if_subscribed, app, payload))


def _send_if_subscribed(app: App, payload: dict[str, Any]) -> None:
    """Runs in the app's own thread, because the manifest may have to be fetched first."""
    manifest = app_registry.get_manifest(app)
    if manifest is not None and payload["eventType"] in manifest.events and manifest.events_url:
        delivery.send_event(app, manifest.events_url, payload)

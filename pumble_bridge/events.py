"""Lifecycle events of the app. Final and harmless to repeat, in whatever order and number they come."""

from datetime import datetime

from keys import audit
from keys.models import Member, Workspace
from pumble_bridge import oauth
from pumble_bridge.answers import Acknowledged, Answer
from pumble_bridge.payloads import Event


def handle(event: Event, *, request_id: str, now: datetime) -> Answer:
    """Bring our rows in line with what happened; events of other kinds and of unknown workspaces change nothing."""
    workspace = Workspace.objects.filter(pumble_id=event.workspace_id).first()
    by = audit.Actor(None, audit.Surface.PUMBLE, request_id=request_id)
    if workspace is not None and event.type == "APP_UNINSTALLED":
        oauth.forget_workspace(workspace, by=by, now=now)
    elif workspace is not None and event.type == "APP_UNAUTHORIZED":
        leaving = {*event.user_ids, str(event.body.get("workspaceUser") or "")}
        for member in Member.objects.filter(workspace=workspace, pumble_user_id__in=leaving):
            oauth.forget_member(member, by=by, now=now)
    return Acknowledged()

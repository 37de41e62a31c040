"""What Pumble tells of the app and of people: who left, who changed. Off-boarding is final and harmless to repeat, in whatever order and number they come."""

from datetime import datetime

from keys import audit, membership
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
    elif workspace is not None and event.type == "WORKSPACE_USER_UPDATED":
        _bring_up_to_date(workspace, event, by=by, now=now)
    return Acknowledged()


def _bring_up_to_date(workspace: Workspace, event: Event, *, by: audit.Actor, now: datetime) -> None:
    """A person we know changed: a deactivated one is signed out and their keys open nothing from now on.

    Source: Pumble app platform reference, events: uId, uN (name), uE (e-mail), ro (role), st (status).
    """
    member = Member.objects.filter(workspace=workspace, pumble_user_id=str(event.body.get("uId"))).first()
    if member is None or member.pumble_user_id is None:
        return
    profile = membership.Profile(
        user_id=member.pumble_user_id,
        name=str(event.body.get("uN") or member.name),
        email=str(event.body.get("uE") or member.email),
        role=str(event.body.get("ro") or member.role),
        is_active=event.body.get("st", "ACTIVATED" if member.is_active else "DEACTIVATED") != "DEACTIVATED",
    )
    membership.record_profile(workspace=workspace, profile=profile, by=by, now=now)

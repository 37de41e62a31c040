"""Why Pumble refuses a call: the app may lack a permission, because it was installed before it asked for it."""

from typing import Any

from django.db.models import QuerySet

from keys.models import RequestLog
from portal.api.calls import ApiCall
from pumble_bridge import app_scopes
from pumble_bridge.exceptions import PumbleRefused
from pumble_bridge.hints import Hint
from pumble_bridge.models import Authorization, Installation


def add_hint(error: PumbleRefused, call: ApiCall, scope: str | None) -> None:
    """Set `error.hint`, if Pumble forbade the call and who spoke has not granted the operation's scope to the app."""
    if error.reason != PumbleRefused.reason:
        return
    if call.is_workspace_key or call.observer.trace.speaker == RequestLog.Speaker.BOT:
        granted = _scopes_of(Installation.objects.filter(workspace=call.key.workspace_id))
        missing, hint = app_scopes.missing_bot_scopes, Hint.APP_PERMISSION
    else:
        granted = _scopes_of(Authorization.objects.filter(member=call.key.owner_id))
        missing, hint = app_scopes.missing_user_scopes, Hint.OWNER_PERMISSION
    if any(scope in missing(scopes) for scopes in granted):
        error.hint = hint


def _scopes_of(grants: QuerySet[Any]) -> list[list[str] | None]:
    return list(grants.values_list("granted_scopes", flat=True))

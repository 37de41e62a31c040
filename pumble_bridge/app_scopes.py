"""The scopes that the app asks Pumble for, and which of them a workspace or a person has not granted yet.

A release may need more scopes. Installations from before keep working. What they lack, Pumble refuses until an owner
updates the app's permissions, and each person signs in once more.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.conf import settings

from keys import scopes

if TYPE_CHECKING:
    from keys.models import Member, Workspace

INSTALL_PATH, SIGN_IN_PATH = "/pumble/install", "/pumble/signin"
REINSTALL = "reinstall"  # the parameter of INSTALL_PATH that asks the bot's scopes anew

# A key uses its owner's token, so the app needs every scope that a key can have.
USER_SCOPES = scopes.ALL
# Leak detection and events need `messages:read`. Keys of the workspace, and `asBot`, act as the bot.
BOT_SCOPES = (
    "messages:read",
    "messages:write",
    "messages:edit",
    "messages:delete",
    "files:write",
    "reaction:read",
    "reaction:write",
    "channels:list",
    "channels:read",
    "channels:write",
    "users:list",
    "user:read",
)
# What installations and authorizations have that do not record their scopes.
_FIRST_USER_SCOPES = set(USER_SCOPES) - {"files:write", "reaction:read"}
_FIRST_BOT_SCOPES = {
    "messages:read",
    "messages:write",
    "channels:list",
    "channels:read",
    "channels:write",
    "users:list",
    "user:read",
}


def missing_bot_scopes(granted: Iterable[str] | None) -> list[str]:
    """Return the scopes that the bot needs and lacks. `granted` is what the installation recorded."""
    held = _FIRST_BOT_SCOPES if granted is None else set(granted)
    return [scope for scope in BOT_SCOPES if scope not in held]


def missing_user_scopes(granted: Iterable[str] | None) -> list[str]:
    """Return the scopes that the app needs and a person has not granted. `granted` is what the authorization recorded."""
    held = _FIRST_USER_SCOPES if granted is None else set(granted)
    return [scope for scope in USER_SCOPES if scope not in held]


def update_url(workspace: "Workspace | None" = None) -> str:
    """Return the URL at which an owner or administrator updates the app's permissions. Anyone else just signs in there."""
    query = {REINSTALL: "true"} | ({"workspace": workspace.pumble_id} if workspace else {})
    return f"{settings.PUBLIC_URL}{INSTALL_PATH}?{urlencode(query)}"


def needs_update(workspace: "Workspace") -> bool:
    """Return whether the app is installed in the workspace and its bot lacks scopes."""
    installation = getattr(workspace, "installation", None)
    return installation is not None and bool(missing_bot_scopes(installation.granted_scopes))


def update_url_for(member: "Member") -> str:
    """Return the URL at which the member updates the app's permissions, or "" if they cannot or need not."""
    workspace = member.workspace
    if workspace is None or not member.is_workspace_admin or not needs_update(workspace):
        return ""
    return update_url(workspace)

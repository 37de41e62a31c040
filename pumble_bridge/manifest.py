"""The app's manifest for Pumble: scopes and hook URLs. Absolute URLs, no secrets.

Source: Pumble app platform reference, manifest.
"""

from typing import Any

from django.conf import settings

from pumble_bridge.app_scopes import BOT_SCOPES, INSTALL_PATH, USER_SCOPES
from pumble_bridge.chat import onboarding

HOOK_PATH = "/pumble/hook"
REDIRECT_PATH = "/pumble/redirect"
COMMAND = "/api-keys"
DISPLAY_NAME = "API"
KEY_MENU = "key"


def build() -> dict[str, Any]:
    """Return the manifest. It has no `id` until PUMBLE_APP_ID is set."""
    hook = settings.PUBLIC_URL + HOOK_PATH
    app_id = {"id": settings.PUMBLE_APP_ID} if settings.PUMBLE_APP_ID else {}
    return app_id | {
        "name": "api-keys",
        "displayName": DISPLAY_NAME,
        "bot": True,
        "botTitle": "Keys for the Pumble API",
        "socketMode": False,
        "scopes": {"botScopes": list(BOT_SCOPES), "userScopes": list(USER_SCOPES)},
        "shortcuts": [],
        "slashCommands": [
            {
                "command": COMMAND,
                "url": hook,
                "description": "Manage your API keys",
                "usageHint": "generate [name] | list | delete <name> | rotate | help",
            }
        ],
        "eventSubscriptions": {
            "url": hook,
            "events": [
                "APP_UNAUTHORIZED",
                "APP_UNINSTALLED",
                "CHANNEL_ARCHIVED",
                "CHANNEL_CREATED",
                "NEW_MESSAGE",
                "REACTION_ADDED",
                "UPDATED_MESSAGE",
                "WORKSPACE_USER_JOINED",
                "WORKSPACE_USER_UPDATED",
            ],
        },
        "blockInteraction": {"url": hook},
        "viewAction": {"url": hook},
        "dynamicMenus": [{"url": hook, "onAction": KEY_MENU}],
        "defaultHomeView": {"enabled": True, "blocks": onboarding.default_home_blocks()},
        "redirectUrls": [settings.PUBLIC_URL + REDIRECT_PATH],
        "helpUrl": settings.PUBLIC_URL + "/",
        "listingUrl": settings.PUBLIC_URL + INSTALL_PATH,
        "welcomeMessage": "Hi! Type /api-keys generate to get a key for the Pumble API. Only you will see it.",
        "offlineMessage": "The API app does not answer right now, so nothing was changed. Try again in a minute.",
    }

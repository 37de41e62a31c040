"""An app's manifest. Source: Pumble app platform reference, 1.3."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

SCOPES = {
    "messages:read": "Read messages in the channels it can see",
    "messages:write": "Send messages",
    "messages:edit": "Edit messages it sent",
    "messages:delete": "Delete messages",
    "attachments:write": "Edit attachments of messages",
    "files:write": "Upload files",
    "reaction:read": "See reactions",
    "reaction:write": "Add and remove reactions",
    "channels:list": "List channels",
    "channels:read": "See details and history of channels",
    "channels:write": "Create channels, manage their members and publish its Home tab",
    "user:read": "See details of a person",
    "users:list": "List the people of the workspace",
    "status:write": "Set the custom status",
    "workspace:read": "See details of the workspace",
    "calls:write": "Create calls",
    "group:read": "See user groups",
}

SHORTCUT_TYPES = ("GLOBAL", "ON_MESSAGE")
MAX_SHORTCUT_NAME_LENGTH, MAX_USAGE_HINT_LENGTH = 32, 55


class InvalidManifest(ValueError):
    """Pumble would not accept the manifest. The message says why."""


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A checked manifest. `raw` is its JSON with absolute URLs."""

    raw: dict[str, Any]

    @property
    def name(self) -> str:
        return _text(self.raw.get("name"))

    @property
    def display_name(self) -> str:
        return _text(self.raw.get("displayName")) or self.name

    @property
    def has_bot(self) -> bool:
        return self.raw.get("bot") is not False

    @property
    def bot_scopes(self) -> list[str]:
        return _texts(_object(self.raw.get("scopes")).get("botScopes"))

    @property
    def user_scopes(self) -> list[str]:
        return _texts(_object(self.raw.get("scopes")).get("userScopes"))

    @property
    def all_scopes(self) -> list[str]:
        """All scopes as in a consent URL: bot scopes with the prefix `bot:`."""
        return [*self.user_scopes, *(f"bot:{scope}" for scope in self.bot_scopes)]

    @property
    def redirect_urls(self) -> list[str]:
        return _texts(self.raw.get("redirectUrls"))

    @property
    def commands(self) -> list[dict[str, Any]]:
        return _objects(self.raw.get("slashCommands"))

    @property
    def shortcuts(self) -> list[dict[str, Any]]:
        return _objects(self.raw.get("shortcuts"))

    @property
    def events(self) -> list[str]:
        return _texts(_object(self.raw.get("eventSubscriptions")).get("events"))

    @property
    def events_url(self) -> str:
        return _text(_object(self.raw.get("eventSubscriptions")).get("url"))

    @property
    def interaction_url(self) -> str:
        return _text(_object(self.raw.get("blockInteraction")).get("url"))

    @property
    def view_url(self) -> str:
        return _text(_object(self.raw.get("viewAction")).get("url"))

    @property
    def default_home_view(self) -> dict[str, Any] | None:
        home = _object(self.raw.get("defaultHomeView"))
        return home if home.get("enabled") is True and isinstance(home.get("blocks"), list) else None

    @property
    def welcome_message(self) -> str:
        return _text(self.raw.get("welcomeMessage"))

    @property
    def offline_message(self) -> str:
        return _text(self.raw.get("offlineMessage"))

    @property
    def listing_url(self) -> str:
        url = _text(self.raw.get("listingUrl"))
        return url if url.startswith(("http://", "https://")) else ""

    def command_url(self, command: str) -> str | None:
        return next(
            (_text(item.get("url")) for item in self.commands if item.get("command") == command), None
        )

    def shortcut_url(self, kind: str, name: str) -> str | None:
        matches = (
            item for item in self.shortcuts if item.get("shortcutType") == kind and item.get("name") == name
        )
        return next((_text(item.get("url")) for item in matches), None)

    def menu_url(self, on_action: str) -> str | None:
        menus = _objects(self.raw.get("dynamicMenus"))
        return next((_text(item.get("url")) for item in menus if item.get("onAction") == on_action), None)


def parse_manifest(raw: object, base_url: str) -> Manifest:
    """Check a manifest and resolve its relative URLs against `base_url` (empty: URLs must be absolute).

    Raises:
        InvalidManifest: a required part is missing or malformed.
    """
    if not isinstance(raw, dict):
        raise InvalidManifest("the manifest is not a JSON object")
    for key in ("name", "displayName"):
        if not _text(raw.get(key)).strip():
            raise InvalidManifest(f"{key} is required")
    unknown = set(_texts(_object(raw.get("scopes")).get("botScopes"))) | set(
        _texts(_object(raw.get("scopes")).get("userScopes"))
    )
    unknown -= SCOPES.keys()
    if unknown:
        raise InvalidManifest(f"unknown scopes: {', '.join(sorted(unknown))}")
    _check_commands(_objects(raw.get("slashCommands")))
    _check_shortcuts(_objects(raw.get("shortcuts")))
    home = _object(raw.get("defaultHomeView"))
    if any(block.get("type") != "rich_text" for block in _objects(home.get("blocks"))):
        raise InvalidManifest("the default Home view can have rich_text blocks only")
    resolved = _resolve({key: value for key, value in raw.items() if key not in _PRIVATE}, base_url)
    return Manifest(resolved)


def _check_commands(commands: list[dict[str, Any]]) -> None:
    names = [_text(command.get("command")) for command in commands]
    if not all(re.fullmatch(r"/\S{1,31}", name) for name in names):
        raise InvalidManifest("a slash command must start with / and have at most 32 characters")
    if len(set(names)) < len(names):
        raise InvalidManifest("a slash command is listed twice")
    if any(len(_text(command.get("usageHint"))) > MAX_USAGE_HINT_LENGTH for command in commands):
        raise InvalidManifest(f"a usageHint can have at most {MAX_USAGE_HINT_LENGTH} characters")


def _check_shortcuts(shortcuts: list[dict[str, Any]]) -> None:
    names = [(_text(item.get("shortcutType")), _text(item.get("name"))) for item in shortcuts]
    for kind, name in names:
        if kind not in SHORTCUT_TYPES:
            raise InvalidManifest(f"a shortcutType must be one of {', '.join(SHORTCUT_TYPES)}")
        if not 0 < len(name) <= MAX_SHORTCUT_NAME_LENGTH:
            raise InvalidManifest(f"a shortcut's name must have 1 to {MAX_SHORTCUT_NAME_LENGTH} characters")
    if len(set(names)) < len(names):
        raise InvalidManifest("a shortcut is listed twice")


_PRIVATE = {"appKey", "clientSecret", "signingSecret"}


def _resolve(raw: dict[str, Any], base_url: str) -> dict[str, Any]:
    """Make all URLs absolute, and flatten event subscriptions to event names."""

    def absolute(value: object) -> str:
        try:
            url = urljoin(base_url, _text(value))
            is_http = urlsplit(url).scheme in {"http", "https"} and url.isprintable()
        except ValueError:
            is_http = False
        if not is_http:
            raise InvalidManifest(f"not an http or https URL: {_text(value)[:200]}")
        return url

    def with_url(value: dict[str, Any]) -> dict[str, Any]:
        return {**value, "url": absolute(value["url"])} if value.get("url") else dict(value)

    resolved = dict(raw)
    resolved["redirectUrls"] = [absolute(url) for url in _texts(raw.get("redirectUrls"))]
    for key in ("slashCommands", "shortcuts", "dynamicMenus"):
        resolved[key] = [with_url(item) for item in _objects(raw.get(key))]
    for key in ("blockInteraction", "viewAction", "eventSubscriptions"):
        resolved[key] = with_url(_object(raw.get(key)))
    events = _object(raw.get("eventSubscriptions")).get("events")
    names = (
        [item.get("name") if isinstance(item, dict) else item for item in events]
        if isinstance(events, list)
        else []
    )
    resolved["eventSubscriptions"]["events"] = _texts(names)
    return resolved

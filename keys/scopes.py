"""The scopes a key can hold, in Pumble's own names, in the order in which they are listed; and the usual choices of them. Pure."""

from collections.abc import Iterable

ALL = (
    "channels:list",
    "channels:read",
    "channels:write",
    "messages:read",
    "messages:write",
    "messages:edit",
    "messages:delete",
    "reaction:write",
    "users:list",
    "user:read",
    "status:write",
)


def is_read_only(scope: str) -> bool:
    return scope.endswith((":read", ":list"))


READ_ONLY = tuple(scope for scope in ALL if is_read_only(scope))
POST_MESSAGES = ("channels:list", "channels:read", "messages:write", "users:list", "user:read")
PRESETS = {"read-only": READ_ONLY, "post-messages": POST_MESSAGES, "full-access": ALL}


def in_order(scopes: Iterable[str]) -> list[str]:
    """`scopes`, each once, in the order of `ALL`; unknown ones are left out."""
    held = set(scopes)
    return [scope for scope in ALL if scope in held]


def find_preset(scopes: Iterable[str]) -> str | None:
    """The name of the preset that has exactly these scopes."""
    held = set(scopes)
    return next((name for name, preset in PRESETS.items() if set(preset) == held), None)

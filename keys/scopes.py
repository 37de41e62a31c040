"""The scopes of a key, in Pumble's names and in the order of lists, and presets of them. Pure."""

from collections.abc import Iterable

# Every scope of full access. The app's manifest asks Pumble for them.
ALL = (
    "channels:list",
    "channels:read",
    "channels:write",
    "messages:read",
    "messages:write",
    "messages:edit",
    "messages:delete",
    "files:write",
    "reaction:read",
    "reaction:write",
    "users:list",
    "user:read",
    "status:write",
)
MANAGE = "keys:manage"  # of this product; Pumble does not know it. No preset and no default has it.
KNOWN = (*ALL, MANAGE)
_LATER = {"files:write", "reaction:read"}  # keys that were created before do not have them


def is_read_only(scope: str) -> bool:
    """Return whether the scope allows no changes."""
    return scope.endswith((":read", ":list"))


READ_ONLY = tuple(scope for scope in ALL if is_read_only(scope))
POST_MESSAGES = (
    "channels:list",
    "channels:read",
    "messages:write",
    "files:write",
    "users:list",
    "user:read",
)
READ_ONLY_PRESET, FULL_ACCESS = "read-only", "full-access"
PRESETS = {READ_ONLY_PRESET: READ_ONLY, "post-messages": POST_MESSAGES, FULL_ACCESS: ALL}


def in_order(scopes: Iterable[str]) -> list[str]:
    """Return the scopes in the order of `KNOWN`, each once. Drop unknown ones."""
    held = set(scopes)
    return [scope for scope in KNOWN if scope in held]


def are_full_access(scopes: Iterable[str]) -> bool:
    """Return whether these scopes are full access, or were when they were all that existed."""
    return (set(ALL) - _LATER).issubset(scopes)


def find_preset(scopes: Iterable[str]) -> str | None:
    """Return the name of the preset with exactly these scopes, or None."""
    held = set(scopes)
    return next((name for name, preset in PRESETS.items() if set(preset) == held), None)

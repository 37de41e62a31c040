"""The form of Pumble's ids: of workspaces, members, channels and messages. Pure."""

import re

PUMBLE_ID = r"[0-9a-f]{24}"
_PUMBLE_ID = re.compile(PUMBLE_ID)


def is_pumble_id(value: object) -> bool:
    return isinstance(value, str) and _PUMBLE_ID.fullmatch(value) is not None

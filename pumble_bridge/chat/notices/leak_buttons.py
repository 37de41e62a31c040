"""The buttons of notices: their action ids, and what their values name."""

import re

LEAK_REVOKE = "leak:revoke"
LEAK_TEST = "leak:test"
MESSAGE_ID = r"[0-9A-Za-z_-]{1,64}"
_LEAK = re.compile(rf"([0-9A-Za-z]{{12}}):({MESSAGE_ID})")


def leak_value(key_id: str, message_id: str) -> str:
    return f"{key_id}:{message_id}"


def read_leak_value(value: str) -> tuple[str, str]:
    """Key id and message id of a button's value; two empty texts where it is no such value."""
    read = _LEAK.fullmatch(value)
    return (read[1], read[2]) if read else ("", "")

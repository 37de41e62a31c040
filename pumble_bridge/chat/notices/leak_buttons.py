"""Action ids and values of the buttons of leak notices."""

import re

LEAK_REVOKE = "leak:revoke"
LEAK_TEST = "leak:test"
MESSAGE_ID = r"[0-9A-Za-z_-]{1,64}"
_LEAK = re.compile(rf"([0-9A-Za-z]{{12}}):({MESSAGE_ID})")


def leak_value(key_id: str, message_id: str) -> str:
    return f"{key_id}:{message_id}"


def read_leak_value(value: str) -> tuple[str, str]:
    """Return the key id and the message id in a button's value, or ("", "") if it is invalid."""
    match = _LEAK.fullmatch(value)
    return (match[1], match[2]) if match else ("", "")

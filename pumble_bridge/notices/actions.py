"""The buttons of notices: their action ids, and what their values name."""

LEAK_REVOKE = "leak:revoke"
LEAK_TEST = "leak:test"


def leak_value(key_id: str, message_id: str) -> str:
    return f"{key_id}:{message_id}"


def read_leak_value(value: str) -> tuple[str, str]:
    """Key id and message id of a button's value; what is no such value names no key."""
    key_id, _colon, message_id = value.partition(":")
    return key_id, message_id

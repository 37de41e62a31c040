"""Cursors of `listEvents`: encrypted, so that a client cannot make one, and bound to key and listener."""

from dataclasses import dataclass

from cryptography.fernet import InvalidToken

from keys.key_cache import KeyRecord
from pumble_bridge.encryption import fernet

MAX_LENGTH = 500


class CursorUnknown(Exception):
    """The cursor was made up or damaged, or belongs to another key."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in the feed of a workspace: the number of the last event that the listener has passed."""

    listener_pk: int
    number: int


def encode(cursor: Cursor, key: KeyRecord) -> str:
    text = f"events.{key.workspace_id}.{key.pk}.{cursor.listener_pk}.{cursor.number}"
    return fernet().encrypt(text.encode()).decode().rstrip("=")


def decode(text: str, key: KeyRecord) -> Cursor:
    """
    Raises:
        CursorUnknown.
    """
    padded = text + "=" * (-len(text) % 4)
    try:
        if len(text) > MAX_LENGTH:
            raise CursorUnknown
        purpose, workspace, owner, listener, number = (
            fernet().decrypt(padded.encode("ascii")).decode().split(".")
        )
    except (InvalidToken, ValueError) as error:
        raise CursorUnknown from error
    if (purpose, workspace, owner) != ("events", str(key.workspace_id), str(key.pk)):
        raise CursorUnknown
    return Cursor(int(listener), int(number))

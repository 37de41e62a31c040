"""Names of keys: readable, and unique among the keys of their owner that go by them."""

import unicodedata
from collections.abc import Collection
from datetime import datetime

from keys import keyformat
from keys.errors import NameInvalid, NameTaken
from keys.models import ApiKey, Member

MAX_NAME_LENGTH = 64
MAX_NOTE_LENGTH = 200
_JOINER = "\u200d"  # holds emoji sequences together; every other invisible character could disguise a name


def clean_name(name: str) -> str:
    """`name` with blanks folded.

    Raises:
        NameInvalid: empty, over 64 characters, with invisible characters, or with a key in it.
    """
    folded = " ".join(name.split())
    invisible = any(unicodedata.category(char).startswith("C") and char != _JOINER for char in folded)
    if not folded or len(folded) > MAX_NAME_LENGTH or invisible or keyformat.looks_like_key(folded):
        raise NameInvalid
    return folded


def clean_note(note: str) -> str:
    """What somebody gives as a reason, fit to be kept: without key material or control characters, 200 characters."""
    readable = "".join(char if char.isprintable() else " " for char in note)
    return keyformat.redact(" ".join(readable.split()))[:MAX_NOTE_LENGTH]


def free_name(name: str, taken: Collection[str]) -> str:
    """Return `name`, clean.

    Args:
        taken: what `taken_names` returns.

    Raises:
        NameInvalid, NameTaken.
    """
    name = clean_name(name)
    if name.casefold() in taken:
        raise NameTaken
    return name


def next_name(taken: Collection[str]) -> str:
    number = 1
    while f"key-{number}" in taken:
        number += 1
    return f"key-{number}"


def taken_names(owner: Member, now: datetime, *, but: ApiKey | None = None) -> list[str]:
    """Return the casefolded name of each current key of the owner, except that of `but`."""
    current = ApiKey.objects.filter(owner=owner).current(now)
    others = current.exclude(pk=but.pk) if but else current
    return [name.casefold() for name in others.values_list("name", flat=True)]

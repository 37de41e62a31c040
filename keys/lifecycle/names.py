"""Names of keys: visible, and unique among the current keys of their owner."""

import unicodedata
from collections.abc import Collection
from datetime import datetime

from keys import key_format, unicode_text
from keys.exceptions import NameInvalid, NameTaken
from keys.models import ApiKey, Member

MAX_NAME_LENGTH = 64
MAX_NOTE_LENGTH = 200
_JOINER = "\u200d"  # joins emoji sequences; any other invisible character could disguise a name
# Letters, marks and symbols that are invisible in every font: joiners, Hangul and Khmer fillers, the Braille blank.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def clean_name(name: str) -> str:
    """Return the name as it is stored.

    Raises:
        NameInvalid: empty, over 64 characters, with invisible characters, or with a key in it.
    """
    normalized = unicode_text.normalize(name)
    if key_format.contains_key_pattern(normalized):
        raise NameInvalid(contains_key=True)
    if character := _find_invisible(normalized):
        raise NameInvalid(character)
    if not 0 < len(normalized) <= MAX_NAME_LENGTH:
        raise NameInvalid(length=len(normalized))
    return normalized


def _find_invisible(name: str) -> str | None:
    """Return a character that no name may have, or that no name may consist of; None if there is none."""
    for char in name:
        if char in _INVISIBLE or (unicodedata.category(char).startswith("C") and char != _JOINER):
            return char
    is_visible = any(unicodedata.category(char)[0] in "LNPS" for char in name)
    return None if is_visible or not name else name[0]


def clean_note(note: str) -> str:
    """Return a reason or purpose as it is stored: one line of at most 200 characters, without API keys."""
    readable = "".join(char if char.isprintable() else " " for char in note)
    return key_format.redact(" ".join(readable.split()))[:MAX_NOTE_LENGTH]


def require_unique_name(name: str, taken: Collection[str]) -> str:
    """Return the name as it is stored, if it is free.

    Args:
        taken: the result of `taken_names`.

    Raises:
        NameInvalid, NameTaken.
    """
    name = clean_name(name)
    if unicode_text.fold(name) in taken:
        raise NameTaken
    return name


def next_name(taken: Collection[str]) -> str:
    """Return the first of `key-1`, `key-2`, … that is free."""
    number = 1
    while f"key-{number}" in taken:
        number += 1
    return f"key-{number}"


def taken_names(owner: Member, now: datetime, *, exclude: ApiKey | None = None) -> list[str]:
    """Return the folded name of each current key of the owner, except that of `exclude`."""
    current = ApiKey.objects.filter(owner=owner).current(now)
    others = current.exclude(pk=exclude.pk) if exclude else current
    return [unicode_text.fold(name) for name in others.values_list("name", flat=True)]

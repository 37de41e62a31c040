"""Unicode forms of names: one to store, and one to compare that ignores what people cannot see."""

import re
import unicodedata

from django.db.models import Q

# The zero width joiner and the variation selectors 15 and 16: an emoji has them on one keyboard and not on another.
_EMOJI_JOINERS = re.compile("[\u200d\ufe0e\ufe0f]")


def normalize(text: str) -> str:
    """Return the text in Unicode form NFC, with one space for each run of whitespace."""
    return unicodedata.normalize("NFC", " ".join(text.split()))


def fold(text: str) -> str:
    """Return the form by which names are compared. Two names are the same if their folds are equal.

    Source: The Unicode Standard, section 3.13.5, canonical caseless matching (D145).
    """
    decomposed = unicodedata.normalize("NFD", _EMOJI_JOINERS.sub("", text)).casefold()
    return normalize(decomposed)


def matches(lookup: str, text: str) -> Q:
    """Return the condition that a column matches the text in composed or decomposed form.

    Rows from earlier versions, and names that come from Pumble, can have either form.
    """
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    return Q((lookup, composed)) | Q((lookup, decomposed))

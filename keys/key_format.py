"""The format of an API key: how it is generated, parsed, found in a text and digested. Pure.

A key is `pmb_` + key id (12) + `_` + secret (32) + checksum (6), all base62, so a double click selects all of it. The secret
has 190 random bits. The checksum is the CRC-32 of everything before it. Typos are refused without a query, and secret
scanners can tell a key from a similar text.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
PREFIX = "pmb"
ID_LENGTH = 12
SECRET_LENGTH = 32
CHECKSUM_LENGTH = 6

_BODY = rf"{PREFIX}_([0-9A-Za-z]{{{ID_LENGTH}}})_[0-9A-Za-z]{{{SECRET_LENGTH + CHECKSUM_LENGTH}}}"
_KEY = re.compile(_BODY.encode())
_KEY_IN_TEXT = re.compile(_BODY)


@dataclass(frozen=True, slots=True)
class Plaintext:
    """A key with the right form and checksum. It may never have been issued."""

    key_id: str
    text: str = field(repr=False)

    @property
    def last_four(self) -> str:
        return self.text[-4:]

    def digest(self, pepper: bytes) -> bytes:
        """Return the HMAC-SHA256 of the whole key, 32 bytes. The secret is random, so a slow hash would add nothing."""
        return hmac.digest(pepper, self.text.encode(), hashlib.sha256)


def generate() -> Plaintext:
    """Return a new random key."""
    key_id = _random(ID_LENGTH)
    body = f"{PREFIX}_{key_id}_{_random(SECRET_LENGTH)}"
    return Plaintext(key_id=key_id, text=body + _checksum(body))


def parse(raw_key: bytes) -> Plaintext | None:
    """Return the key, or None if the form or the checksum is wrong. Never raise, whatever the bytes are."""
    match = _KEY.fullmatch(raw_key)
    if match is None:
        return None
    text = raw_key.decode("ascii")
    if _checksum(text[:-CHECKSUM_LENGTH]) != text[-CHECKSUM_LENGTH:]:
        return None
    return Plaintext(key_id=match[1].decode("ascii"), text=text)


def find_in(text: str) -> list[Plaintext]:
    """Return every key in the text that has the right form and checksum."""
    candidates = (parse(match[0].encode()) for match in _KEY_IN_TEXT.finditer(text))
    return [key for key in candidates if key is not None]


def contains_key_pattern(text: str) -> bool:
    """Return whether the text contains something like a key, with any checksum. Such a text must not be shown."""
    return re.search(rf"{PREFIX}_[0-9A-Za-z]{{6,}}_[0-9A-Za-z]{{6,}}", text) is not None


def redact(text: str) -> str:
    """Return the text with everything that has the form of a key cut to its key id."""
    joint = r"(?:_|%(?:25)*5[Ff])"  # an underscore, also percent-encoded any number of times
    return re.sub(
        rf"({PREFIX}{joint}[0-9A-Za-z]{{1,{ID_LENGTH}}})(?:{joint}[0-9A-Za-z]+)+", r"\1_[redacted]", text
    )


def is_free_of_keys(text: str) -> bool:
    """Return whether nothing in the text has the form of a key, so that it may be shown."""
    return redact(text) == text


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode("ascii"))
    digits = []
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))

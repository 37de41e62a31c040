"""The text of an API key: how one is made, recognised and digested. Pure: no database, no clock, no settings.

A key is `pmb_` + key id (12) + `_` + secret (32) + checksum (6), all base62, so a double click selects the whole.
The secret holds 190 random bits. The checksum is the CRC-32 of everything before it: typos and fakes are turned away
without a query, and scanners can tell a real key from a look-alike.
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
    """A well-formed key with a right checksum. Whether anyone issued it is another question."""

    key_id: str
    text: str = field(repr=False)

    @property
    def last_four(self) -> str:
        return self.text[-4:]

    def digest(self, pepper: bytes) -> bytes:
        """HMAC-SHA256 of the whole key; 32 bytes. The secret is random, so a slow hash would buy nothing."""
        return hmac.digest(pepper, self.text.encode(), hashlib.sha256)


def generate() -> Plaintext:
    key_id = _random(ID_LENGTH)
    body = f"{PREFIX}_{key_id}_{_random(SECRET_LENGTH)}"
    return Plaintext(key_id=key_id, text=body + _checksum(body))


def parse(presented: bytes) -> Plaintext | None:
    """The key in `presented`, or None where its form or checksum is wrong. Never raises, whatever the bytes."""
    match = _KEY.fullmatch(presented)
    if match is None:
        return None
    text = presented.decode("ascii")
    if _checksum(text[:-CHECKSUM_LENGTH]) != text[-CHECKSUM_LENGTH:]:
        return None
    return Plaintext(key_id=match[1].decode("ascii"), text=text)


def find_in(text: str) -> list[Plaintext]:
    """Every well-formed key with a right checksum that stands anywhere in `text`."""
    candidates = (parse(match[0].encode()) for match in _KEY_IN_TEXT.finditer(text))
    return [key for key in candidates if key is not None]


def contains_key_pattern(text: str) -> bool:
    """Whether `text` contains something of a key's form, right checksum or not: not to be repeated to anyone."""
    return re.search(rf"{PREFIX}_[0-9A-Za-z]{{6,}}_[0-9A-Za-z]{{6,}}", text) is not None


def redact(text: str) -> str:
    """`text` with everything of a key's form cut down to its key id."""
    joint = r"(?:_|%(?:25)*5[Ff])"  # an underscore, also in the codings of an address
    return re.sub(
        rf"({PREFIX}{joint}[0-9A-Za-z]{{1,{ID_LENGTH}}})(?:{joint}[0-9A-Za-z]+)+", r"\1_[redacted]", text
    )


def is_free_of_keys(text: str) -> bool:
    """Whether nothing in `text` has a key's form, so that it may be repeated to whoever sent it."""
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

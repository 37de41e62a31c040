"""The reader of all untrusted JSON: request bodies, hooks and Pumble's responses. Pure.

Stricter than `json`: it refuses encodings other than UTF-8, NaN and Infinity, nesting deeper than 32 levels, and
strings with NUL or lone surrogates.
"""

import re
from typing import Any

import msgspec

MAX_BODY_BYTES = 1024 * 1024  # of any request to the portal
MAX_DEPTH = 32
_NUL = rb"\u0000"  # a raw NUL is not JSON
_DECODER = msgspec.json.Decoder()
_STRING = re.compile(rb'"[^"]*"')
_AS_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b'[]{}"'))


class InvalidJson(ValueError):
    """The text is not acceptable JSON. The message gives the reason and quotes nothing of the text."""


def loads(raw: bytes, *, limit: int = MAX_BODY_BYTES) -> Any:
    """Return the JSON value in `raw`, which has at most `limit` bytes.

    Raises:
        InvalidJson: too long, not UTF-8, not JSON, nested too deeply, or with an invalid character.
    """
    if len(raw) > limit:
        raise InvalidJson("too long")
    try:
        value = _DECODER.decode(raw)
    except UnicodeDecodeError as error:
        raise InvalidJson("not UTF-8") from error
    except RecursionError as error:
        raise InvalidJson("nested too deeply") from error
    except msgspec.ValidationError as error:
        raise InvalidJson("a number is out of range") from error
    except msgspec.DecodeError as error:
        raise InvalidJson("not JSON") from error
    escaped = b"\\" in raw  # the next two checks are slow, and most texts have no escapes
    _check_depth(raw.replace(rb"\\", b"").replace(rb"\"", b"") if escaped else raw)
    if escaped and _NUL in raw:
        _check_texts(value)
    return value


def loads_object(raw: bytes, *, limit: int = MAX_BODY_BYTES) -> dict[str, Any]:
    """Return the JSON object in `raw`. Like `loads`, but refuse other values."""
    value = loads(raw, limit=limit)
    if not isinstance(value, dict):
        raise InvalidJson("not an object")
    return value


def _check_depth(unescaped: bytes) -> None:
    """Remove pairs of brackets level by level. For a page of messages this takes a tenth of the time of a recursive walk."""
    brackets = unescaped.translate(_AS_BRACKETS, _NO_BRACKETS)
    level = brackets.replace(b'""', b"")
    if b'"' in level:  # strings contain brackets
        level = _STRING.sub(b"", brackets)
    for _ in range(MAX_DEPTH):
        if not level:
            return
        level = level.replace(b"[]", b"")
    if level:
        raise InvalidJson("nested too deeply")


def _check_texts(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise InvalidJson("a string has characters that are no text")
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _check_texts(item)
        if isinstance(value, dict):
            for name in value:
                _check_texts(name)

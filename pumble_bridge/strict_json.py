"""The one reader of untrusted JSON: request bodies, hooks, answers of Pumble. Pure.

Refuses with a sentence what other readers let through: other encodings than UTF-8, NaN and Infinity, nesting beyond
32, strings with NUL or lone surrogates.
"""

import re
from typing import Any

import msgspec

MAX_BODY_BYTES = 1024 * 1024  # of any request to us
MAX_DEPTH = 32
_NUL = rb"\u0000"  # a raw one is no JSON
_DECODER = msgspec.json.Decoder()
_STRING = re.compile(rb'"[^"]*"')
_AS_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b'[]{}"'))


class InvalidJson(ValueError):
    """The text is no JSON that may come in; the message says why in a few words and quotes nothing."""


def loads(raw: bytes, *, limit: int = MAX_BODY_BYTES) -> Any:
    """The value in `raw`, at most `limit` bytes long.

    Raises:
        InvalidJson: too long, not UTF-8, not JSON, too deep, or with characters no field may hold.
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
    escaped = b"\\" in raw  # the two that follow are slow, and most texts have none
    _check_depth(raw.replace(rb"\\", b"").replace(rb"\"", b"") if escaped else raw)
    if escaped and _NUL in raw:
        _check_texts(value)
    return value


def loads_object(raw: bytes, *, limit: int = MAX_BODY_BYTES) -> dict[str, Any]:
    """As `loads`, where the value must be an object."""
    value = loads(raw, limit=limit)
    if not isinstance(value, dict):
        raise InvalidJson("not an object")
    return value


def _check_depth(unescaped: bytes) -> None:
    """Level by level from the inside, on the brackets alone: this takes a page of messages a tenth of walking through it."""
    brackets = unescaped.translate(_AS_BRACKETS, _NO_BRACKETS)
    level = brackets.replace(b'""', b"")
    if b'"' in level:  # there are brackets in strings
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

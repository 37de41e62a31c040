"""The one reader of untrusted JSON: request bodies, hooks, answers of Pumble. Pure.

Refuses with a sentence what other readers let through: other encodings than UTF-8, NaN and Infinity, nesting beyond
32, strings with NUL or lone surrogates.
"""

import json
from typing import Any, NoReturn

MAX_BODY_BYTES = 1024 * 1024  # of any request to us
MAX_DEPTH = 32


class JsonRefused(ValueError):
    """The text is no JSON that may come in; the message says why in a few words and quotes nothing."""


def read(raw: bytes, *, limit: int = MAX_BODY_BYTES) -> Any:
    """The value in `raw`, at most `limit` bytes long.

    Raises:
        JsonRefused: too long, not UTF-8, not JSON, too deep, or with characters no field may hold.
    """
    if len(raw) > limit:
        raise JsonRefused("too long")
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)  # noqa: TID251 - this is the reader
    except UnicodeDecodeError as error:
        raise JsonRefused("not UTF-8") from error
    except RecursionError as error:
        raise JsonRefused("nested too deeply") from error
    except JsonRefused:
        raise
    except ValueError as error:  # also an integer of more digits than Python converts
        raise JsonRefused("not JSON") from error
    _check(value, MAX_DEPTH)
    return value


def read_object(raw: bytes, *, limit: int = MAX_BODY_BYTES) -> dict[str, Any]:
    """As `read`, where the value must be an object."""
    value = read(raw, limit=limit)
    if not isinstance(value, dict):
        raise JsonRefused("not an object")
    return value


def _check(value: Any, depth: int) -> None:
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise JsonRefused("a string has characters that are no text")
    elif isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise JsonRefused("a number is out of range")
    elif isinstance(value, dict | list):
        if depth == 0:
            raise JsonRefused("nested too deeply")
        if isinstance(value, dict):
            for key, item in value.items():
                _check(key, depth - 1)
                _check(item, depth - 1)
        else:
            for item in value:
                _check(item, depth - 1)


def _refuse_constant(name: str) -> NoReturn:
    raise JsonRefused(f"{name} is not JSON")

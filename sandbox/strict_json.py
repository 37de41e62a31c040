"""Reads JSON that others sent. The local Pumble stands alone, so it has a reader of its own."""

import json
import math
from typing import Any

JsonObject = dict[str, Any]


class InvalidJson(ValueError):
    """Not JSON, not UTF-8, nested beyond reason, or text that no UTF-8 can carry."""


def _refuse_constant(name: str) -> None:
    raise InvalidJson(name)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise InvalidJson("a number is too large")
    return number


def loads(raw: bytes) -> Any:
    """The value of `raw`; numbers beyond reason (NaN, Infinity, 1e400) and lone surrogates are refused.

    Raises:
        BadJson: whatever is wrong with it; the text never quotes the input.
    """
    try:
        text = raw.decode("utf-8")
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)  # noqa: TID251 - see the module
        if b"\\u" in raw:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise InvalidJson("malformed JSON") from None
    return value


def load_object(raw: bytes) -> JsonObject:
    value = loads(raw)
    if not isinstance(value, dict):
        raise InvalidJson("a JSON object is expected")
    return value


def dumps_ascii(value: object) -> bytes:
    """Compact and ASCII-escaped, so that a receiver who decodes chunk by chunk cannot break a character."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")

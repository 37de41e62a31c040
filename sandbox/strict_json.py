"""Strict JSON parsing. The local Pumble imports nothing of the portal, so it has its own."""

import json
import math
from typing import Any

JsonObject = dict[str, Any]


class InvalidJson(ValueError):
    """Not JSON, not UTF-8, nested too deeply, or text that UTF-8 cannot encode."""


def _refuse_constant(name: str) -> None:
    raise InvalidJson(name)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise InvalidJson("a number is too large")
    return number


def loads(raw: bytes) -> Any:
    """Parse JSON. Numbers out of range (NaN, Infinity, 1e400) and lone surrogates are refused.

    Raises:
        InvalidJson: the input is invalid. The message never quotes it.
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
    """Return compact ASCII JSON. A receiver that decodes it in chunks cannot split a character."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")

"""Reads JSON that others sent. The local Pumble stands alone, so it has a reader of its own."""

import json
from typing import Any

JsonObject = dict[str, Any]


class BadJson(ValueError):
    """Not JSON, not UTF-8, nested beyond reason, or text that no UTF-8 can carry."""


def _refuse_constant(name: str) -> None:
    raise BadJson(name)


def read(raw: bytes) -> Any:
    """The value of `raw`; numbers NaN and Infinity and lone surrogates are refused.

    Raises:
        BadJson: whatever is wrong with it; the text never quotes the input.
    """
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)  # noqa: TID251 - see the module
        if b"\\u" in raw:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise BadJson("malformed JSON") from None
    return value


def read_object(raw: bytes) -> JsonObject:
    value = read(raw)
    if not isinstance(value, dict):
        raise BadJson("a JSON object is expected")
    return value


def write_ascii(value: object) -> bytes:
    """Compact and ASCII-escaped, so that a receiver who decodes chunk by chunk cannot break a character."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")

"""Validates single values of a body or query. Errors are the platform's 400000 with a text in brackets."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.exceptions import ValidationError

MAX_TEXT_LENGTH = 100_000
_EMOJI_CODE = re.compile(r":[A-Za-z0-9_+\-]+:")


def text(
    body: Mapping[str, Any], name: str, *, maximum: int, minimum: int = 0, default: str | None = None
) -> str:
    """Return a string of `minimum` to `maximum` characters. Without `default` it is required."""
    value = body.get(name)
    if value is None and default is not None:
        return default
    if value is None:
        raise ValidationError("[must not be null]")
    if not isinstance(value, str):
        raise ValidationError("[must be a string]")
    if not minimum <= len(value) <= maximum:
        raise ValidationError(f"[size must be between {minimum} and {maximum}]")
    return value


def flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise ValidationError("[must be a boolean]")
    return bool(value)


def number(value: object, *, default: int, minimum: int, maximum: int) -> int:
    """Return a whole number from JSON or a query. Above `maximum` it is cut; below `minimum` it is refused."""
    if value is None:
        return default
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value, re.ASCII):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValidationError("[must be a number]")
    if value < minimum:
        raise ValidationError(f"[must be greater than or equal to {minimum}]")
    return min(value, maximum)


def bounded_number(value: object, *, minimum: int, maximum: int) -> int:
    """Return a whole number. Outside its bounds it is refused."""
    value_ = number(value, default=minimum, minimum=minimum, maximum=maximum + 1)
    if value_ > maximum:
        raise ValidationError(f"[must be less than or equal to {maximum}]")
    return value_


def emoji_code(body: Mapping[str, Any], *, minimum: int, maximum: int) -> str:
    """Return the code of an emoji, as in `:+1:`."""
    value = text(body, "code", minimum=minimum, maximum=maximum)
    if not _EMOJI_CODE.fullmatch(value):
        raise ValidationError("[code must be of the form :code:]")
    return value


def choice(value: object, allowed: tuple[str, ...], default: str | None = None) -> str:
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or value not in allowed:
        raise ValidationError(f"[Allowed values are {'|'.join(allowed)}]")
    return value


def ids(value: object, *, minimum: int, maximum: int) -> list[str]:
    """Return a list of ids (or codes) without duplicates, in their order."""
    if value is None and minimum == 0:
        return []
    if value is None:
        raise ValidationError("[must not be null]")
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValidationError("[must be a list of strings]")
    distinct = list(dict.fromkeys(value))
    if not minimum <= len(distinct) <= maximum:
        raise ValidationError(f"[size must be between {minimum} and {maximum}]")
    return distinct


def objects(value: object) -> list[dict[str, Any]] | None:
    """Return a list of objects, or None."""
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValidationError("[must be a list of objects]")
    return value


def blocks(value: object) -> list[dict[str, Any]] | None:
    value_ = objects(value)
    if value_ is not None and not all(isinstance(item.get("type"), str) for item in value_):
        raise ValidationError("[every block must have a type]")
    return value_

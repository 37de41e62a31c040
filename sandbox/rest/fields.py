"""Reads single values of a body or query. Every refusal is the platform's 400000 with a bracketed text."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.exceptions import Invalid

MAX_TEXT = 100_000
_CODE = re.compile(r":[A-Za-z0-9_+\-]+:")


def text(body: Mapping[str, Any], name: str, *, most: int, least: int = 0, default: str | None = None) -> str:
    """A string of `least` to `most` characters; without `default` it is required."""
    value = body.get(name)
    if value is None and default is not None:
        return default
    if value is None:
        raise Invalid("[must not be null]")
    if not isinstance(value, str):
        raise Invalid("[must be a string]")
    if not least <= len(value) <= most:
        raise Invalid(f"[size must be between {least} and {most}]")
    return value


def flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise Invalid("[must be a boolean]")
    return bool(value)


def number(value: object, *, default: int, least: int, most: int) -> int:
    """A whole number from JSON or from a query, where digits are text. Above `most` it is cut, below `least` refused."""
    if value is None:
        return default
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value, re.ASCII):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid("[must be a number]")
    if value < least:
        raise Invalid(f"[must be greater than or equal to {least}]")
    return min(value, most)


def within(value: object, *, least: int, most: int) -> int:
    """A whole number with both its bounds kept."""
    found = number(value, default=least, least=least, most=most + 1)
    if found > most:
        raise Invalid(f"[must be less than or equal to {most}]")
    return found


def code(body: Mapping[str, Any], *, least: int, most: int) -> str:
    """An emoji's code, as in `:+1:`."""
    value = text(body, "code", least=least, most=most)
    if not _CODE.fullmatch(value):
        raise Invalid("[code must be of the form :code:]")
    return value


def choice(value: object, allowed: tuple[str, ...], default: str | None = None) -> str:
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or value not in allowed:
        raise Invalid(f"[Allowed values are {'|'.join(allowed)}]")
    return value


def ids(value: object, *, least: int, most: int) -> list[str]:
    """A list of distinct ids (or codes), in the order given."""
    if value is None and least == 0:
        return []
    if value is None:
        raise Invalid("[must not be null]")
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Invalid("[must be a list of strings]")
    distinct = list(dict.fromkeys(value))
    if not least <= len(distinct) <= most:
        raise Invalid(f"[size must be between {least} and {most}]")
    return distinct


def objects(value: object) -> list[dict[str, Any]] | None:
    """A list of objects that say their type or title, or None."""
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Invalid("[must be a list of objects]")
    return value


def blocks(value: object) -> list[dict[str, Any]] | None:
    found = objects(value)
    if found is not None and not all(isinstance(one.get("type"), str) for one in found):
        raise Invalid("[every block must have a type]")
    return found

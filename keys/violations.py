"""In what a key breaks its workspace's policy, as a value. Pure."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class PolicyRule(StrEnum):
    """What of a policy can be broken by a key that is there."""

    SCOPES = "scopes"
    EXPIRY = "expiry"
    ADDRESSES = "addresses"
    CREATORS = "creators"
    MOST_KEYS = "most_keys"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing in which a key breaks the policy.

    Attributes:
        scopes: those that are not allowed.
        limit: the number that is not kept: days of a life or without use, keys of a person. None of an end: any will do.
    """

    term: PolicyRule
    scopes: tuple[str, ...] = ()
    limit: int | None = None

    def told(self) -> dict[str, Any]:
        """As an audit event tells it."""
        return asdict(self) | {"scopes": list(self.scopes)}


def violations_in(detail: dict[str, Any]) -> list[Violation]:
    """The breaches that an audit event tells of."""
    return [
        Violation(PolicyRule(one["term"]), tuple(one["scopes"]), one["limit"])
        for one in detail.get("breaches", [])
    ]

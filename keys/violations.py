"""How a key can violate the policy of its workspace, as a value. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class PolicyRule(StrEnum):
    """A rule of a policy that an existing key can violate. The values are stored in audit events."""

    SCOPES = "scopes"
    FULL_ACCESS = "full_access"
    EXPIRY = "expiry"
    ADDRESSES = "addresses"
    CREATORS = "creators"
    MAX_KEYS = "most_keys"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that a key violates.

    Attributes:
        scopes: the scopes that are not allowed.
        limit: the number that the key exceeds: days of lifetime, days without use, or keys of a member. For `EXPIRY` None
            means that the key needs an expiry, whichever.
    """

    rule: PolicyRule
    scopes: tuple[str, ...] = ()
    limit: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the violation as an audit event records it. The names are stored."""
        return {"term": self.rule.value, "scopes": list(self.scopes), "limit": self.limit}


def violations_in(detail: Mapping[str, Any]) -> list[Violation]:
    """Return the violations that the detail of an audit event records."""
    return [
        Violation(PolicyRule(item["term"]), tuple(item["scopes"]), item["limit"])
        for item in detail.get("breaches", [])
    ]

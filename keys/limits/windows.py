"""The rate limits. Pure."""

from dataclasses import dataclass
from enum import StrEnum

SECONDS = 60


class LimitName(StrEnum):
    """The name of a limit, as an error says it."""

    KEY = "this API key"
    PERSON = "the key's owner at Pumble"
    APP = "the app at Pumble, all keys of the workspace together"
    MESSAGES = "new messages of the app in this workspace"
    REPLIES = "new replies of the app in this workspace"
    REACTIONS = "new reactions of the app in this workspace"
    CHANNELS = "new channels of the app in this workspace"
    SCHEDULED = "scheduled messages of the app in this workspace"
    ADDRESS = "failed authentications from this address"
    KEY_ID = "failed authentications with this key id"
    SIGN_IN_ADDRESS = "sign-ins of operators from this address"
    SIGN_IN_ACCOUNT = "sign-ins as this operator"
    OAUTH = "sign-ins with Pumble from this address"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `limit` hits in any 60 seconds.

    Attributes:
        name: the limit as an error names it.
        counter: the name of the count. Limits with the same counter share one count, across processes.
        holder: who hits it, if the limit is shared fairly between holders; "" if it has a single holder.
        reserve_for_newcomers: whether its reserve is also kept for a holder that has not hit it yet.
    """

    name: LimitName
    counter: str
    limit: int
    holder: str = ""
    reserve_for_newcomers: bool = False

    @property
    def reserve(self) -> int:
        """Return how many of the last hits are kept for holders below their share."""
        return self.limit // 10 if self.holder else 0


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """A rate limit after a hit, or after it refused one.

    Attributes:
        remaining: how many more hits this holder has, if no other holder hits it.
        reset_seconds: seconds until a hit leaves the window.
        refused: whether the limit refused the hit.
        share_used_up: whether it refused this holder only, because the rest is kept for holders below their share.
    """

    rate_limit: RateLimit
    remaining: int
    reset_seconds: float
    refused: bool = False
    share_used_up: bool = False


class PumbleQuota(StrEnum):
    """Pumble's quotas per app and workspace. Source: Pumble app platform reference, rate limits."""

    MESSAGES = "messages"
    REPLIES = "replies"
    REACTIONS = "reactions"
    CHANNELS = "channels"
    SCHEDULED = "scheduled"

    @property
    def limit(self) -> int:
        return 80 if self in {PumbleQuota.MESSAGES, PumbleQuota.REPLIES} else 60


PER_PERSON = 1000
PER_APP = 3000
FAILURES_PER_ADDRESS = 240
FAILURES_PER_KEY_ID = 60
SIGN_INS_PER_ADDRESS = 10
SIGN_INS_PER_ACCOUNT = 20  # higher than per address, so that one attacker does not lock the operator out
OAUTH_STEPS_PER_ADDRESS = 120  # a sign-in takes two, and an office may share one address

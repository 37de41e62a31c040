"""Which limits there are. Pure."""

from dataclasses import dataclass
from enum import StrEnum

SECONDS = 60


class LimitName(StrEnum):
    """Whose limit it is, as a refusal names it."""

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
    """At most `limit` of something in any 60 seconds.

    Attributes:
        name: what is counted; those with one name share one count, across processes.
        holder: who takes from it, where it is shared fairly; "" where it has one holder only.
        keeps_room: whether its reserve is kept also for a newcomer that has not shown yet.
    """

    whose: LimitName
    name: str
    limit: int
    holder: str = ""
    keeps_room: bool = False

    @property
    def reserve(self) -> int:
        """How many of the last are kept for holders below their share."""
        return self.limit // 10 if self.holder else 0


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """A window after something was taken from it, or was refused.

    Attributes:
        remaining: how many more this holder may take, while no other holder takes any.
        had_share: it refused this holder alone: what is left of it is kept for holders below their share.
    """

    window: RateLimit
    remaining: int
    reset_seconds: float
    refused: bool = False
    had_share: bool = False


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
SIGN_INS_PER_ACCOUNT = 20  # more than from one address, so that one guesser does not keep the operator out
OAUTH_STEPS_PER_ADDRESS = 120  # two for each sign-in: an office may begin its day behind one address

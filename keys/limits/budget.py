"""What one call takes from the limits, and what is left of the tightest."""

import math
from dataclasses import dataclass, field

from keys import ip_networks, metrics
from keys.exceptions import RateLimited
from keys.key_cache import KeyRecord
from keys.limits.backends import backend
from keys.limits.windows import (
    FAILURES_PER_ADDRESS,
    FAILURES_PER_KEY_ID,
    OAUTH_STEPS_PER_ADDRESS,
    PER_APP,
    PER_PERSON,
    SIGN_INS_PER_ACCOUNT,
    SIGN_INS_PER_ADDRESS,
    LimitName,
    LimitStatus,
    PumbleQuota,
    RateLimit,
)
from keys.models import Member, Workspace


@dataclass(slots=True)
class CallBudget:
    """The limits that one call of a key stands under.

    Attributes:
        own: the key's own limit, of which the call has taken.
        rehearsal: calls that would change something are only imagined.
        tightest: the limit of those looked at of which least is left.
    """

    key: KeyRecord
    own: LimitStatus
    rehearsal: bool = False
    tightest: LimitStatus = field(init=False)

    def __post_init__(self) -> None:
        self.tightest = self.own

    def require_own(self) -> None:
        """
        Raises:
            RateLimited: the key's own limit is reached.
        """
        if self.own.refused:
            raise _refusal(self.own)

    def take_of_pumble(self, quota: PumbleQuota | None, *, changes: bool = False) -> None:
        """Make room for one call to Pumble; `quota` is what the call takes beside the limits that every call does.

        In a rehearsal the calls that change something are not made, and take nothing.

        Raises:
            RateLimited: one of the quotas is reached, or a rest is kept for keys that have had less.
        """
        windows = _pumble_limits(self.key.owner_id, self.key.workspace_id, _holder(self.key), quota)
        only_look = self.rehearsal and changes
        standings = backend().test(windows) if only_look else backend().hit(windows)
        refused = [standing for standing in standings if standing.refused]
        if refused:
            self.tightest = max(refused, key=lambda standing: standing.reset_seconds)
            raise _refusal(self.tightest)
        self.tightest = min([self.tightest, *standings], key=lambda standing: standing.remaining)


def hit_key_limit(key: KeyRecord) -> LimitStatus:
    """Take one call from the key's own limit."""
    return backend().hit([_key_limit(key)])[0]


def hit_key_limit_if_current(key: KeyRecord) -> LimitStatus | None:
    """Take one call from the key's own limit, if nothing changed since the record was read; None where nobody can say."""
    standings = backend().hit_if_current([_key_limit(key)], key.workspace_pumble_id, key.number)
    return standings[0] if standings else None


def hit_failed_auth(address: str | None, key_id: str | None) -> None:
    """Count one failed authentication from `address`, with `key_id` where the presented text had one.

    Good keys are never counted or refused here, wherever they come from.

    Raises:
        RateLimited: there were too many of them.
    """
    where = ip_networks.client_network(address)
    windows = [RateLimit(LimitName.ADDRESS, f"failed-from:{where}", FAILURES_PER_ADDRESS)]
    if key_id is not None:
        windows.append(RateLimit(LimitName.KEY_ID, f"failed-with:{key_id}", FAILURES_PER_KEY_ID))
    _hit_all(windows)


def hit_sign_in(address: str | None, account: str) -> None:
    """Count one attempt to sign in by password, right or wrong, before the password is looked at.

    Raises:
        RateLimited: there were too many of them from that address, or with that account.
    """
    windows = [
        RateLimit(
            LimitName.SIGN_IN_ADDRESS,
            f"sign-in-from:{ip_networks.client_network(address)}",
            SIGN_INS_PER_ADDRESS,
        ),
        RateLimit(LimitName.SIGN_IN_ACCOUNT, f"sign-in-as:{account}", SIGN_INS_PER_ACCOUNT),
    ]
    _hit_all(windows)


def _hit_all(windows: list[RateLimit]) -> None:
    for standing in backend().hit(windows):
        if standing.refused:
            raise _refusal(standing)


def hit_oauth_step(address: str | None) -> None:
    """Count that somebody at `address` set off for Pumble's consent screen, or came back.

    Raises:
        RateLimited: there were too many of them.
    """
    name = f"oauth-from:{ip_networks.client_network(address)}"
    _hit_all([RateLimit(LimitName.OAUTH, name, OAUTH_STEPS_PER_ADDRESS)])


def pumble_quotas(member: Member) -> list[LimitStatus]:
    """How Pumble's quotas stand right now for `member` and their workspace."""
    windows = {
        window.name: window
        for quota in PumbleQuota
        for window in _pumble_limits(member.pk, member.workspace_id, "", quota)
    }
    return backend().test(list(windows.values()))


def workspace_quotas(workspace: Workspace) -> list[LimitStatus]:
    """How those of Pumble's quotas stand right now that everybody in the workspace shares."""
    windows = {
        window.name: window for quota in PumbleQuota for window in _workspace_limits(workspace.pk, "", quota)
    }
    return backend().test(list(windows.values()))


def _key_limit(key: KeyRecord) -> RateLimit:
    return RateLimit(LimitName.KEY, f"key:{_holder(key)}", key.calls_per_minute)


def _holder(key: KeyRecord) -> str:
    """A key and the one it replaced are one holder: they share their name until the grace is over."""
    return f"{key.owner_id}:{key.name.casefold()}"


def _pumble_limits(
    owner_pk: int, workspace_pk: int | None, holder: str, quota: PumbleQuota | None
) -> list[RateLimit]:
    own = RateLimit(LimitName.PERSON, f"person:{owner_pk}", PER_PERSON, holder)
    return [own, *_workspace_limits(workspace_pk, holder, quota)]


def _workspace_limits(workspace_pk: int | None, holder: str, quota: PumbleQuota | None) -> list[RateLimit]:
    windows = [RateLimit(LimitName.APP, f"app:{workspace_pk}", PER_APP, holder, keeps_room=True)]
    if quota is not None:
        name = f"{quota.value}:{workspace_pk}"
        windows.append(RateLimit(LimitName[quota.name], name, quota.limit, holder, keeps_room=True))
    return windows


def _refusal(standing: LimitStatus) -> RateLimited:
    metrics.LIMITED.labels(standing.window.whose.name.lower()).inc()
    seconds = max(1, math.ceil(standing.reset_seconds))
    return RateLimited(
        standing.window.whose.value, standing.window.limit, seconds, had_share=standing.had_share
    )

"""What one call takes from the rate limits, and the most restrictive of them."""

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
    """The rate limits of one call with a key.

    Attributes:
        key_limit: the status of the key's own limit, after the call was counted.
        dry_run: writes are not sent to Pumble, so they take nothing from the limits.
        most_restrictive: the status of the limit with the fewest remaining hits so far.
    """

    key: KeyRecord
    key_limit: LimitStatus
    dry_run: bool = False
    most_restrictive: LimitStatus = field(init=False)

    def __post_init__(self) -> None:
        self.most_restrictive = self.key_limit

    def require_key_limit(self) -> None:
        """Raise RateLimited if the key's own limit refused the call."""
        if self.key_limit.refused:
            raise _rate_limited(self.key_limit)

    def hit_pumble_quota(self, quota: PumbleQuota | None, *, changes: bool = False) -> None:
        """Count one call to Pumble, before it is made.

        Args:
            quota: the quota that the call takes beside the limits of every call.
            changes: whether the call changes something. In a dry run it is then not made, and takes nothing.

        Raises:
            RateLimited: a limit is reached, or its rest is reserved for other keys.
        """
        rate_limits = _pumble_limits(self.key.owner_id, self.key.workspace_id, _holder(self.key), quota)
        only_test = self.dry_run and changes
        statuses = backend().test(rate_limits) if only_test else backend().hit(rate_limits)
        refused = [status for status in statuses if status.refused]
        if refused:
            self.most_restrictive = max(refused, key=lambda status: status.reset_seconds)
            raise _rate_limited(self.most_restrictive)
        self.most_restrictive = min([self.most_restrictive, *statuses], key=lambda status: status.remaining)


def hit_key_limit(key: KeyRecord) -> LimitStatus:
    """Count one call against the key's own limit."""
    return backend().hit([_key_limit(key)])[0]


def test_key_limit(key: KeyRecord) -> LimitStatus:
    """Return the status of the key's own limit, without a hit."""
    return backend().test([_key_limit(key)])[0]


def hit_key_limit_if_current(key: KeyRecord) -> LimitStatus | None:
    """Count one call against the key's own limit if the record is current. Return None if it is not, or if that is unknown."""
    statuses = backend().hit_if_current([_key_limit(key)], key.workspace_pumble_id, key.number)
    return statuses[0] if statuses else None


def hit_failed_auth(address: str | None, key_id: str | None) -> None:
    """Count one failed authentication from `address`, and with `key_id` if the key had one.

    Valid keys are never counted here, and never refused.

    Raises:
        RateLimited: too many failed from that network, or with that key id.
    """
    network = ip_networks.client_network(address)
    rate_limits = [RateLimit(LimitName.ADDRESS, f"failed-from:{network}", FAILURES_PER_ADDRESS)]
    if key_id is not None:
        rate_limits.append(RateLimit(LimitName.KEY_ID, f"failed-with:{key_id}", FAILURES_PER_KEY_ID))
    _hit_all(rate_limits)


def hit_sign_in(address: str | None, account: str) -> None:
    """Count one sign-in with a password, before the password is checked.

    Raises:
        RateLimited: there were too many from that network, or to that account.
    """
    network = ip_networks.client_network(address)
    _hit_all(
        [
            RateLimit(LimitName.SIGN_IN_ADDRESS, f"sign-in-from:{network}", SIGN_INS_PER_ADDRESS),
            RateLimit(LimitName.SIGN_IN_ACCOUNT, f"sign-in-as:{account}", SIGN_INS_PER_ACCOUNT),
        ]
    )


def hit_oauth_step(address: str | None) -> None:
    """Count one redirect to Pumble's consent screen or back.

    Raises:
        RateLimited: there were too many from that network.
    """
    counter = f"oauth-from:{ip_networks.client_network(address)}"
    _hit_all([RateLimit(LimitName.OAUTH, counter, OAUTH_STEPS_PER_ADDRESS)])


def pumble_quotas(member: Member) -> list[LimitStatus]:
    """Return the status of Pumble's quotas for the member and their workspace."""
    rate_limits = {
        rate_limit.counter: rate_limit
        for quota in PumbleQuota
        for rate_limit in _pumble_limits(member.pk, member.workspace_id, "", quota)
    }
    return backend().test(list(rate_limits.values()))


def workspace_quotas(workspace: Workspace) -> list[LimitStatus]:
    """Return the status of those of Pumble's quotas that all members of the workspace share."""
    rate_limits = {
        rate_limit.counter: rate_limit
        for quota in PumbleQuota
        for rate_limit in _workspace_limits(workspace.pk, "", quota)
    }
    return backend().test(list(rate_limits.values()))


def _hit_all(rate_limits: list[RateLimit]) -> None:
    for status in backend().hit(rate_limits):
        if status.refused:
            raise _rate_limited(status)


def _key_limit(key: KeyRecord) -> RateLimit:
    return RateLimit(LimitName.KEY, f"key:{_holder(key)}", key.calls_per_minute)


def _holder(key: KeyRecord) -> str:
    """Return the holder of a key. A key and the one it replaced have the same name until the grace period is over."""
    return f"{key.owner_id}:{key.name.casefold()}"


def _pumble_limits(
    owner_pk: int, workspace_pk: int | None, holder: str, quota: PumbleQuota | None
) -> list[RateLimit]:
    member_limit = RateLimit(LimitName.PERSON, f"person:{owner_pk}", PER_PERSON, holder)
    return [member_limit, *_workspace_limits(workspace_pk, holder, quota)]


def _workspace_limits(workspace_pk: int | None, holder: str, quota: PumbleQuota | None) -> list[RateLimit]:
    limits = [(LimitName.APP, f"app:{workspace_pk}", PER_APP)]
    if quota is not None:
        limits.append((LimitName[quota.name], f"{quota.value}:{workspace_pk}", quota.limit))
    return [
        RateLimit(name, counter, limit, holder, reserve_for_newcomers=True) for name, counter, limit in limits
    ]


def _rate_limited(status: LimitStatus) -> RateLimited:
    rate_limit = status.rate_limit
    metrics.LIMITED.labels(rate_limit.name.name.lower()).inc()
    return RateLimited(
        rate_limit.name.value,
        rate_limit.limit,
        max(1, math.ceil(status.reset_seconds)),
        share_used_up=status.share_used_up,
    )

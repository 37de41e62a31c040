"""What one call takes from the limits, and what is left of the tightest."""

import math
from dataclasses import dataclass, field

from keys import addresses, metrics
from keys.errors import RateLimited
from keys.limits.quotas import (
    FAILURES_PER_ADDRESS,
    FAILURES_PER_KEY_ID,
    OAUTH_STEPS_PER_ADDRESS,
    PER_APP,
    PER_PERSON,
    SIGN_INS_PER_ACCOUNT,
    SIGN_INS_PER_ADDRESS,
    PumbleQuota,
    Standing,
    Whose,
    Window,
)
from keys.limits.stores import store
from keys.models import ApiKey, Member, Workspace


@dataclass(slots=True)
class Allowance:
    """The limits that one call of a key stands under.

    Attributes:
        rehearsal: calls that would change something are only imagined.
        tightest: the limit of those looked at of which least is left.
    """

    key: ApiKey
    rehearsal: bool = False
    tightest: Standing | None = field(default=None, init=False)
    _is_taken: bool = field(default=False, init=False)

    def take_call(self) -> None:
        """Take the call itself, if its first call to Pumble has not done so already.

        Raises:
            RateLimited: the key's own limit is reached.
        """
        if not self._is_taken:
            self._is_taken = True
            self._take([self._own_window()])

    def take_of_pumble(self, quota: PumbleQuota | None, *, changes: bool = False) -> None:
        """Make room for one call to Pumble; `quota` is what the call takes beside the limits that every call does.

        In a rehearsal the calls that change something are not made, and take nothing.

        Raises:
            RateLimited: one of the quotas or the key's own limit is reached, or a rest is kept for keys that have had less.
        """
        windows = _windows(self.key.owner, _holder(self.key), quota)
        if self.rehearsal and changes:
            self._take(windows, only_look=True)
        elif self._is_taken:
            self._take(windows)
        else:
            self._take([self._own_window(), *windows])  # one trip instead of two
            self._is_taken = True

    def _own_window(self) -> Window:
        return Window(Whose.KEY, f"key:{_holder(self.key)}", self.key.calls_per_minute)

    def _take(self, windows: list[Window], *, only_look: bool = False) -> None:
        standings = store().take(windows, only_look=only_look)
        refused = [standing for standing in standings if standing.refused]
        self._is_taken |= any(
            standing.window.whose is Whose.KEY for standing in refused
        )  # no need to ask again
        if refused:
            self.tightest = max(refused, key=lambda standing: standing.reset_seconds)
            raise _refusal(self.tightest)
        seen = [self.tightest, *standings] if self.tightest else standings
        self.tightest = min(seen, key=lambda standing: standing.remaining)


def count_refused(address: str | None, key_id: str | None) -> None:
    """Count one failed authentication from `address`, with `key_id` where the presented text had one.

    Good keys are never counted or refused here, wherever they come from.

    Raises:
        RateLimited: there were too many of them.
    """
    where = addresses.neighbourhood(address)
    windows = [Window(Whose.ADDRESS, f"failed-from:{where}", FAILURES_PER_ADDRESS)]
    if key_id is not None:
        windows.append(Window(Whose.KEY_ID, f"failed-with:{key_id}", FAILURES_PER_KEY_ID))
    _take_all(windows)


def count_sign_in(address: str | None, account: str) -> None:
    """Count one attempt to sign in by password, right or wrong, before the password is looked at.

    Raises:
        RateLimited: there were too many of them from that address, or with that account.
    """
    windows = [
        Window(
            Whose.SIGN_IN_ADDRESS, f"sign-in-from:{addresses.neighbourhood(address)}", SIGN_INS_PER_ADDRESS
        ),
        Window(Whose.SIGN_IN_ACCOUNT, f"sign-in-as:{account}", SIGN_INS_PER_ACCOUNT),
    ]
    _take_all(windows)


def _take_all(windows: list[Window]) -> None:
    for standing in store().take(windows):
        if standing.refused:
            raise _refusal(standing)


def count_oauth_step(address: str | None) -> None:
    """Count that somebody at `address` set off for Pumble's consent screen, or came back.

    Raises:
        RateLimited: there were too many of them.
    """
    name = f"oauth-from:{addresses.neighbourhood(address)}"
    _take_all([Window(Whose.OAUTH, name, OAUTH_STEPS_PER_ADDRESS)])


def pumble_quotas(member: Member) -> list[Standing]:
    """How Pumble's quotas stand right now for `member` and their workspace."""
    windows = {window.name: window for quota in PumbleQuota for window in _windows(member, "", quota)}
    return store().take(list(windows.values()), only_look=True)


def workspace_quotas(workspace: Workspace) -> list[Standing]:
    """How those of Pumble's quotas stand right now that everybody in the workspace shares."""
    windows = {window.name: window for quota in PumbleQuota for window in _shared(workspace.pk, "", quota)}
    return store().take(list(windows.values()), only_look=True)


def _holder(key: ApiKey) -> str:
    """A key and the one it replaced are one holder: they share their name until the grace is over."""
    return f"{key.owner_id}:{key.name.casefold()}"


def _windows(owner: Member, holder: str, quota: PumbleQuota | None) -> list[Window]:
    own = Window(Whose.PERSON, f"person:{owner.pk}", PER_PERSON, holder)
    return [own, *_shared(owner.workspace_id, holder, quota)]


def _shared(workspace_pk: int | None, holder: str, quota: PumbleQuota | None) -> list[Window]:
    windows = [Window(Whose.APP, f"app:{workspace_pk}", PER_APP, holder, keeps_room=True)]
    if quota is not None:
        name = f"{quota.value}:{workspace_pk}"
        windows.append(Window(Whose[quota.name], name, quota.limit, holder, keeps_room=True))
    return windows


def _refusal(standing: Standing) -> RateLimited:
    metrics.LIMITED.labels(standing.window.whose.name.lower()).inc()
    seconds = max(1, math.ceil(standing.reset_seconds))
    return RateLimited(
        standing.window.whose.value, standing.window.limit, seconds, had_share=standing.had_share
    )

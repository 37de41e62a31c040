"""Failures of the key domain, each with a stable snake-case reason. Pure: what they become on a wire is decided there.

`keys.reasons` has what the API answers to those that a call can meet. `keys.texts.error_message` says to the person who
asked for a change why it was refused.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from keys.violations import Violation


class KeysError(Exception):
    """Base of all failures of this room. `case` names a special case of the reason, where there are some."""

    reason: str
    case: str = ""


class KeyRefused(KeysError):
    """A presented key does not open what was asked for."""


class KeyMissing(KeyRefused):
    reason = "key_missing"


class KeyMalformed(KeyRefused):
    reason = "key_malformed"


class KeyUnknown(KeyRefused):
    """No such key id, a wrong secret, or a pepper that is gone: nobody can tell which."""

    reason = "key_unknown"


class KeyExpired(KeyRefused):
    reason = "key_expired"

    def __init__(self, expired_at: datetime) -> None:
        super().__init__(expired_at)
        self.expired_at = expired_at


class KeyDisabled(KeyRefused):
    reason = "key_disabled"


class KeyRotated(KeyRefused):
    """A successor took the key's place, and the time in which both worked is over."""

    reason = "key_rotated"

    def __init__(self, retired_at: datetime) -> None:
        super().__init__(retired_at)
        self.retired_at = retired_at


class KeyRevoked(KeyRefused):
    reason = "key_revoked"


class OwnerNotAuthorized(KeyRefused):
    """The key's owner left, has not authorised the app, or the app is not installed in the workspace."""

    reason = "owner_not_authorized"


class IpNotAllowed(KeyRefused):
    """The key is bound to addresses, and the caller's, None where it is unknown, is none of them."""

    reason = "ip_not_allowed"

    def __init__(self, address: str | None) -> None:
        super().__init__(address)
        self.address = address


class ScopeMissing(KeyRefused):
    reason = "scope_missing"

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope


class ChannelNotAllowed(KeyRefused):
    """The key is bound to channels, and the call does not stay within them."""

    reason = "channel_not_allowed"


class RateLimited(KeysError):
    """A limit is reached. `whose` names it (`keys.limits.LimitName`); `retry_after` is in whole seconds, at least 1.

    `had_share`: the limit is shared, this key has had its share of it, and what is left is kept for others.
    """

    reason = "rate_limited"

    def __init__(self, whose: str, limit: int, retry_after: int, *, had_share: bool = False) -> None:
        super().__init__(whose, limit, retry_after)
        self.whose, self.limit, self.retry_after, self.had_share = whose, limit, retry_after, had_share
        self.case = "share_used_up" if had_share else ""


class IdempotencyConflict(KeysError):
    """The same `Idempotency-Key` came with another request before."""

    reason = "idempotency_conflict"


class IdempotencyInProgress(KeysError):
    """The first request with this `Idempotency-Key` is still under way."""

    reason = "idempotency_in_progress"


class IdempotencyOutcomeUnknown(KeysError):
    """How the first request with this `Idempotency-Key` ended is not known; it is not repeated."""

    reason = "idempotency_unknown"


class ChangeRefused(KeysError):
    """A change of a key or of a policy is refused. No operation of the API makes one, so the catalogue has no row."""


class NotAllowed(ChangeRefused):
    reason = "not_allowed"


class CreationNotAllowed(NotAllowed):
    """The workspace's policy lets only others create keys."""

    reason = "creation_not_allowed"


class KeyNotFound(ChangeRefused):
    """No key of that name or id among those the viewer may see, or none that is still live."""

    reason = "key_not_found"


class KeyAmbiguous(ChangeRefused):
    """More than one key has that name: `names` are theirs, `ids` their ids, in the same order."""

    reason = "key_ambiguous"

    def __init__(self, names: Sequence[str] = (), ids: Sequence[str] = ()) -> None:
        super().__init__(*ids)
        self.names, self.ids = list(names), list(ids)


class NameInvalid(ChangeRefused):
    """A key's name is empty or longer than 64 characters, contains a key, or `character`, which nobody can see."""

    reason = "name_invalid"

    def __init__(self, character: str | None = None, *, length: int = 0, contains_key: bool = False) -> None:
        super().__init__(character, length, contains_key)
        self.character, self.length, self.contains_key = character, length, contains_key


class NameTaken(ChangeRefused):
    """The owner already has a live key of that name."""

    reason = "name_taken"


class TooManyKeys(ChangeRefused):
    """The owner has as many live keys as the workspace's policy lets a member have."""

    reason = "too_many_keys"

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


class ScopeUnknown(ChangeRefused):
    """`scopes` are none of ours; empty where no scope was chosen at all."""

    reason = "scope_unknown"

    def __init__(self, scopes: Sequence[str] = ()) -> None:
        super().__init__(*scopes)
        self.scopes = list(scopes)


class ScopeNotAllowed(ChangeRefused):
    """The workspace's policy does not let a key have `scopes`."""

    reason = "scope_not_allowed"

    def __init__(self, scopes: Sequence[str]) -> None:
        super().__init__(*scopes)
        self.scopes = list(scopes)


class ChannelsInvalid(ChangeRefused):
    """A key bound to channels names 1 to 50 of them, each by its id."""

    reason = "channels_invalid"


class AddressInvalid(ChangeRefused):
    """`text` is no address or network; `meant` is the network it probably should be, or None."""

    reason = "address_invalid"

    def __init__(self, text: str, meant: str | None = None) -> None:
        super().__init__(text)
        self.text, self.meant = text, meant


class TooManyAddresses(ChangeRefused):
    reason = "too_many_addresses"


class AddressesRequired(ChangeRefused):
    """The workspace's policy asks every key to be bound to addresses."""

    reason = "addresses_required"


class LimitInvalid(ChangeRefused):
    """A key's own limit is a whole number of calls a minute, from 1 to 1,000."""

    reason = "limit_invalid"


class ExpiryInvalid(ChangeRefused):
    reason = "expiry_invalid"


class ExpiryInPast(ExpiryInvalid):
    """The chosen end is not after `now`, the server's time."""

    reason = "expiry_in_past"

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.now = now


class ExpiryTooFar(ExpiryInvalid):
    """The workspace's policy wants an end, `lifetime` from now at most; None where any end will do."""

    reason = "expiry_too_far"

    def __init__(self, lifetime: timedelta | None) -> None:
        super().__init__(lifetime)
        self.lifetime = lifetime


class GraceInvalid(ChangeRefused):
    reason = "grace_invalid"


class KeyBeingReplaced(ChangeRefused):
    """The key is being replaced: what is to change is its successor."""

    reason = "key_retiring"


class RotationUnderway(ChangeRefused):
    """A successor of this key was made a moment ago and is being delivered."""

    reason = "rotation_underway"


class PolicyValueInvalid(ChangeRefused):
    """A number in a workspace's policy is out of bounds: `term` names it, `least` and `most` are the bounds."""

    reason = "term_invalid"

    def __init__(self, term: str, least: int, most: int) -> None:
        super().__init__(term, least, most)
        self.term, self.least, self.most = term, least, most


class PolicyChanged(ChangeRefused):
    """The workspace's policy is no longer the one that was looked at."""

    reason = "policy_changed"


class PolicyViolated(ChangeRefused):
    """The key does not fit the workspace's policy; `breaches` says in what."""

    reason = "breaks_policy"

    def __init__(self, breaches: Sequence[Violation]) -> None:
        super().__init__(*breaches)
        self.breaches = list(breaches)


class CannotWidenRights(ChangeRefused):
    """A key's rights may become narrower, never wider: that takes a new key. `what` names the right."""

    reason = "would_widen"

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

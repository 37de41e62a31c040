"""The exceptions of this room, each with a stable reason code in snake case. Pure.

`keys.reasons` has the API's answer to those that a call can raise. `keys.texts.error_message` explains to a person why a
change was refused.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from keys.violations import Violation


class KeysError(Exception):
    """The base of all exceptions of this room. `case` names a special case of the reason, if there is one."""

    reason: str
    case: str = ""


class KeyRefused(KeysError):
    """The key of a call does not allow the call."""


class KeyMissing(KeyRefused):
    reason = "key_missing"


class KeyMalformed(KeyRefused):
    reason = "key_malformed"


class KeyUnknown(KeyRefused):
    """The key id does not exist, the secret is wrong, or its pepper was removed. The answer does not say which."""

    reason = "key_unknown"


class KeyExpired(KeyRefused):
    reason = "key_expired"

    def __init__(self, expired_at: datetime) -> None:
        super().__init__(expired_at)
        self.expired_at = expired_at


class KeyDisabled(KeyRefused):
    reason = "key_disabled"


class KeyRotated(KeyRefused):
    """A successor replaced the key, and the grace period is over."""

    reason = "key_rotated"

    def __init__(self, retired_at: datetime) -> None:
        super().__init__(retired_at)
        self.retired_at = retired_at


class KeyRevoked(KeyRefused):
    reason = "key_revoked"


class OwnerNotAuthorized(KeyRefused):
    """The key's owner left or has not authorized the app, or the app is not installed in the workspace."""

    reason = "owner_not_authorized"


class IpNotAllowed(KeyRefused):
    """The key has allowed addresses, and `address` is none of them. It is None if the client's address is unknown."""

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
    """The key is limited to channels, and the call concerns another channel. `channels` names the first five of them."""

    reason = "channel_not_allowed"
    _MAX_NAMED = 5

    def __init__(self, channels: Mapping[str, str]) -> None:
        super().__init__(*channels)
        names = [f"#{name}" if name else channel_id for channel_id, name in channels.items()]
        more = [f"{len(names) - self._MAX_NAMED} more"] if len(names) > self._MAX_NAMED else []
        *others, last = names[: self._MAX_NAMED] + more
        self.channels = f"{', '.join(others)} and {last}" if others else last


class ReactionChannelMissing(ChannelNotAllowed):
    """The key is limited to channels, and the call does not say in which channel the message is."""

    case = "reaction_channel_missing"


class NotForWorkspaceKeys(KeyRefused):
    """A workspace key acts as the app's bot, and only a person can do this."""

    reason = "not_for_workspace_keys"


class SendsAsBotOnly(NotForWorkspaceKeys):
    """The call sends `asBot: false` with a workspace key."""

    case = "sends_as_bot_only"


class PrivateChannelNotForWorkspaceKeys(NotForWorkspaceKeys):
    """The call creates a private channel with a workspace key. The key could not use the channel."""

    case = "private_channel_not_for_workspace_keys"


class ReactionChannelRequired(NotForWorkspaceKeys):
    """The call with a workspace key does not say in which channel the message of the reaction is."""

    case = "reaction_channel_required"


class RateLimited(KeysError):
    """A limit is reached.

    Attributes:
        limit_name: a value of `keys.limits.LimitName`.
        limit: how many are allowed in a minute.
        retry_after: whole seconds, at least 1.
        share_used_up: the limit is shared, and the rest of it is reserved for other keys.
    """

    reason = "rate_limited"

    def __init__(self, limit_name: str, limit: int, retry_after: int, *, share_used_up: bool = False) -> None:
        super().__init__(limit_name, limit, retry_after)
        self.limit_name, self.limit, self.retry_after = limit_name, limit, retry_after
        self.share_used_up = share_used_up
        self.case = "share_used_up" if share_used_up else ""


class IdempotencyConflict(KeysError):
    """The same `Idempotency-Key` was sent with another request before."""

    reason = "idempotency_conflict"


class IdempotencyInProgress(KeysError):
    """The first request with this `Idempotency-Key` has not finished."""

    reason = "idempotency_in_progress"


class IdempotencyOutcomeUnknown(KeysError):
    """The outcome of the first request with this `Idempotency-Key` is unknown, so it is not repeated."""

    reason = "idempotency_unknown"


class ChangeRefused(KeysError):
    """A change of a key or of a policy is refused. `keys.reasons` has no row: key management answers with invalid fields."""


class NotAllowed(ChangeRefused):
    reason = "not_allowed"


class CreationNotAllowed(NotAllowed):
    """The workspace's policy does not allow the member to create keys."""

    reason = "creation_not_allowed"


class NotAWorkspaceManager(NotAllowed):
    """A member who is no owner or administrator creates a workspace key."""


class WorkspaceKeysNotAllowed(CreationNotAllowed):
    """The policy of the workspace allows no workspace keys."""

    reason = "workspace_keys_not_allowed"


class ResponsibleInvalid(ChangeRefused):
    """The member cannot be responsible for a workspace key. `problem` says why."""

    reason = "responsible_invalid"

    class Problem(StrEnum):
        UNKNOWN = "unknown"  # not a person of the workspace
        INACTIVE = "inactive"
        GUEST = "guest"
        NOT_AUTHORIZED = "not_authorized"

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


class DisabledByAdministrator(NotAllowed):
    """The owner may not enable a key that an administrator or operator disabled."""


class ManagementNotGiven(NotAllowed):
    """Only a person in the dashboard and operators may give a new key the scope `keys:manage`."""

    reason = "management_not_given"


class KeyManagesKeys(NotAllowed):
    """A key may not change another one that has the scope `keys:manage`."""

    reason = "key_manages_keys"


class WiderThanManagingKey(NotAllowed):
    """A key may not make or change one with more rights than its own. `field` is the name of the right."""

    reason = "wider_than_managing_key"

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class KeyNotFound(ChangeRefused):
    """The viewer may see no key with that name or id, or it is no longer live."""

    reason = "key_not_found"


class KeyAmbiguous(ChangeRefused):
    """More than one key has that name. `names` and `ids` are those of the keys, in the same order."""

    reason = "key_ambiguous"

    def __init__(self, names: Sequence[str] = (), ids: Sequence[str] = ()) -> None:
        super().__init__(*ids)
        self.names, self.ids = list(names), list(ids)


class NameInvalid(ChangeRefused):
    """A key's name is empty or longer than 64 characters, contains an API key, or contains the invisible `character`."""

    reason = "name_invalid"

    def __init__(self, character: str | None = None, *, length: int = 0, contains_key: bool = False) -> None:
        super().__init__(character, length, contains_key)
        self.character, self.length, self.contains_key = character, length, contains_key


class NameTaken(ChangeRefused):
    """The owner already has a live key of that name."""

    reason = "name_taken"


class TooManyKeys(ChangeRefused):
    """The owner has `limit` keys, as many as the workspace's policy allows."""

    reason = "too_many_keys"

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class ScopeUnknown(ChangeRefused):
    """`scopes` do not exist. The list is empty if no scope was chosen."""

    reason = "scope_unknown"

    def __init__(self, scopes: Sequence[str] = ()) -> None:
        super().__init__(*scopes)
        self.scopes = list(scopes)


class ScopeNotAllowed(ChangeRefused):
    """The workspace's policy does not allow `scopes`."""

    reason = "scope_not_allowed"

    def __init__(self, scopes: Sequence[str]) -> None:
        super().__init__(*scopes)
        self.scopes = list(scopes)


class FullAccessNotAllowed(ScopeNotAllowed):
    """The workspace's policy allows no key with all scopes."""

    reason = "full_access_not_allowed"


class ChannelsInvalid(ChangeRefused):
    """A key that is limited to channels has 1 to 50 of them, each given by its id."""

    reason = "channels_invalid"


class NotInChannel(ChangeRefused):
    """A person who is no member of a private channel puts it on the list of a workspace key. `channels` names the channels."""

    reason = "not_in_channel"

    def __init__(self, channels: Sequence[str]) -> None:
        super().__init__(*channels)
        self.channels = channels


class ChannelsNotChecked(ChangeRefused):
    """Pumble did not say who the members of the channels on the list of a workspace key are."""

    reason = "channels_not_checked"


class AddressInvalid(ChangeRefused):
    """`text` is no address or network. `suggestion` is the network that was probably meant, or None."""

    reason = "address_invalid"

    def __init__(self, text: str, suggestion: str | None = None) -> None:
        super().__init__(text)
        self.text, self.suggestion = text, suggestion


class TooManyAddresses(ChangeRefused):
    reason = "too_many_addresses"


class AddressesRequired(ChangeRefused):
    """The workspace's policy requires allowed addresses for every key."""

    reason = "addresses_required"


class LimitInvalid(ChangeRefused):
    """A key's rate limit is not a whole number of calls a minute from 1 to 1,000."""

    reason = "limit_invalid"


class ExpiryInvalid(ChangeRefused):
    reason = "expiry_invalid"


class ExpiryInPast(ExpiryInvalid):
    """The expiry is not after `now`, the server's time."""

    reason = "expiry_in_past"

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.now = now


class ExpiryTooFar(ExpiryInvalid):
    """The workspace's policy requires an expiry, at most `lifetime` from now. None: any expiry will do."""

    reason = "expiry_too_far"

    def __init__(self, lifetime: timedelta | None) -> None:
        super().__init__(lifetime)
        self.lifetime = lifetime


class GraceInvalid(ChangeRefused):
    reason = "grace_invalid"


class NewKeysLimited(ChangeRefused):
    """Within an hour `limit` keys of the owner were created, so keys create no more for `retry_after` seconds."""

    reason = "new_keys_limited"

    def __init__(self, limit: int, retry_after: int) -> None:
        super().__init__(limit, retry_after)
        self.limit, self.retry_after = limit, retry_after


class SuccessorInUse(ChangeRefused):
    """The key was replaced, and its successor was used. Rotate the successor instead."""

    reason = "successor_in_use"


class KeyBeingReplaced(ChangeRefused):
    """The key is being replaced. Change its successor instead."""

    reason = "key_retiring"


class RotationUnderway(ChangeRefused):
    """A successor of this key was created less than a minute ago and is being delivered."""

    reason = "rotation_underway"


class PolicyValueInvalid(ChangeRefused):
    """A number in a workspace's policy is not from `minimum` to `maximum`. `field` is the name of the field."""

    reason = "term_invalid"

    def __init__(self, field: str, minimum: int, maximum: int) -> None:
        super().__init__(field, minimum, maximum)
        self.field, self.minimum, self.maximum = field, minimum, maximum


class PolicyChanged(ChangeRefused):
    """The workspace's policy was changed since the form was opened."""

    reason = "policy_changed"


class PolicyViolated(ChangeRefused):
    """The key violates the workspace's policy. `violations` has each rule."""

    reason = "breaks_policy"

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__(*violations)
        self.violations = list(violations)


class CannotWidenRights(ChangeRefused):
    """The rights of a key can only become narrower. `field` is the name of the right that would become wider."""

    reason = "would_widen"

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field

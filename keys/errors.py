"""Failures of the key domain, each with a stable snake-case code. Pure: what they become on a wire is decided there."""


class KeysError(Exception):
    """Base of all failures of this room."""

    code: str


class KeyRefused(KeysError):
    """A presented key does not open anything; `code` is the machine-readable reason."""


class KeyMissing(KeyRefused):
    code = "key_missing"


class KeyMalformed(KeyRefused):
    code = "key_malformed"


class KeyUnknown(KeyRefused):
    """No such key id, a wrong secret, or a pepper that is gone: nobody can tell which."""

    code = "key_unknown"


class KeyExpired(KeyRefused):
    code = "key_expired"


class KeyRevoked(KeyRefused):
    code = "key_revoked"


class OwnerNotAuthorized(KeyRefused):
    """The key's owner left, has not authorised the app, or the app is not installed in the workspace."""

    code = "owner_not_authorized"


class ScopeMissing(KeyRefused):
    code = "scope_missing"

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope


class NotAllowed(KeysError):
    code = "not_allowed"


class KeyNotFound(KeysError):
    """No key of that name or id among those the viewer may see."""

    code = "key_not_found"


class KeyAmbiguous(KeysError):
    """More than one key answers to that text."""

    code = "key_ambiguous"


class NameInvalid(KeysError):
    """A key's name is empty, longer than 64 characters, or has characters that cannot be read."""

    code = "name_invalid"


class NameTaken(KeysError):
    """The owner already has a live key of that name."""

    code = "name_taken"


class ScopeUnknown(KeysError):
    code = "scope_unknown"


class ExpiryInvalid(KeysError):
    code = "expiry_invalid"

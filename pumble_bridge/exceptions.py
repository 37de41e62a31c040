"""Failures of calls to Pumble: one family. Pure: `keys.reasons` has what the API answers to each."""

_REASON_BY_STATUS = {400: "validation", 404: "not_found"}


class PumbleError(Exception):
    """A call to Pumble did not do what it should. `may_have_happened`: what it asked for was perhaps done all the same.

    `reason` and `case` name its row of the catalogue.
    """

    reason: str = "pumble_unavailable"
    case: str = ""
    may_have_happened: bool = False


class PumbleUnavailable(PumbleError):
    """No connection, a 5xx, or an answer that makes no sense."""

    may_have_happened = True


class PumbleBusy(PumbleUnavailable):
    """A 5xx that names a time to wait; `retry_after` is in whole seconds."""

    case = "pumble_busy"

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class PumbleUnreachable(PumbleUnavailable):
    """The connection was refused, or broke before the whole answer was there."""


class PumbleNotAsked(PumbleUnavailable):
    """Pumble has not been answering, or too many calls wait for it: it was not asked. `retry_after` is in whole seconds."""

    case = "pumble_not_asked"
    may_have_happened = False

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class PumbleTimeout(PumbleError):
    """No whole answer before the deadline."""

    reason = "pumble_timeout"
    may_have_happened = True


class PumbleRateLimited(PumbleError):
    """Pumble's own limit; `retry_after` is in whole seconds."""

    reason = "pumble_rate_limited"

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class PumbleRefused(PumbleError):
    """Pumble understood and said no: `status` 400 to 499, `code` its own number or None, `message` its words."""

    reason = "forbidden_by_pumble"

    def __init__(self, status: int, code: int | None, message: str, localized_message: str) -> None:
        super().__init__(f"{status} {code}")
        self.reason = _REASON_BY_STATUS.get(status, self.reason)
        self.status, self.code, self.message, self.localized_message = (
            status,
            code,
            message,
            localized_message,
        )


class TokenRejected(PumbleRefused):
    """The token is no longer good (401)."""

    reason = "owner_not_authorized"
    case = "token_rejected"

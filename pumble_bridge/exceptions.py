"""Failures of calls to Pumble. Pure. `keys.reasons` maps each to the API's response."""

_REASON_BY_STATUS = {400: "validation", 404: "not_found"}


class PumbleError(Exception):
    """A call to Pumble failed. `may_have_happened` is True if Pumble may have carried it out.

    `reason` and `case` identify the failure in `keys.reasons.CATALOGUE`.

    Attributes:
        outcome: what became of a call that takes several requests, as a sentence. It follows the text of the error.
    """

    reason: str = "pumble_unavailable"
    case: str = ""
    may_have_happened: bool = False
    outcome: str = ""


class PumbleUnavailable(PumbleError):
    """No connection, a 5xx status, or an invalid response."""

    may_have_happened = True


class PumbleBusy(PumbleUnavailable):
    """A 5xx status with a `Retry-After` header. `retry_after` is in whole seconds."""

    case = "pumble_busy"

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class PumbleUnreachable(PumbleUnavailable):
    """The connection was refused, or broke before the whole response arrived."""


class PumbleNotAsked(PumbleUnavailable):
    """No request was sent: the circuit is open or too many calls wait. `retry_after` is in whole seconds."""

    case = "pumble_not_asked"
    may_have_happened = False

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class PumbleTimeout(PumbleError):
    """No complete response before the deadline."""

    reason = "pumble_timeout"
    may_have_happened = True


class PumbleRateLimited(PumbleError):
    """Pumble's own rate limit (429). `retry_after` is in whole seconds."""

    reason = "pumble_rate_limited"

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class FileTooLarge(PumbleError):
    """The file is larger than MAX_FILE_MIB, either way. `limit` is in MiB."""

    reason = "too_large"
    case = "file_too_large"

    def __init__(self, name: str, limit: int) -> None:
        super().__init__(limit)
        self.name, self.limit = name, limit


class PumbleRefused(PumbleError):
    """Pumble refused the request. `status` is 400 to 499, `code` is Pumble's own number or None, `message` is its text.

    `hint` is a kind of `pumble_bridge.hints`, if the cause is known.
    """

    reason = "forbidden_by_pumble"
    hint = ""

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
    """Pumble rejected the token (401)."""

    reason = "owner_not_authorized"
    case = "token_rejected"


class BotTokenRejected(TokenRejected):
    """Pumble rejected the token of the app's bot."""

    case = "bot_token_rejected"

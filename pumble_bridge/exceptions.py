"""Failures of calls to Pumble: one family. Pure: what they become on a wire is decided there."""


class PumbleError(Exception):
    """A call to Pumble did not do what it should. `may_have_happened`: what it asked for was perhaps done all the same."""

    may_have_happened: bool = False


class PumbleUnavailable(PumbleError):
    """No connection, a 5xx, or an answer that makes no sense."""

    may_have_happened = True


class PumbleBusy(PumbleUnavailable):
    """A 5xx that names a time to wait; `retry_after` is in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class PumbleUnreachable(PumbleUnavailable):
    """The connection was refused, or broke before the whole answer was there."""


class PumbleNotAsked(PumbleUnavailable):
    """Pumble has not been answering, or too many calls wait for it: it was not asked. `retry_after` is in whole seconds."""

    may_have_happened = False

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class PumbleTimeout(PumbleError):
    """No whole answer before the deadline."""

    may_have_happened = True


class PumbleRateLimited(PumbleError):
    """Pumble's own limit; `retry_after` is in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class PumbleRefused(PumbleError):
    """Pumble understood and said no: `status` 400 to 499, `code` its own number or None, `message` its words."""

    def __init__(self, status: int, code: int | None, message: str, localized_message: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code, self.message, self.localized_message = (
            status,
            code,
            message,
            localized_message,
        )


class TokenRejected(PumbleRefused):
    """The token is no longer good (401)."""

"""Errors of the platform, each with its HTTP status and code.

Source: Pumble app platform reference, 6.1 (`code // 1000` is the HTTP status). The codes of 401 and 429, and the
`Retry-After` of a 429, are proposals (9, row 7).
"""

import json
from typing import Any

from django.http import HttpResponse


class PlatformError(Exception):
    status = 400
    code = 400000
    default_message = "Bad request"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.default_message)
        self.message = message or self.default_message

    def body(self) -> dict[str, Any]:
        return {"message": self.message, "localizedMessage": self.message, "code": self.code}


class ValidationError(PlatformError):
    """Bean validation: the message has brackets and no field name."""


class ChannelArchived(PlatformError):
    code = 400440
    default_message = "Channel is archived"


class Unauthorized(PlatformError):
    status, code, default_message = 401, 401000, "Unauthorized"


class Forbidden(PlatformError):
    status, code, default_message = 403, 403000, "Forbidden"


class NotFound(PlatformError):
    status, code, default_message = 404, 404100, "Not found"


class MethodNotAllowed(PlatformError):
    status, code, default_message = 405, 405000, "Method not allowed"


class PayloadTooLarge(PlatformError):
    status, code, default_message = 413, 413000, "Payload too large"


class TooManyRequests(PlatformError):
    status, code, default_message = 429, 429000, "Too Many Requests"

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class ActError(Exception):
    """A person cannot do this now. The `/act/` interface answers `{"error": message}` with `status`."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def error_response(failure: PlatformError) -> HttpResponse:
    """Return the response for a platform error, with `Retry-After` for a 429."""
    response = HttpResponse(
        json.dumps(failure.body()), status=failure.status, content_type="application/json"
    )
    if isinstance(failure, TooManyRequests):
        response["Retry-After"] = str(failure.retry_after)
    return response

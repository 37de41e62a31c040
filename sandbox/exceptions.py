"""What the local Pumble refuses, each with the status and code of its platform.

Source: Pumble app platform reference, 6.1 (`code // 1000` is the HTTP status). The codes of 401 and 429, and that a 429
says when to come back, are proposals (9, row 7).
"""

import json
from typing import Any

from django.http import HttpResponse


class PlatformError(Exception):
    status = 400
    code = 400000
    default = "Bad request"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.default)
        self.message = message or self.default

    def body(self) -> dict[str, Any]:
        return {"message": self.message, "localizedMessage": self.message, "code": self.code}


class ValidationError(PlatformError):
    """Bean validation: bracketed texts without field names."""


class ChannelArchived(PlatformError):
    code = 400440
    default = "Channel is archived"


class Unauthorized(PlatformError):
    status, code, default = 401, 401000, "Unauthorized"


class Forbidden(PlatformError):
    status, code, default = 403, 403000, "Forbidden"


class NotFound(PlatformError):
    status, code, default = 404, 404100, "Not found"


class MethodNotAllowed(PlatformError):
    status, code, default = 405, 405000, "Method not allowed"


class PayloadTooLarge(PlatformError):
    status, code, default = 413, 413000, "Payload too large"


class TooManyRequests(PlatformError):
    status, code, default = 429, 429000, "Too Many Requests"

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class ActError(Exception):
    """Something a person cannot do at this moment; the driving interface answers `{"error"}`."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def error_response(failure: PlatformError) -> HttpResponse:
    response = HttpResponse(
        json.dumps(failure.body()), status=failure.status, content_type="application/json"
    )
    if isinstance(failure, TooManyRequests):
        response["Retry-After"] = str(failure.retry_after)
    return response

"""Refuse a call over the key's own limit, and report the limit in the headers.

`ApiKeyAuthentication` takes the call from the limit, because one command to Redis answers both the limit and whether the
key's record is current. `portal.api.calls` takes Pumble's quotas, with each call to Pumble.
"""

import math
from typing import Any

from django.http import HttpResponse
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from keys.limits import LimitStatus


class KeyRateThrottle(BaseThrottle):
    """Refuse a call whose key has used up its own limit. Refused calls count."""

    def allow_request(self, request: Any, view: APIView) -> bool:
        """
        Raises:
            RateLimited: the limit is used up. The exception names the limit, which `False` could not.
        """
        request.budget.require_key_limit()
        return True


def set_rate_limit_headers(response: HttpResponse, status: LimitStatus) -> None:
    """Set the headers of the most restrictive limit of the call. The reset is in seconds from now."""
    response["X-RateLimit-Limit"] = str(status.rate_limit.limit)
    response["X-RateLimit-Remaining"] = str(status.remaining)
    response["X-RateLimit-Reset"] = str(max(1, math.ceil(status.reset_seconds)))

"""The limit of the key: refuse a call over it, and tell the caller how it stands.

Authentication takes the call from the limit, because one command to Redis answers both the limit and whether the key's record is current.
Pumble's quotas follow with each call to Pumble, in `portal.api.calls`.
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
        request.budget.require_own()
        return True


def set_rate_limit_headers(response: HttpResponse, tightest: LimitStatus) -> None:
    """Say how the most restrictive limit stands that the call was under; the reset in seconds from now."""
    response["X-RateLimit-Limit"] = str(tightest.window.limit)
    response["X-RateLimit-Remaining"] = str(tightest.remaining)
    response["X-RateLimit-Reset"] = str(max(1, math.ceil(tightest.reset_seconds)))

"""`Prefer: handling=dry-run`: everything is checked and looked up, nothing is sent. The answer says what would be."""

from collections.abc import Callable
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.calls import CallObserver

PREFERENCE = "handling=dry-run"


def is_requested(request: Request) -> bool:
    """Source: RFC 7240; preferences are separated by commas, their parameters by semicolons."""
    preferences = str(request.META.get("HTTP_PREFER", "")).lower().replace('"', "").split(",")
    return any(item.partition(";")[0].replace(" ", "") == PREFERENCE for item in preferences)


def respond(observer: CallObserver, perform: Callable[[], Any]) -> Response:
    """Return what `perform` would have sent. An id of nothing but zeros stands for what Pumble would have made."""
    observer.budget.rehearsal = True
    perform()
    data = {"dryRun": True, "wouldSend": observer.would_send}
    return Response(data, headers={"Preference-Applied": PREFERENCE})

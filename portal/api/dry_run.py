"""Check a write without sending it, for `Prefer: handling=dry-run` or with a trial key. The response lists what would be sent."""

from collections.abc import Callable
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.calls import CallObserver

PREFERENCE = "handling=dry-run"


def applies(request: Any) -> bool:
    """Return whether a write of this authenticated call is a dry run. With a trial key, each is."""
    return request.auth.is_trial or is_requested(request)


def is_requested(request: Request) -> bool:
    """Return whether the `Prefer` header asks for a dry run.

    Source: RFC 7240. Commas separate preferences, semicolons their parameters.
    """
    preferences = str(request.META.get("HTTP_PREFER", "")).lower().replace('"', "").split(",")
    return any(item.partition(";")[0].replace(" ", "") == PREFERENCE for item in preferences)


def respond(observer: CallObserver, perform: Callable[[], Any]) -> Response:
    """Return the requests that `perform` would send. An id of zeros stands for an object that Pumble would create.

    The call's budget is already set to a dry run.
    """
    perform()
    data = {"dryRun": True, "wouldSend": observer.would_send}
    return Response(data, headers={"Preference-Applied": PREFERENCE})

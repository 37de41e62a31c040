"""`Prefer: handling=dry-run`: everything is checked and looked up, nothing is sent. The answer says what would be."""

from collections.abc import Callable, Mapping

from django.http import HttpResponse

from portal.api import wire
from portal.api.watching import Watch

PREFERENCE = "handling=dry-run"


def is_asked_for(meta: Mapping[str, object]) -> bool:
    """Source: RFC 7240; preferences are separated by commas, their parameters by semicolons."""
    preferences = str(meta.get("HTTP_PREFER", "")).lower().replace('"', "").split(",")
    return any(one.partition(";")[0].replace(" ", "") == PREFERENCE for one in preferences)


def answer(watch: Watch, run: Callable[[], HttpResponse]) -> HttpResponse:
    """What `run` would have sent. An id of nothing but zeros stands for what Pumble would have made."""
    run()
    response = wire.answer({"dryRun": True, "wouldSend": watch.imagined})
    response["Preference-Applied"] = PREFERENCE
    return response

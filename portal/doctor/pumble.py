"""Pumble: reachable over TLS, and its clock."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_noop as _

from portal.doctor import clocks, network
from portal.doctor.findings import Finding, failure, ok
from pumble_bridge import deadline, http
from pumble_bridge.exceptions import PumbleError

_PATH = "/oauth2/me"  # refused without a token, which is answer enough


def check() -> Iterator[Finding]:
    host = urlsplit(settings.PUMBLE_API_URL).netloc
    try:
        with deadline.within(network.SECONDS):
            answer = http.send("GET", settings.PUMBLE_API_URL + _PATH, headers={})
    except PumbleError as error:
        message, cure, reason = network.explain(error)
        yield failure("pumble", message, cure, host=host, reason=reason)
        return
    if answer.status >= 500 or answer.status < 400:
        yield failure(
            "pumble",
            _("%(host)s answers with status %(status)s."),
            _("Check PUMBLE_API_URL. If it is right, wait: Pumble has a fault."),
            host=host,
            status=answer.status,
        )
        return
    yield ok("pumble", _("%(host)s answers."), host=host)
    if answer.date:
        yield clocks.compare(
            "pumble.clock",
            clocks.skew_of(answer.date),
            agrees=_("The clock agrees with that of Pumble."),
            differs=_("The clock of this machine differs by %(seconds)s s from that of Pumble."),
        )

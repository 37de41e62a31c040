"""PUBLIC_URL as clients and Pumble reach it: certificate, the way through the reverse proxy, and http:// beside it."""

import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_noop as _

from portal.doctor import clocks, network, probe
from portal.doctor.findings import Finding, Status, failure, ok, warning
from portal.environment import url_host
from pumble_bridge import deadline, http, strict_json
from pumble_bridge.exceptions import PumbleError

MIN_CERTIFICATE_LIFE = timedelta(days=14)
_FORGED_ADDRESS = "192.0.2.1"  # of a network for documentation (RFC 5737)
_API_PATH = "/listUsers"
_MAX_ANSWER_BYTES = 64 * 1024


def check() -> Iterator[Finding]:
    url = urlsplit(settings.PUBLIC_URL)
    host = url.hostname or ""
    if url.scheme == "https":
        finding = check_certificate(host, url.port or 443)
        yield finding
        if finding.status is Status.FAILURE:
            return
    answer = _probe()
    if isinstance(answer, Finding):
        yield answer
        return
    seen = _read(answer)
    if seen is None:
        yield _explain_refusal(answer)
        return
    yield ok("public_url", _("%(url)s leads to this portal."), url=settings.PUBLIC_URL)
    yield _check_size()
    yield check_address(seen)
    yield _check_underscores(seen)
    if url.scheme == "https":
        # Another service may own port 80 beside a portal on a port of its own.
        port = 80 if url.port in {None, 443} else url.port
        yield check_plain_http(f"http://{url_host(host)}:{port}")


def check_certificate(host: str, port: int) -> Finding:
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), timeout=network.SECONDS) as connection,
            context.wrap_socket(connection, server_hostname=host) as tls,
        ):
            certificate = tls.getpeercert() or {}
    except OSError as error:
        message, cure, reason = network.explain(error)
        is_tls = isinstance(error, ssl.SSLError)
        check = "public_url.certificate" if is_tls else "public_url"
        return failure(check, message, cure, host=f"{host}:{port}", reason=reason)
    return _check_end(
        *(ssl.cert_time_to_seconds(str(certificate[name])) for name in ("notBefore", "notAfter"))
    )


def _check_end(begins: float, ends: float) -> Finding:
    """Warn 14 days before the end, or in the last quarter of a shorter life, as some authorities issue it."""
    check, message = "public_url.certificate", _("The certificate is valid until %(until)s.")
    until = f"{datetime.fromtimestamp(ends, UTC):%Y-%m-%d %H:%M} UTC"
    if ends - time.time() < min(MIN_CERTIFICATE_LIFE.total_seconds(), (ends - begins) / 4):
        return warning(check, message, _("Renew the certificate."), until=until)
    return ok(check, message, until=until)


def _probe(size: int = 0) -> http.Answer | Finding:
    """Send a probe with a body of this size. Return the answer, or why there is none."""
    headers = {
        probe.TOKEN_HEADER: probe.sign(),
        probe.UNDERSCORED_HEADER: "1",
        "X-Forwarded-For": _FORGED_ADDRESS,
        "Content-Type": "application/octet-stream",
    }
    try:
        with deadline.within(network.SECONDS):
            return http.send("POST", settings.PUBLIC_URL + probe.PATH, headers=headers, body=bytes(size))
    except PumbleError as error:
        message, cure, reason = network.explain(error)
        host = urlsplit(settings.PUBLIC_URL).netloc
        return failure("public_url", message, cure, host=host, reason=reason)


def _read(answer: http.Answer) -> dict[str, Any] | None:
    """Return what the portal saw, or None if this is not its answer."""
    try:
        seen = strict_json.loads_object(answer.body, limit=_MAX_ANSWER_BYTES)
    except strict_json.InvalidJson:
        return None
    return seen if answer.status == 200 and "peerIsTrusted" in seen else None


def _explain_refusal(answer: http.Answer) -> Finding:
    """Return why the portal did not accept the probe."""
    skew = clocks.skew_of(answer.date)
    if answer.status == 404 and abs(skew) > probe.MAX_AGE / 2:
        return clocks.compare(
            "public_url.clock",
            skew,
            agrees="",
            differs=_("The clock of this machine differs by %(seconds)s s from that of the portal."),
        )
    values: dict[str, str | int] = {"url": settings.PUBLIC_URL, "status": answer.status}
    if answer.status in {400, 403}:
        message = _("%(url)s refuses the request (status %(status)s).")
        cure = _("Let the reverse proxy pass the Host header on unchanged, or add the name to ALLOWED_HOSTS.")
    elif answer.status >= 500:
        message = _("%(url)s answers with status %(status)s.")
        cure = _("Check that the portal runs, and that the reverse proxy reaches it.")
    else:
        message = _("%(url)s is not this portal (status %(status)s).")
        cure = _(
            "Check PUBLIC_URL, the DNS and the proxy. The portal must run this version with this SECRET_KEY."
        )
    return failure("public_url", message, cure, **values)


def _check_size() -> Finding:
    """Send the largest body that the portal accepts. A proxy may refuse it, or close the connection early."""
    size = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    answer = _probe(size)
    seen = _read(answer) if isinstance(answer, http.Answer) else None
    if seen is None or seen["bytes"] != size:
        message = _("A request of %(kib)s KiB, which the portal accepts, does not arrive.")
        cure = _("Raise the limit of the reverse proxy, such as client_max_body_size, and its time-outs.")
        return failure("public_url.size", message, cure, kib=size // 1024)
    return ok("public_url.size", _("Requests of %(kib)s KiB arrive."), kib=size // 1024)


def check_address(seen: dict[str, Any]) -> Finding:
    """Judge the address that the portal takes for the client's. The probe carried a forged one."""
    check = "public_url.address"
    chain = [entry.strip() for entry in str(seen["forwardedFor"]).split(",") if entry.strip()]
    values = {"address": str(seen["address"]), "peer": str(seen["peer"])}
    if seen["address"] == _FORGED_ADDRESS and chain[-1] == _FORGED_ADDRESS:
        return failure(
            check,
            _("The portal believes the address that a client writes into X-Forwarded-For."),
            _("Let the reverse proxy set X-Forwarded-For to the address of its client."),
        )
    is_direct = chain == [_FORGED_ADDRESS] and not settings.PUBLIC_URL.startswith("https://")
    if not seen["peerIsTrusted"] and not is_direct:
        return failure(
            check,
            _("The portal takes the proxy's address %(peer)s for the address of every client."),
            _("Add the address of the proxy to TRUSTED_PROXIES."),
            **values,
        )
    if seen["peerIsTrusted"] and not chain:
        return failure(
            check,
            _("The proxy %(peer)s does not tell the portal the address of its client."),
            _("Let the reverse proxy set X-Forwarded-For to the address of its client."),
            **values,
        )
    return ok(check, _("The portal sees this machine as %(address)s."), **values)


def _check_underscores(seen: dict[str, Any]) -> Finding:
    if seen["underscoredHeader"]:
        return failure(
            "public_url.headers",
            _("The reverse proxy passes on header names with underscores, such as X_Forwarded_For."),
            _("Drop them: clients forge other headers with them. In nginx: underscores_in_headers off."),
        )
    return ok("public_url.headers", _("Header names with underscores do not reach the portal."))


def check_plain_http(url: str) -> Finding:
    """Check that a call over http:// is refused. A redirect would let clients send their key without TLS each time."""
    check = "public_url.http"
    refused = ok(check, _("Calls over http:// are refused."))
    try:
        with deadline.within(network.SECONDS):
            answer = http.send("GET", url + _API_PATH, headers={"Host": urlsplit(settings.PUBLIC_URL).netloc})
    except PumbleError:
        return refused
    try:
        reason = strict_json.loads_object(answer.body, limit=_MAX_ANSWER_BYTES).get("reason")
    except strict_json.InvalidJson:
        reason = None
    if reason == "https_required" or (answer.status in {400, 403, 404, 421, 426} and reason is None):
        return refused
    message = _("%(url)s answers calls of the API (status %(status)s).")
    if 300 <= answer.status < 400:
        message = _("%(url)s redirects calls of the API (status %(status)s).")
    cure = _(
        "Refuse them, as deploy/nginx.conf.template does: a key that was sent without TLS is readable on the way."
    )
    return failure(check, message, cure, url=url, status=answer.status)

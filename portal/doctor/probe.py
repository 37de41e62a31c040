"""The probe: what the portal sees of a request that doctor sends through the front door.

It answers only to a token that this installation signed less than a minute ago. To everybody else the URL does not exist.
"""

import secrets

from django.core.signing import BadSignature, TimestampSigner
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from keys.ip_networks import parse_address
from portal.client_ip import get_client_ip, is_trusted_proxy

PATH = "/doctor/probe"
TOKEN_HEADER = "Doctor-Probe"  # noqa: S105 - the name of a header
MAX_AGE = 60  # seconds
# A proxy should drop the first. `deploy/nginx.conf.template` forwards what it let through as the second, because gunicorn
# drops names with underscores.
UNDERSCORED_HEADER, FORWARDED_UNDERSCORED = "Doctor_Underscored", "HTTP_DOCTOR_UNDERSCORED"

_signer = TimestampSigner(salt="portal.doctor.probe")


def sign() -> str:
    """Return a token for one probe."""
    return _signer.sign(secrets.token_urlsafe(12))


@csrf_exempt
def serve_probe(request: HttpRequest) -> JsonResponse:
    """Return what the portal sees of this request.

    Raises:
        Http404: it is not a POST with a valid token. The answer is that of an unknown URL.
    """
    try:
        _signer.unsign(request.headers.get(TOKEN_HEADER, ""), max_age=MAX_AGE)
    except BadSignature:
        raise Http404 from None
    if request.method != "POST":
        raise Http404
    peer = parse_address(str(request.META.get("REMOTE_ADDR") or ""))
    return JsonResponse(
        {
            "address": get_client_ip(request.META) or "",
            "peer": str(peer or ""),
            "peerIsTrusted": peer is not None and is_trusted_proxy(peer),
            "forwardedFor": request.headers.get("X-Forwarded-For", ""),
            "scheme": request.scheme,
            "underscoredHeader": FORWARDED_UNDERSCORED in request.META,
            "bytes": len(request.body),
        }
    )

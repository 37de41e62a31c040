"""The token exchange. Source: Pumble app platform reference, 2.3 and 2.4."""

import hmac

from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from sandbox import installations
from sandbox.exceptions import Invalid, MethodNotAllowed, PlatformError, Unauthorized, error_response
from sandbox.models import App
from sandbox.rest.endpoint import answer


@csrf_exempt
def access(request: HttpRequest) -> HttpResponseBase:
    try:
        return answer(_exchange(request))
    except PlatformError as failure:
        return error_response(failure)


def _exchange(request: HttpRequest) -> dict[str, str]:
    """Only multipart with hyphenated names; a wrong secret, or another app's code, uses up nothing."""
    if request.method != "POST":
        raise MethodNotAllowed
    if request.content_type != "multipart/form-data":
        raise Invalid("[multipart/form-data is expected]")
    try:
        client_id, secret, code = (
            request.POST.get(name, "") for name in ("client-id", "client-secret", "code")
        )
    except MultiPartParserError:
        raise Invalid("[malformed multipart]") from None
    if not (client_id and secret and code):
        raise Invalid("[client-id, client-secret and code must not be null]")
    app = App.objects.filter(pk=client_id).first()
    if app is None or not hmac.compare_digest(app.client_secret.encode(), secret.encode()):
        raise Unauthorized
    if installations.app_of_code(code) != app.id:
        raise Invalid("Invalid code")
    tokens = installations.exchange(code)
    if not tokens:
        raise Invalid("Invalid code")
    return tokens

"""The token exchange. Source: Pumble app platform reference, 2.3 and 2.4."""

import hmac

from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from sandbox import installations
from sandbox.exceptions import MethodNotAllowed, PlatformError, Unauthorized, ValidationError, error_response
from sandbox.models import App
from sandbox.rest.endpoint import to_response


@csrf_exempt
def access(request: HttpRequest) -> HttpResponseBase:
    try:
        return to_response(_exchange(request))
    except PlatformError as error:
        return error_response(error)


def _exchange(request: HttpRequest) -> dict[str, str]:
    """Exchange a code for tokens.

    Only multipart with hyphenated names is accepted. A wrong secret, or a code of another app, does not use the code up.
    """
    if request.method != "POST":
        raise MethodNotAllowed
    if request.content_type != "multipart/form-data":
        raise ValidationError("[multipart/form-data is expected]")
    try:
        client_id, secret, code = (
            request.POST.get(name, "") for name in ("client-id", "client-secret", "code")
        )
    except MultiPartParserError:
        raise ValidationError("[malformed multipart]") from None
    if not (client_id and secret and code):
        raise ValidationError("[client-id, client-secret and code must not be null]")
    app = App.objects.filter(pk=client_id).first()
    if app is None or not hmac.compare_digest(app.client_secret.encode(), secret.encode()):
        raise Unauthorized
    if installations.app_id_of_code(code) != app.id:
        raise ValidationError("Invalid code")
    tokens = installations.exchange_code(code)
    if not tokens:
        raise ValidationError("Invalid code")
    return tokens

"""Views of the REST API: authentication, scope, rate limits, then the operation, then JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from sandbox import rate_limits, strict_json
from sandbox.exceptions import (
    Forbidden,
    MethodNotAllowed,
    PayloadTooLarge,
    PlatformError,
    Unauthorized,
    ValidationError,
    error_response,
)
from sandbox.models import App, Authorization, Installation, Person
from sandbox.rate_limits import WINDOWS, Limit


@dataclass(frozen=True, slots=True)
class ApiCall:
    """An authenticated call. `person` is a human or a bot, acting through `app`."""

    request: HttpRequest
    app: App
    person: Person
    scopes: frozenset[str]

    def query(self, name: str) -> str | None:
        """Return a query parameter, or None if it is missing or empty."""
        return self.request.GET.get(name) or None

    def body(self) -> strict_json.JsonObject:
        return read_body(self.request)


Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """`scope` are the required scopes, separated by spaces. `limit` counts per app and workspace."""

    handler: Handler
    scope: str = ""
    limit: Limit | None = None


def api_view(**operations: Operation) -> Callable[..., HttpResponseBase]:
    """Return a view that dispatches on the method."""

    @csrf_exempt
    def view(request: HttpRequest, **ids: str) -> HttpResponseBase:
        try:
            operation = operations.get(request.method or "")
            if operation is None:
                raise MethodNotAllowed
            call = _authenticate(request)
            request.sandbox_call = call  # type: ignore[attr-defined]  # the traffic list names the caller
            WINDOWS.hit(rate_limits.APP, call.app.id)
            WINDOWS.hit(rate_limits.TOKEN, call.app.id, call.person.id)
            missing = [scope for scope in operation.scope.split() if scope not in call.scopes]
            if missing:
                raise Forbidden(f"Missing scope: {missing[0]}")
            if operation.limit is not None:
                WINDOWS.hit(operation.limit, call.app.id, call.person.workspace_id)
            return to_response(operation.handler(call, **ids))
        except PlatformError as error:
            return error_response(error)

    return view


def to_response(result: Any) -> HttpResponseBase:
    """Return a 200 with the JSON, or an empty one for None. A response is returned unchanged."""
    if isinstance(result, HttpResponseBase):
        return result
    if result is None:
        response = HttpResponse(status=200)
        del response["Content-Type"]
        return response
    return JsonResponse(result, safe=False)


def read_body(request: HttpRequest) -> strict_json.JsonObject:
    """Return the JSON object in the body; an empty body is an empty object."""
    try:
        raw = request.body
    except RequestDataTooBig:
        raise PayloadTooLarge from None
    if not raw.strip():
        return {}
    try:
        return strict_json.load_object(raw)
    except strict_json.InvalidJson as exc:
        raise ValidationError(f"[{exc}]") from None


def _authenticate(request: HttpRequest) -> ApiCall:
    token = request.headers.get("token")
    app = App.objects.filter(app_key=request.headers.get("x-app-token", "")).first()
    if not token or app is None:
        raise Unauthorized
    authorization = (
        Authorization.objects.filter(token=token, active=True).select_related("person__workspace").first()
    )
    if authorization is not None:
        owner_id, person, scopes = authorization.app_id, authorization.person, authorization.scopes
    else:
        installation = (
            Installation.objects.filter(bot_token=token, active=True).select_related("bot__workspace").first()
        )
        if installation is None or installation.bot is None:
            raise Unauthorized
        owner_id, person, scopes = installation.app_id, installation.bot, installation.bot_scopes
    if owner_id != app.id or not person.is_active:
        raise Unauthorized
    return ApiCall(request, app, person, frozenset(scopes))

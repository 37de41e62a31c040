"""The way of every act: a JSON object in, JSON out, and `{"error"}` with 4xx for whatever a person cannot do."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from sandbox import channels, strict_json
from sandbox.app_registry import API_APP_ID
from sandbox.exceptions import ActError, PlatformError
from sandbox.models import HUMAN, App, Channel, Person

Handler = Callable[["ActRequest"], Any]


class ActRequest:
    """Query or body of one act, read field by field."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def text(self, name: str, default: str | None = None) -> str:
        value = self.values.get(name) if isinstance(self.values, dict) else None
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise ActError(f"{name} must be a string")
        return value

    def value(self, name: str) -> Any:
        return self.values.get(name) if isinstance(self.values, dict) else None

    def person(self) -> Person:
        """The active human that `userId` names."""
        person = Person.objects.select_related("workspace").filter(HUMAN, pk=self.text("userId")).first()
        if person is None:
            raise ActError("userId names nobody", 404)
        if not person.is_active:
            raise ActError(f"{person.name} is deactivated", 403)
        return person

    def channel(self, person: Person) -> Channel:
        try:
            return channels.get_visible(person, self.text("channelId"))
        except PlatformError:
            raise ActError(f"{person.name} sees no such channel", 404) from None

    def app(self) -> App:
        app = App.objects.filter(pk=self.text("appId", API_APP_ID)).first()
        if app is None:
            raise ActError("appId names no app", 404)
        return app


def act_view(fields: str, **handlers: Handler) -> Callable[[HttpRequest], HttpResponse]:
    """A view that dispatches on the method; GET reads its values from the query, the others from the body.

    Anything but the fields in `takes` is refused: a mistyped one would change what the act does, and nobody would see
    it. Every act that changes something takes `appId` as well.
    """
    names = fields.split()

    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponse:
        handler = handlers.get(request.method or "")
        if handler is None:
            return _error_response(ActError(f"only {', '.join(handlers)}", 405))
        try:
            values = _values(request)
            _require_known_fields(values, names if request.method == "GET" else [*names, "appId"])
            return JsonResponse(handler(ActRequest(values)), safe=False)
        except ActError as error:
            return _error_response(error)
        except PlatformError as error:
            return _error_response(ActError(error.message, error.status))

    return view


def _values(request: HttpRequest) -> Any:
    if request.method == "GET":
        return request.GET.dict()
    try:
        raw = request.body
    except RequestDataTooBig:
        raise ActError("too large", 413) from None
    try:
        values = strict_json.loads(raw) if raw.strip() else {}
    except strict_json.InvalidJson as exc:
        raise ActError(str(exc)) from None
    if not isinstance(values, dict) and not (isinstance(values, list) and request.path == "/act/faults"):
        raise ActError("a JSON object is expected")
    return values


def _require_known_fields(values: Any, names: list[str]) -> None:
    unknown = [name for name in values if name not in names] if isinstance(values, dict) else []
    if unknown:
        known = ", ".join(names) or "none"
        raise ActError(f"{unknown[0][:40]} is no field of this act; its fields: {known}")


def _error_response(error: ActError) -> HttpResponse:
    return JsonResponse({"error": error.message}, status=error.status)

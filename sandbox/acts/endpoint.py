"""Views of the `/act/` interface: JSON in, JSON out, and `{"error"}` with a 4xx status for what a person cannot do."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from sandbox import channels, files, strict_json
from sandbox.app_registry import API_APP_ID
from sandbox.exceptions import ActError, PlatformError
from sandbox.models import HUMAN, App, Channel, Person

Handler = Callable[["ActRequest"], Any]


class ActRequest:
    """The query or body of a request to `/act/`.

    Attributes:
        files: the parts named `file` of a form.
    """

    def __init__(self, values: Any, files: "list[UploadedFile[bytes]]") -> None:
        self.values, self.files = values, files

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
        """Return the active human with the id `userId`."""
        person = Person.objects.select_related("workspace").filter(HUMAN, pk=self.text("userId")).first()
        if person is None:
            raise ActError("there is no person with this userId", 404)
        if not person.is_active:
            raise ActError(f"{person.name} is deactivated", 403)
        return person

    def channel(self, person: Person) -> Channel:
        try:
            return channels.get_visible(person, self.text("channelId"))
        except PlatformError:
            raise ActError(f"{person.name} has no channel with this channelId", 404) from None

    def app(self) -> App:
        app = App.objects.filter(pk=self.text("appId", API_APP_ID)).first()
        if app is None:
            raise ActError("there is no app with this appId", 404)
        return app


def act_view(fields: str, **handlers: Handler) -> Callable[[HttpRequest], HttpResponseBase]:
    """Return a view that dispatches on the method. GET reads the query, other methods read the body: JSON, or a form.

    Unknown fields are refused, because a mistyped field would silently change what the request does. All methods but GET
    also accept `appId`.

    Args:
        fields: names of the known fields, separated by spaces.
    """
    names = fields.split()

    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponseBase:
        handler = handlers.get(request.method or "")
        if handler is None:
            return _error_response(ActError(f"this address accepts only {', '.join(handlers)}", 405))
        try:
            is_form = request.content_type == "multipart/form-data"
            parts = files.read_parts(request, "file") if is_form else []
            values = _form_values(request) if is_form else _values(request)
            _require_known_fields(values, names if request.method == "GET" else [*names, "appId"])
            result = handler(ActRequest(values, parts))
            return result if isinstance(result, HttpResponseBase) else JsonResponse(result, safe=False)
        except ActError as error:
            return _error_response(error)
        except PlatformError as error:
            return _error_response(ActError(error.message, error.status))

    return view


def _form_values(request: HttpRequest) -> dict[str, Any]:
    """Return the fields of a form. Its files count as the field `file`, which the view may not know."""
    return request.POST.dict() | dict.fromkeys(request.FILES)


def _values(request: HttpRequest) -> Any:
    if request.method == "GET":
        return request.GET.dict()
    try:
        raw = request.body
    except RequestDataTooBig:
        raise ActError("the body is too large", 413) from None
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
        raise ActError(f"{unknown[0][:40]} is not a known field; known fields: {known}")


def _error_response(error: ActError) -> HttpResponse:
    return JsonResponse({"error": error.message}, status=error.status)

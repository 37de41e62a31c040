"""Views for the command line tool: authenticate the developer, run the operation, answer with JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from sandbox import strict_json
from sandbox.developers import jwt
from sandbox.exceptions import MethodNotAllowed, PlatformError, Unauthorized, error_response
from sandbox.models import HUMAN, Person
from sandbox.rest.endpoint import read_body, to_response

ACCESS, REFRESH, EXCHANGE = "access", "refresh", "exchange"


@dataclass(frozen=True, slots=True)
class PublicCall:
    """A call without authentication."""

    request: HttpRequest

    def body(self) -> strict_json.JsonObject:
        return read_body(self.request)


@dataclass(frozen=True, slots=True)
class DeveloperCall(PublicCall):
    """A call of the developer whose `Authtoken` it has."""

    person: Person


def public_view(**operations: Callable[..., Any]) -> Callable[..., HttpResponseBase]:
    """Return a view for calls without authentication."""
    return _view(operations, lambda request, ids: (PublicCall(request), ids))


def developer_view(**operations: Callable[..., Any]) -> Callable[..., HttpResponseBase]:
    """Return a view below `/workspaces/{ws}/workspaceUsers/{wu}` for that person only."""
    return _view(operations, _authenticate)


def get_active_person(person_id: str | None) -> Person | None:
    people = Person.objects.select_related("workspace").filter(HUMAN, status=Person.Status.ACTIVATED)
    return people.filter(pk=person_id or "").first()


Authenticate = Callable[[HttpRequest, dict[str, str]], tuple[PublicCall, dict[str, str]]]


def _view(
    operations: dict[str, Callable[..., Any]], authenticate: Authenticate
) -> Callable[..., HttpResponseBase]:
    @csrf_exempt
    def view(request: HttpRequest, **ids: str) -> HttpResponseBase:
        try:
            operation = operations.get(request.method or "")
            if operation is None:
                raise MethodNotAllowed
            call, kwargs = authenticate(request, ids)
            return to_response(operation(call, **kwargs))
        except PlatformError as error:
            return error_response(error)

    return view


def _authenticate(request: HttpRequest, ids: dict[str, str]) -> tuple[PublicCall, dict[str, str]]:
    person = get_active_person(jwt.verify(ACCESS, request.headers.get("Authtoken", "")))
    path_ids = (ids.pop("workspace_id"), ids.pop("person_id"))
    if person is None or path_ids != (person.workspace_id, person.id):
        raise Unauthorized
    return DeveloperCall(request, person), ids

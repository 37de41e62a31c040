"""The way of every call of the command line tool: whose session it is, then the operation, then JSON."""

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
from sandbox.rest.endpoint import answer, read_body

ACCESS, REFRESH, EXCHANGE = "access", "refresh", "exchange"


@dataclass(frozen=True, slots=True)
class Visit:
    """A call without a session: what the address and the body say."""

    request: HttpRequest

    def body(self) -> strict_json.JsonObject:
        return read_body(self.request)


@dataclass(frozen=True, slots=True)
class Session(Visit):
    """A call of the developer whose `Authtoken` it carries."""

    person: Person


def public(**operations: Callable[..., Any]) -> Callable[..., HttpResponseBase]:
    """A view for calls that carry no session."""
    return _view(operations, lambda request, ids: (Visit(request), ids))


def own(**operations: Callable[..., Any]) -> Callable[..., HttpResponseBase]:
    """A view below `/workspaces/{ws}/workspaceUsers/{wu}` for that very person."""
    return _view(operations, _identified)


def active(person_id: str | None) -> Person | None:
    people = Person.objects.select_related("workspace").filter(HUMAN, status=Person.Status.ACTIVATED)
    return people.filter(pk=person_id or "").first()


Identify = Callable[[HttpRequest, dict[str, str]], tuple[Visit, dict[str, str]]]


def _view(operations: dict[str, Callable[..., Any]], identify: Identify) -> Callable[..., HttpResponseBase]:
    @csrf_exempt
    def view(request: HttpRequest, **ids: str) -> HttpResponseBase:
        try:
            operation = operations.get(request.method or "")
            if operation is None:
                raise MethodNotAllowed
            visit, rest = identify(request, ids)
            return answer(operation(visit, **rest))
        except PlatformError as failure:
            return error_response(failure)

    return view


def _identified(request: HttpRequest, ids: dict[str, str]) -> tuple[Visit, dict[str, str]]:
    person = active(jwt.person_of(ACCESS, request.headers.get("Authtoken", "")))
    asked = (ids.pop("workspace_id"), ids.pop("person_id"))
    if person is None or asked != (person.workspace_id, person.id):
        raise Unauthorized
    return Session(request, person), ids

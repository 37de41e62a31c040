"""The base views of the API. An operation is one subclass of `OperationView` and one line in `portal.api.urls`.

`initial` checks the key and its limits, `handle` reads the input and runs the operation, `finalize_response` sets the
headers of the limits and records the call. A refused call does not call Pumble.
"""

import time
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from keys import key_format, usage
from keys.audit import Actor, Surface
from keys.idempotency import MAX_CALL_DURATION
from keys.limits import CallBudget
from keys.models import AuditEvent
from keys.reasons import ErrorSpec
from portal.accounts.sessions import request_actor
from portal.api import app_permissions, dry_run, idempotency
from portal.api.authentication import ApiKeyAuthentication
from portal.api.calls import ApiCall, CallObserver, open_call, pumble_slot
from portal.api.exceptions import InvalidInput
from portal.api.parsers import find_misplaced_input, read_input
from portal.api.permissions import KeyActsAsPerson, KeyHasScope, KeyIsUsable
from portal.api.serializers.base import Input
from portal.api.throttling import KeyRateThrottle, set_rate_limit_headers
from pumble_bridge.exceptions import PumbleRefused

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class ApiKeyView(APIView):
    """A view that requires an API key. Each call is recorded, logged and counted, and its response has the limits."""

    authentication_classes = [ApiKeyAuthentication]

    default_response_headers: ClassVar[dict[str, str]] = {}  # `Allow` is sent only with 405
    surface: ClassVar[AuditEvent.Surface] = Surface.API
    operation: ClassVar[str]  # the recorded name; a view with several operations sets it in `log_fields`
    actor: Actor
    outcome: str = usage.OK
    outcome_case: str = ""
    hint: str = ""
    observer: CallObserver | None = None

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.started, self.received_at = time.monotonic(), timezone.now()
        self.actor = request.actor = request_actor(request, surface=self.surface)  # type: ignore[attr-defined]
        # The fields of the log line. An unexpected exception leaves the outcome `internal`.
        self.log_fields = request.log_fields = {  # type: ignore[attr-defined]
            "operation": self.operation,
            "outcome": "internal",
            "surface": self.surface.lower(),
        }

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        super().finalize_response(request, response, *args, **kwargs)
        self.log_fields["outcome"] = self.outcome
        if self.hint:
            self.log_fields["hint"] = self.hint
        budget: CallBudget | None = getattr(request, "budget", None)
        if budget is not None:  # the call was authenticated
            set_rate_limit_headers(response, budget.most_restrictive)
            self.log_fields |= {"key": budget.key.key_id, "workspace": budget.key.workspace_id}
            self._record_call(budget, response.status_code)
        request.parser_context.clear()  # break the reference cycle of request and view
        return response

    def open_call(self, request: Any) -> ApiCall:
        """Return the call of this request, and keep its observer: the request log has what the call was about.

        Raises:
            OwnerNotAuthorized.
        """
        self.observer = CallObserver(request.budget)
        return open_call(request.auth, self.observer)

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> NoReturn:
        (method, *_) = self.http_method_names
        raise MethodNotAllowed(method.upper())  # the header `Allow` names it

    def _record_call(self, budget: CallBudget, status: int) -> None:
        """Record the call. A background thread writes it with others."""
        trace = self.observer.trace if self.observer else usage.CallTrace()
        trace.is_dry_run = budget.dry_run
        usage.recorder.record(
            usage.CallRecord(
                key_pk=budget.key.pk,
                at=self.received_at,
                operation=self.log_fields["operation"],
                outcome=self.outcome,
                outcome_case=self.outcome_case,
                hint=self.hint,
                status=status,
                duration_ms=round((time.monotonic() - self.started) * 1000),
                request_id=self.actor.request_id,
                address=self.actor.address,
                agent=_clean_user_agent(self.request.META.get("HTTP_USER_AGENT", "")),
                surface=self.surface,
                trace=trace,
            )
        )


class OperationView(ApiKeyView):
    """One operation of the API. A subclass sets method, scope and serializers, and implements `run`."""

    throttle_classes = [KeyRateThrottle]
    permission_classes = [KeyIsUsable, KeyHasScope, KeyActsAsPerson]

    method: ClassVar[str] = "GET"
    scope: ClassVar[str | None]
    any_scope: ClassVar[tuple[str, ...]] = ()  # without `scope`: one of these is required
    tag: ClassVar[str]
    summary: ClassVar["StrPromise"]
    description: ClassVar["StrPromise | str"] = ""
    input_serializer: ClassVar[type[Input]] = Input
    form_serializer: ClassVar[type[Input] | None] = None  # the input of a form with files
    request_example: ClassVar[dict[str, Any] | None] = None
    # Describes the response, but does not render it. One of `serializers.responses`, with `many=True` for a list, or BINARY
    # for a file.
    response_serializer: ClassVar[type[BaseSerializer[Any]] | BaseSerializer[Any] | OpenApiTypes]
    response_example: ClassVar[Any]
    errors: ClassVar[tuple[ErrorSpec, ...]] = ()  # in addition to those of all operations
    calls_pumble: ClassVar[bool] = True
    for_people_only: ClassVar[bool] = False  # refused with a workspace key, which acts as the bot

    def __init_subclass__(cls) -> None:
        cls.http_method_names = [cls.method.lower(), *(["head"] if cls.method == "GET" else [])]

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        """Return the JSON of the response. `data` is the validated input without absent and null fields."""
        raise NotImplementedError

    @classmethod
    def writes(cls) -> bool:
        """Return whether the operation changes something in Pumble."""
        return issubclass(cls, WriteOperationView)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, throttle and authorize the call.

        The order differs from REST framework's. The method is checked before the key. Throttles come before permissions: a
        refused call counts, and the limit takes precedence over other refusals.
        """
        if request.method not in self.allowed_methods:
            self.http_method_not_allowed(request)
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        self.perform_authentication(request)
        self.check_throttles(request)
        self.check_permissions(request)

    def read_input(self, request: Request) -> dict[str, Any]:
        return read_input(request)

    def handle(self, request: Any) -> HttpResponseBase:
        request.budget.dry_run = self.writes() and dry_run.applies(request)
        call = self.open_call(request)
        return self.respond(request, call, self.read(request))

    def read(self, request: Request) -> dict[str, Any]:
        """Return the validated input.

        Raises:
            InvalidInput, InvalidBody.
        """
        serializer = self.input_serializer(data=self.read_input(request))
        if not serializer.is_valid():
            raise InvalidInput(serializer.errors, find_misplaced_input(request))
        data: dict[str, Any] = serializer.validated_data
        return data

    # `http_method_names` has the methods of the operation. Without `head` here, Django would set it on each view, which
    # makes a reference cycle.
    get = head = post = delete = handle

    def respond(self, request: Request, call: ApiCall, data: dict[str, Any]) -> HttpResponseBase:
        return Response(self.perform(call, data))

    def perform(self, call: ApiCall, data: dict[str, Any]) -> Any:
        with pumble_slot(call) if self.calls_pumble else nullcontext():
            return self.run_with_hint(call, data)

    def run_with_hint(self, call: ApiCall, data: dict[str, Any]) -> Any:
        """Run the operation. A refusal by Pumble says if the app lacks the permission for it."""
        try:
            return self.run(call, data)
        except PumbleRefused as error:
            app_permissions.add_hint(error, call, self.scope)
            raise


class WriteOperationView(OperationView):
    """An operation that changes something. It supports dry runs and idempotency keys."""

    max_duration = MAX_CALL_DURATION

    def read_content(self, request: Request) -> Any:
        """Return what tells this request from another, as JSON."""
        return self.read_input(request)

    def respond(self, request: Request, call: ApiCall, data: dict[str, Any]) -> HttpResponseBase:
        perform = partial(self.perform, call, data)
        if call.observer.budget.dry_run:
            return dry_run.respond(call.observer, perform)
        if idempotency.is_requested(request):
            content = [self.operation, self.read_content(request)]
            return idempotency.respond(request, content, call.observer, perform, self.max_duration)
        return super().respond(request, call, data)


def _clean_user_agent(agent: str) -> str:
    return key_format.redact("".join(char for char in agent[:400] if char.isprintable()))

"""`POST /mcp`: what a call of the Model Context Protocol meets before django-mcpz reads it.

It has the same key, limits, records and metrics as a call of the REST API. After the key is accepted, a refusal is an
error of JSON-RPC with status 200, because some clients end their connection on any other status.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request

from keys import usage
from keys.audit import Surface
from portal.api import exceptions
from portal.api.base import ApiKeyView
from portal.api.parsers import read_body
from portal.api.permissions import KeyIsUsable
from portal.api.renderers import json_response
from portal.mcp import errors
from portal.mcp.errors import InvalidMessage, MediaTypeNotSupported, OriginNotAllowed
from portal.mcp.server import server
from pumble_bridge import strict_json

_NO_OAUTH = "This server has no OAuth. Send an API key: Authorization: Bearer pmb_..."


class McpView(ApiKeyView):
    """One message of the protocol. There are no sessions: each request carries the key."""

    http_method_names = ["post"]
    permission_classes = [KeyIsUsable]
    surface = Surface.MCP
    operation = "mcp"
    message_id: str | int | None = None
    is_notification = False

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.http_request = request

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let the call in, or refuse it. The limit comes later: without the message, no answer can name its id."""
        if request.method != "POST":
            self.http_method_not_allowed(request)
        _require_own_origin(request.META.get("HTTP_ORIGIN"))
        self.perform_authentication(request)
        self.check_permissions(request)

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        message = _read_message(request)
        self.message_id, self.is_notification = _id_of(message), "id" not in message
        if message.get("method") != "tools/call" and not self.is_notification:
            request.budget.require_key_limit()  # a tool says itself that its key is over the limit
        response = self._serve(self.http_request)
        if self.outcome == usage.OK and errors.is_error(response):
            self.outcome = "validation"
        return response

    def _serve(self, request: Any) -> HttpResponse:
        request.user = AnonymousUser()  # the library expects a user, and REST framework sets a primary key
        request.mcp = self
        try:
            return server(request)
        finally:
            del request.mcp  # break the reference cycle of request and view

    def get_exception_handler(self) -> Any:
        return errors.handle_exception

    def _record_call(self, *args: Any) -> None:
        if not self.is_notification:
            super()._record_call(*args)


@csrf_exempt
def explain_no_oauth(request: HttpRequest) -> HttpResponse:
    """Answer where clients look for OAuth after a refused key. They show people this answer, not the refusal."""
    error = exceptions.PathUnknown()
    body = exceptions.error_body(error, getattr(request, "request_id", ""))
    return json_response(body | {"error_description": _NO_OAUTH}, status=404)


def _require_own_origin(origin: str | None) -> None:
    """Refuse a page of another site that makes a browser call. Programs send no `Origin`.

    Raises:
        OriginNotAllowed.
    """
    own = urlsplit(settings.PUBLIC_URL)
    if origin is not None and origin != f"{own.scheme}://{own.netloc}":
        raise OriginNotAllowed


def _read_message(request: Request) -> dict[str, Any]:
    """
    Raises:
        MediaTypeNotSupported, InvalidMessage, InvalidBody.
    """
    media_type = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise MediaTypeNotSupported
    try:
        message = strict_json.loads(read_body(request))
    except strict_json.InvalidJson as error:
        raise InvalidMessage(errors.PARSE_ERROR, f"Parse error: {error}") from error
    if not isinstance(message, dict):
        raise InvalidMessage(errors.INVALID_REQUEST, "Invalid request: send one message, as a JSON object")
    return message


def _id_of(message: dict[str, Any]) -> str | int | None:
    message_id = message.get("id")
    return message_id if isinstance(message_id, str | int) and not isinstance(message_id, bool) else None

"""Whether a key may upload: the reverse proxy asks this before it reads the body of an upload.

Only the proxy's `auth_request` uses these addresses, which it closes to others. A refusal has status 401, which is one of
two that nginx understands, and the answer for the client in its headers.
"""

import json
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse
from rest_framework.request import Request

from keys import authentication, usage
from portal.api import multipart
from portal.api.authentication import UncountedKeyAuthentication
from portal.api.message_view import FILES_SCOPE, MessageView
from pumble_bridge import strict_json


class UploadCheck(MessageView):
    """The checks of an operation that come before its body. Only a refusal is recorded: the call follows."""

    authentication_classes = [UncountedKeyAuthentication]

    def check_permissions(self, request: Any) -> None:
        super().check_permissions(request)
        if multipart.is_form_type(request.META.get("CONTENT_TYPE", "")):  # there is no body to look at
            authentication.require_scope(request.auth, FILES_SCOPE)

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        length = request.META.get("HTTP_X_UPLOAD_LENGTH", "")
        is_form = multipart.is_form_type(request.META.get("CONTENT_TYPE", ""))
        if not is_form and not _fits(length):
            raise RequestDataTooBig
        self.log_fields["operation"] = "upload check"
        return HttpResponse(status=204)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        if answer.status_code < 400:
            return answer
        answer["X-Refusal"] = json.dumps(strict_json.loads(answer.content))
        answer["X-Refusal-Status"] = str(answer.status_code)
        answer["X-Refusal-Retry-After"] = answer.get("Retry-After", "")
        answer.status_code = 401
        return answer

    def _record_call(self, *args: Any) -> None:
        if self.outcome != usage.OK:
            super()._record_call(*args)


def _fits(length: str) -> bool:
    """Return whether a body of this length, as the proxy says, can be JSON. A length that is no number counts as none."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return not length.isdecimal() or (len(length) < 12 and int(length) <= limit)


def for_view(view: type[MessageView]) -> type[UploadCheck]:
    """Return the view of the check of this operation."""
    return type(f"{view.__name__}Check", (UploadCheck, view), {"form_serializer": view.form_serializer})

"""Takes calls of the API straight to their endpoint, past what only pages need: files, sessions, languages, forms."""

from django.http import HttpRequest, HttpResponseBase
from django.utils import translation

from portal.api.operations import OPERATIONS
from portal.middleware import GetResponse


class Shortcut:
    """Middleware. The endpoints stand in the map of the house as well, which is what describes them."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._endpoints = {
            f"/{one.operation}{slash}": one.as_view() for one in OPERATIONS for slash in ("", "/")
        }

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        endpoint = self._endpoints.get(request.path_info)
        if endpoint is None:
            return self.get_response(request)
        request.get_host()  # refuses a host that is not ours
        translation.activate("en")  # a program reads the same whoever was here before
        response = endpoint(request)
        response["Content-Length"] = str(len(response.content))
        return response

"""The one path of every API call.

Find the key in the header, let `keys.access` decide, check the scope, validate the input, call Pumble, answer. A
refused call costs no call to Pumble. Adding an operation is adding one class in one file.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.views import APIView

from keys import access
from keys.audit import Surface
from keys.errors import OwnerNotAuthorized
from keys.models import ApiKey
from portal.api import presented, wire
from portal.api.errors import BadBody
from portal.api.inputs import Input
from portal.api.refusals import Refusal
from portal.signin import actor_of
from pumble_bridge import client, deadline, strict_json
from pumble_bridge.client import PumbleClient
from pumble_bridge.models import Authorization

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True, slots=True)
class Call:
    """An admitted call: the key, Pumble as its owner, and Pumble as the app's bot."""

    key: ApiKey
    pumble: PumbleClient
    bot: PumbleClient
    owner_id: str
    bot_user_id: str


class Endpoint(APIView):
    """One operation. A subclass names its method, scope and input, and says in `run` what it does."""

    operation: ClassVar[str]
    method: ClassVar[str] = "GET"
    scope: ClassVar[str | None]
    tag: ClassVar[str]
    summary: ClassVar["StrPromise"]
    description: ClassVar["StrPromise | str"] = ""
    takes: ClassVar[type[Input]] = Input
    request_example: ClassVar[dict[str, Any] | None] = None
    answers: ClassVar[
        str | list[str]
    ]  # the object that `portal.reference.objects` describes, or a list of them
    answer_example: ClassVar[Any]
    refusals: ClassVar[tuple[Refusal, ...]] = ()  # its own, beside those of all operations
    asks_pumble: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        setattr(cls, cls.method.lower(), cls._handle)

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        """The answer's JSON. `given` is the validated input; absent and null fields are not in it."""
        raise NotImplementedError

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        method = request.method or ""
        if method != self.method and not (method == "HEAD" and self.method == "GET"):
            raise MethodNotAllowed(self.method)
        super().initial(request, *args, **kwargs)

    def _handle(self, request: Request) -> HttpResponse:
        call = admit(request._request, scope=self.scope)  # noqa: SLF001 - DRF has no other name for it
        given = self.takes(data=self._read(request))
        given.is_valid(raise_exception=True)
        with deadline.within(client.CALL_SECONDS):
            return wire.answer(self.run(call, given.validated_data))

    def _read(self, request: Request) -> dict[str, Any]:
        """Query parameters of a GET or DELETE, the JSON object of a POST or of what a DELETE's query leaves out.

        What is null, or empty in a query, counts as absent.
        """
        query = (
            {}
            if self.method == "POST"
            else {n: value for n, value in request.query_params.items() if value != ""}
        )
        if self.method == "GET":
            return query
        try:
            body = strict_json.read_object(request.body or b"{}")
        except strict_json.JsonRefused as error:
            raise BadBody from error
        return {name: value for name, value in body.items() if value is not None} | query


def admit(request: HttpRequest, *, scope: str | None) -> Call:
    """The call that this request's key opens: two queries, nothing asked of Pumble.

    Raises:
        KeyRefused: the one of the family that says why not.
    """
    by = actor_of(request, surface=Surface.API)
    key = access.check(presented.find_key(request.META), by=by, now=timezone.now())
    if scope is not None:
        access.require_scope(key, scope)
    authorization = (
        Authorization.objects.select_related("member__workspace__installation")
        .filter(member=key.owner_id, member__workspace__installation__isnull=False)
        .first()
    )
    workspace = authorization.member.workspace if authorization else None
    if authorization is None or workspace is None:
        raise OwnerNotAuthorized
    access_token, bot_token = authorization.access_token, workspace.installation.bot_token
    if access_token is None or bot_token is None:
        raise OwnerNotAuthorized
    return Call(
        key=key,
        pumble=PumbleClient(access_token),
        bot=PumbleClient(bot_token),
        owner_id=authorization.member.pumble_user_id or "",
        bot_user_id=workspace.installation.bot_user_id,
    )

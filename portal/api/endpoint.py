"""The one path of every API call.

Find the key in the header and authenticate it, which takes from its own limit; authorize it, check the scope, validate the
input, call Pumble within its quotas, answer, note the use. What the limit refuses is refused before anything else is
wrong with the call. A refused call costs no call to Pumble. Adding an operation is adding one class in one file.
"""

import codecs
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import connection
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.views import APIView

from keys import authentication, keyformat, scopes, usage
from keys.audit import Actor, Surface
from keys.exceptions import OwnerNotAuthorized
from keys.key_cache import KeyRecord
from keys.limits import Allowance
from portal.api import once, presented, rehearsal, wire
from portal.api.exceptions import InvalidBody, InvalidInput, answer_for, logged_hint, spec_for
from portal.api.inputs import Input
from portal.api.refusals import Refusal
from portal.api.watching import Watch
from portal.signin import actor_of
from pumble_bridge import acting, client, deadline, hints, resilience, strict_json
from pumble_bridge.client import PumbleClient
from pumble_bridge.hints import Hint

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True)
class Call:
    """An admitted call: the key, Pumble as its owner, and Pumble as the app's bot."""

    key: KeyRecord
    pumble: PumbleClient
    watch: Watch

    @property
    def owner_id(self) -> str:
        return self.key.owner_pumble_id

    @property
    def bot_user_id(self) -> str:
        return self.key.bot_user_id

    @cached_property
    def bot(self) -> PumbleClient:
        """
        Raises:
            OwnerNotAuthorized: the bot's token cannot be read.
        """
        return _usable(acting.as_bot_beside(self.key, self.watch.of("bot")))

    def allows(self, channel_id: str) -> bool:
        """Whether the key may touch and see this channel."""
        return self.key.channels is None or channel_id in self.key.channels


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

    # Of the request being answered: whose key it is, once known, under which limits, and how it ended.
    by: Actor
    key: KeyRecord | None = None
    allowance: Allowance | None = None
    outcome: str = usage.OK
    hint: str = ""

    def __init_subclass__(cls) -> None:
        setattr(cls, cls.method.lower(), cls._handle)
        if (
            cls.method == "GET"
        ):  # or Django gives each view that it makes one of its own, and the view holds itself
            setattr(cls, "head", cls._handle)  # noqa: B010 - as above

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        """The answer's JSON. `given` is the validated input; absent and null fields are not in it."""
        raise NotImplementedError

    @classmethod
    def writes(cls) -> bool:
        """Whether the operation changes something in Pumble."""
        return cls.scope is not None and not scopes.only_reads(cls.scope)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """In place of DRF's, of which nothing is needed here: it negotiates, parses and renders what is always JSON."""
        began, at = time.monotonic(), timezone.now()
        self.by = actor_of(request, surface=Surface.API)
        try:
            response = self._handle(request)
        except Exception as error:  # noqa: BLE001 - each has its answer, and the log what nobody foresaw
            self.outcome, self.hint = spec_for(error).reason, logged_hint(error)
            response = answer_for(error, request)
        request.log_fields = {"operation": self.operation, "outcome": self.outcome}  # type: ignore[attr-defined]
        if self.hint:
            request.log_fields["hint"] = self.hint  # type: ignore[attr-defined]
        if self.allowance is not None:
            wire.set_limit_headers(response, self.allowance.tightest)
        if self.key is not None:
            request.log_fields |= {"key": self.key.key_id, "workspace": self.key.workspace_id}  # type: ignore[attr-defined]
            duration_ms = round((time.monotonic() - began) * 1000)
            usage.recorder.note(
                usage.Use(
                    key_pk=self.key.pk,
                    at=at,
                    operation=self.operation,
                    outcome=self.outcome,
                    hint=self.hint,
                    status=response.status_code,
                    duration_ms=duration_ms,
                    request_id=self.by.request_id,
                    address=self.by.address,
                    agent=_printable(request.META.get("HTTP_USER_AGENT", "")),
                )
            )
        return response

    def _handle(self, request: HttpRequest) -> HttpResponse:
        if request.method != self.method and not (request.method == "HEAD" and self.method == "GET"):
            raise MethodNotAllowed(self.method)
        now = timezone.now()
        self.key, own = authentication.authenticate(presented.find_key(request.META), by=self.by, now=now)
        rehearsing = self.writes() and rehearsal.is_asked_for(request.META)
        self.allowance = Allowance(self.key, own, rehearsal=rehearsing)
        self.allowance.require_own()
        self.key = authentication.authorize(self.key, by=self.by, now=now)
        if self.scope is not None:
            authentication.require_scope(self.key, self.scope)
        return self._carry_out(request, self.key, Watch(self.allowance))

    def _carry_out(self, request: HttpRequest, key: KeyRecord, watch: Watch) -> HttpResponse:
        call = open_call(key, watch)
        read = self._read(request)
        given = self.takes(data=read)
        if not given.is_valid():
            raise InvalidInput(given.errors, self._misplaced(request))

        def run() -> HttpResponse:
            connection.close_if_unusable_or_obsolete()  # who waits for Pumble needs none, and others do
            with deadline.within(client.CALL_SECONDS), self._slot(call):
                return wire.answer(self.run(call, given.validated_data))

        if watch.allowance.rehearsal:
            return rehearsal.answer(watch, run)
        if self.writes():
            return once.answer(request.META, key, self.operation, read, watch, run)
        return run()

    def _slot(self, call: Call) -> AbstractContextManager[None]:
        return resilience.CALLS.slot(call.key.workspace_id) if self.asks_pumble else nullcontext()

    def _read(self, request: HttpRequest) -> dict[str, Any]:
        """Query parameters of a GET or DELETE, the JSON object of a POST or of what a DELETE's query leaves out.

        What is null, or empty in a query, counts as absent.
        """
        query = {} if self.method == "POST" else {n: value for n, value in request.GET.items() if value != ""}
        if self.method == "GET":
            return query
        raw = _body(request)
        try:
            body = strict_json.read_object(raw or b"{}")
        except strict_json.JsonRefused as error:
            raise InvalidBody(
                hints.of_body(
                    raw,
                    content_type=request.META.get("CONTENT_TYPE", ""),
                    content_encoding=request.META.get("HTTP_CONTENT_ENCODING", ""),
                )
            ) from error
        return {name: value for name, value in body.items() if value is not None} | query

    def _misplaced(self, request: HttpRequest) -> Hint | None:
        """Where fields were sent that are missing, if nothing is where this operation takes them from."""
        if self.method == "GET":
            has_body = request.META.get("CONTENT_LENGTH", "0") not in {"", "0"}
            return Hint.FIELDS_IN_BODY if has_body and not request.GET else None
        if _body(request).strip() or (request.GET and self.method == "DELETE"):
            return None
        return Hint.FIELDS_IN_QUERY if request.GET else Hint.EMPTY


def _body(request: HttpRequest) -> bytes:
    """Return the body without the mark that some editors put before UTF-8.

    Raises:
        InvalidBody: the body ended before it was complete.
    """
    try:
        body = request.body
    except UnreadablePostError as error:  # the connection broke, or waited too long for the rest
        raise InvalidBody(Hint.CUT_SHORT) from error
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and len(body) < int(length):  # some servers say nothing of a connection that closed
        raise InvalidBody(Hint.CUT_SHORT)
    return body.removeprefix(codecs.BOM_UTF8)


def open_call(key: KeyRecord, watch: Watch) -> Call:
    """The call that this key opens. Nothing is asked of the database or of Pumble.

    Raises:
        OwnerNotAuthorized: there is no token to act with.
    """
    if key.encrypted_bot_token is None:
        raise OwnerNotAuthorized
    return Call(key=key, pumble=_usable(acting.as_owner_of(key, watch.of("owner"))), watch=watch)


def _usable(client: PumbleClient | None) -> PumbleClient:
    if client is None:
        raise OwnerNotAuthorized
    return client


def _printable(agent: str) -> str:
    return keyformat.redact("".join(char for char in agent[:400] if char.isprintable()))

"""The operation on events: `listEvents`, a long poll."""

import contextlib
import random
import time
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from keys import authentication
from keys.exceptions import ChannelNotAllowed, ScopeMissing
from keys.key_cache import KeyRecord
from keys.reasons import (
    BOT_NOT_IN_CHANNEL,
    CHANNEL_NOT_ALLOWED,
    CURSOR_EXPIRED,
    EVENTS_NOT_ALLOWED,
    UNKNOWN_CHANNEL,
    UNKNOWN_EVENT_CURSOR,
)
from portal.api.base import OperationView
from portal.api.calls import ApiCall, pumble_slot
from portal.api.exceptions import (
    ChannelNotFound,
    EventCursorExpired,
    EventCursorUnknown,
    EventsNotAllowed,
    InvalidInput,
)
from portal.api.lookup import get_accessible_channel
from portal.api.parsers import closest_field
from portal.api.serializers.base import parse_id
from portal.api.serializers.events import MAX_EVENTS, ListEventsInput
from portal.api.serializers.responses.events import EventPage
from portal.api.views.messages import MESSAGE_EXAMPLE
from pumble_bridge import deadline
from pumble_bridge.client import PumbleClient
from pumble_bridge.events import cursors, delivery, listeners, waiting
from pumble_bridge.events.contents import SCOPES
from pumble_bridge.events.cursors import Cursor
from pumble_bridge.events.delivery import Page, Selection

_PUMBLE_SECONDS = 4.0  # for all questions of one call
_RETRY_SECONDS = (3, 5)  # random, so that clients that were turned away do not come back together


class ListEvents(OperationView):
    operation = "listEvents"
    scope = None
    any_scope = ("messages:read", "reaction:read", "channels:read")
    tag = "Events"
    summary = _("Listen to events")
    description = _(
        "Returns what happened in Pumble since the last call, oldest first. With `wait`, the call waits for the next event. "
        "Listening begins with the first call, and ends 24 hours after the last. Store the `cursor` of each answer and send it "
        "with the next call. Each event is delivered at least once: compare `id` if a repetition matters. The key hears "
        "what its owner sees in Pumble. In a private channel, the app's bot must be a member too. If the answer has "
        "`Retry-After`, wait as many seconds before the next call."
    )
    input_serializer = ListEventsInput
    request_example = {"types": "message.created", "wait": 25}
    errors = (
        UNKNOWN_CHANNEL,
        CHANNEL_NOT_ALLOWED,
        BOT_NOT_IN_CHANNEL,
        EVENTS_NOT_ALLOWED,
        UNKNOWN_EVENT_CURSOR,
        CURSOR_EXPIRED,
    )
    response_serializer = EventPage
    response_example = {
        "events": [
            {
                "id": "65f0a1b2c3d4e5f607180009",
                "type": "message.created",
                "at": "2026-11-22T10:00:00.120Z",
                "data": MESSAGE_EXAMPLE,
            }
        ],
        "cursor": "gAAAAABpaC1...",
        "hasMore": False,
    }

    retry_after: int | None = None

    def read_input(self, request: Request) -> dict[str, Any]:
        """Accept `types` more than once, as some clients send a list.

        Raises:
            InvalidInput: a name is misspelled. Without its filter, the program would get events that it did not ask for.
        """
        names = self.input_serializer().fields
        for other in request.query_params.keys() - names.keys():
            if meant := closest_field(other, names):
                raise InvalidInput({meant: [f"is spelled {meant}; the query has another spelling of it"]})
        types = [value for value in request.query_params.getlist("types") if value]
        return super().read_input(request) | ({"types": ",".join(types)} if types else {})

    def respond(self, request: Request, call: ApiCall, data: dict[str, Any]) -> HttpResponse:
        # `perform` would hold a slot for calls to Pumble while the call waits.
        response = Response(self.run(call, data))
        if self.retry_after is not None:
            response["Retry-After"] = str(self.retry_after)
        return response

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        """
        Raises:
            ScopeMissing, EventsNotAllowed, ChannelNotAllowed, EventCursorUnknown, EventCursorExpired.
            As `authentication.reload`, also while the call waits.
        """
        self._require_allowed(call.key, data)
        cursor = self._find_cursor(call, data)
        page = self._wait(call, data, cursor) if data.get("wait") else self._read(call, data, cursor.number)
        return {
            "events": page.events,
            "cursor": cursors.encode(Cursor(cursor.listener_pk, page.number), call.key),
            "hasMore": page.has_more,
        }

    def _find_cursor(self, call: ApiCall, data: dict[str, Any]) -> Cursor:
        """Return the cursor of this call, or the end of the feed for a call without one."""
        if "cursor" not in data:
            return self._begin(call, data)
        try:
            cursor = cursors.decode(data["cursor"], call.key)
        except cursors.CursorUnknown as error:
            raise EventCursorUnknown from error
        self._require_listening(call.key, cursor)
        return cursor

    def _begin(self, call: ApiCall, data: dict[str, Any]) -> Cursor:
        if not listeners.is_allowed(call.key.workspace_id):
            raise EventsNotAllowed
        if channel_id := data.get("channelId"):
            with pumble_slot(call):
                get_accessible_channel(call, {"channelId": channel_id})  # a wrong id would be silent forever
        listener, number = listeners.begin(call.key, by=self.actor, now=timezone.now())
        return Cursor(listener.pk, number)

    def _wait(self, call: ApiCall, data: dict[str, Any], cursor: Cursor) -> Page:
        """Wait for the first event after the cursor. The rights are those of the key when the event is delivered."""
        end = time.monotonic() + data["wait"]
        with waiting.join(call.key.workspace_pumble_id, call.key.pk) as wait:
            page = self._read(call, data, cursor.number)
            while not page.events and not page.has_more and (seconds := end - time.monotonic()) > 0:
                if wait is None or wait.must_end:
                    self.retry_after = random.randint(*_RETRY_SECONDS)  # noqa: S311 - no secret
                    break
                connection.close_if_unusable_or_obsolete()  # a waiting call holds no database connection
                may_have_changed = wait.pause(seconds)
                number = None if may_have_changed else self._skip_unheard(call, data, page.number)
                if number is None:
                    call = self._reload(call, data, cursor)
                    page = self._read(call, data, page.number)
                else:
                    page = Page([], number, has_more=False)
        return page

    def _reload(self, call: ApiCall, data: dict[str, Any], cursor: Cursor) -> ApiCall:
        """Return the call with the key as it is now."""
        self.request.auth = authentication.reload(call.key, by=self.actor, now=timezone.now())
        current = self.open_call(self.request)
        self._require_allowed(current.key, data)
        self._require_listening(current.key, cursor)
        return current

    def _read(self, call: ApiCall, data: dict[str, Any], number: int) -> Page:
        @contextlib.contextmanager
        def open_pumble() -> Iterator[PumbleClient]:
            with pumble_slot(call):
                yield call.pumble

        selection = _selection(call.key, data)
        try:
            with deadline.within(_PUMBLE_SECONDS):
                return delivery.read(call.key, number, selection, open_pumble, now=timezone.now())
        except delivery.EventsLost as error:
            raise EventCursorExpired from error

    @staticmethod
    def _skip_unheard(call: ApiCall, data: dict[str, Any], number: int) -> int | None:
        try:
            return delivery.skip_unheard(call.key, number, _selection(call.key, data))
        except delivery.EventsLost as error:
            raise EventCursorExpired from error

    @staticmethod
    def _require_listening(key: KeyRecord, cursor: Cursor) -> None:
        if listeners.resume(key, cursor.listener_pk, now=timezone.now()) is None:
            raise EventCursorExpired if listeners.is_allowed(key.workspace_id) else EventsNotAllowed

    @staticmethod
    def _require_allowed(key: KeyRecord, data: dict[str, Any]) -> None:
        """Check that the key may hear each type that the call names, and the channel."""
        for name in data.get("types", ()):
            authentication.require_scope(key, SCOPES[name])
        if not any(scope in key.scopes for scope in ListEvents.any_scope):
            raise ScopeMissing(ListEvents.any_scope[0])
        channel_id = parse_id(data.get("channelId", ""))
        if data.get("channelId"):
            if key.channels is not None and channel_id not in key.channels:
                raise ChannelNotAllowed(key.channels)
            if channel_id is None:
                raise ChannelNotFound("channelId")


def _selection(key: KeyRecord, data: dict[str, Any]) -> Selection:
    return Selection(
        types=[name for name in data.get("types", SCOPES) if SCOPES[name] in key.scopes],
        channel_id=parse_id(data.get("channelId", "")),
        includes_own=data.get("includeOwn", False),
        limit=data.get("limit", MAX_EVENTS),
    )

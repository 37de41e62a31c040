"""PumbleClient: one method per call of Pumble's REST API that this app makes.

Methods return Pumble's JSON. Its outer shape is checked; the fields inside are untrusted.
Source: Pumble app platform reference, REST API.
"""

import logging
import random
import re
import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import quote, urlencode

import msgspec
from django.conf import settings

from keys.limits import PumbleQuota
from keys.pumble_ids import PUMBLE_ID, is_pumble_id
from pumble_bridge import deadline, http, metrics, resilience, strict_json
from pumble_bridge.exceptions import (
    BotTokenRejected,
    PumbleBusy,
    PumbleNotAsked,
    PumbleRateLimited,
    PumbleRefused,
    PumbleUnavailable,
    PumbleUnreachable,
    TokenRejected,
)

log = logging.getLogger(__name__)

CALL_TIMEOUT = 9.0  # seconds; the REST API responds within 10 s
FILE_TIMEOUT = 120.0  # seconds; of a call with files
_ID = re.compile(PUMBLE_ID)
_ANSWER_STATUSES = {*range(200, 300), *range(400, 500)}
_SLOW_SECONDS = 1.0  # faster successful calls are in the metrics only
_RETRY_DELAY = (0.02, 0.1)  # seconds, random, so that calls that failed together are not repeated together

Json = dict[str, Any]
T = TypeVar("T")

UNKNOWN_ID = "0" * 24
# Has every field that callers read from a response.
DRY_RUN_RESPONSE: Json = {
    "id": UNKNOWN_ID,
    "token": "",
    "channelId": UNKNOWN_ID,
    "channel": {"id": UNKNOWN_ID},
    "users": [],
}


class ClientObserver(Protocol):
    """Observes each call to Pumble before it is made. It can refuse the call by raising."""

    def before_call(self, path: str, quota: PumbleQuota | None, *, changes: bool) -> None:
        """Called before each call. `quota` is the special quota that the call uses, in addition to the general one."""

    def before_write(self, method: str, path: str, body: Json | None) -> bool:
        """Called before each call that changes something. Return False to skip it, as in a dry run."""


@dataclass(frozen=True, slots=True)
class PumbleClient:
    """Calls Pumble with `token`: a member's access token or a bot token.

    Attributes:
        workspace: identifies the circuit breaker that these calls share.
        on_token_rejected: called when Pumble rejects the token.
        is_bot: it is a bot token.
    """

    token: str = field(repr=False)
    observer: ClientObserver | None = None
    workspace: Hashable = None
    on_token_rejected: Callable[[], None] | None = None
    is_bot: bool = False

    def get_me(self) -> Json:
        """Return `{workspaceId, workspaceName, workspaceUserId, workspaceUserName}` of the token."""
        return _object(self._call("GET", "/oauth2/me"), "workspaceId", "workspaceUserId")

    def get_user(self, user_id: str) -> Json:
        return _object(self._call("GET", f"/v1/workspaceUsers/{_id(user_id)}"), "id")

    def list_channels(self, types: Iterable[str]) -> list[Json]:
        """Return the ChannelInfo objects (`channel`, `users`, `pinnedMessages`) of these channel types."""
        answer = self._call("GET", "/v1/channels", params={"types": ",".join(types)})
        return [_channel_info(item) for item in _list(answer)]

    def get_channel(self, channel_id: str) -> Json:
        """Return the ChannelInfo of one channel."""
        return _channel_info(self._call("GET", f"/v1/channels/{_id(channel_id)}"))

    def list_messages(self, channel_id: str, *, limit: int, strategy: str, cursor: str | None) -> Json:
        """Return `{messages, hasMoreBefore, hasMoreAfter}`, newest first."""
        params = {"limit": str(limit), "strategy": strategy} | ({"cursor": cursor} if cursor else {})
        answer = _object(self._call("GET", f"/v1/channels/{_id(channel_id)}/messages", params=params))
        return answer | {"messages": [_object(item, "id") for item in _list(answer.get("messages"))]}

    def list_replies(
        self, channel_id: str, root_id: str, *, limit: int, strategy: str, cursor: str | None
    ) -> list[Json]:
        """Return the replies to a thread's root. Their order is undocumented."""
        params = {"limit": str(limit), "strategy": strategy} | ({"cursor": cursor} if cursor else {})
        path = f"/v1/channels/{_id(channel_id)}/messages/{_id(root_id)}/replies"
        return [_object(item, "id") for item in _list(self._call("GET", path, params=params))]

    def get_message(self, channel_id: str, message_id: str) -> Json:
        return _object(self._call("GET", f"/v1/channels/{_id(channel_id)}/messages/{_id(message_id)}"), "id")

    def search_messages(self, criteria: Json) -> Json:
        """Return `{content, totalElements, hasMore}` with at most 20 messages."""
        answer = _object(self._call("POST", "/v1/messages/search", body=criteria, writes=False))
        return answer | {"content": [_object(item, "id") for item in _list(answer.get("content"))]}

    def post_message(self, channel_id: str, message: Json, *, thread_root_id: str | None = None) -> Json:
        """Post `message` (`text`, `blocks`, `ephemeral`) to a channel or thread, and return the Message."""
        path = f"/v1/channels/{_id(channel_id)}/messages"
        if thread_root_id:
            path += f"/{_id(thread_root_id)}"
        quota = PumbleQuota.REPLIES if thread_root_id else PumbleQuota.MESSAGES
        return _object(self._call("POST", path, body=message, quota=quota), "id", "channelId")

    def edit_message(self, channel_id: str, message_id: str, change: Json) -> None:
        self._call("PUT", f"/v1/channels/{_id(channel_id)}/messages/{_id(message_id)}", body=change)

    def delete_message(self, channel_id: str, message_id: str) -> None:
        self._call("DELETE", f"/v1/channels/{_id(channel_id)}/messages/{_id(message_id)}")

    def add_reaction(self, message_id: str, reaction: Json) -> None:
        path = f"/v1/messages/{_id(message_id)}/reactions"
        self._call("POST", path, body=reaction, quota=PumbleQuota.REACTIONS)

    def remove_reaction(self, message_id: str, reaction: Json) -> None:
        self._call("DELETE", f"/v1/messages/{_id(message_id)}/reactions", body=reaction)

    def create_channel(self, channel: Json) -> Json:
        """Create a channel and return its ChannelInfo."""
        return _channel_info(self._call("POST", "/v1/channels", body=channel, quota=PumbleQuota.CHANNELS))

    def add_users(self, channel_id: str, user_ids: list[str]) -> None:
        self._call("POST", f"/v1/channels/{_id(channel_id)}/users", body={"userIds": user_ids})

    def remove_user(self, channel_id: str, user_id: str) -> None:
        self._call("DELETE", f"/v1/channels/{_id(channel_id)}/users/{_id(user_id)}")

    def find_direct_channel(self, participant_ids: Iterable[str]) -> Json:
        """Return the ChannelInfo of the direct channel of exactly these users, including the caller.

        Raises:
            PumbleRefused: status 404 if there is no such channel.
        """
        participants = ",".join(_id(user_id) for user_id in participant_ids)
        return _channel_info(
            self._call("GET", "/v1/channels/direct", params={"participantIds": participants})
        )

    def open_direct_channel(self, others: list[str]) -> Json:
        """Open a direct channel of the caller with these users, and return its ChannelInfo."""
        return _channel_info(self._call("POST", "/v1/channels/direct", body={"participantIds": others}))

    def create_upload_token(self, name: str, size: int) -> Json:
        """Announce a file. Return `token`, and perhaps `remoteProductToken`, which let the upload host accept it."""
        body = {"filename": name, "length": size}
        return _object(self._call("POST", "/v1/files/upload/token", body=body), "token")

    def complete_upload(self, uploaded: Json) -> str:
        """Hand in the upload host's response, and return the id of the file."""
        answer = _object(self._call("POST", "/v1/files/upload/complete", body=uploaded), "id")
        if not is_pumble_id(answer["id"]):
            raise PumbleUnavailable("response of an unexpected shape")
        return str(answer["id"])

    def publish_home(self, user_id: str, view: Json) -> None:
        """Publish `view` (`title`, `blocks`) as the user's Home tab of the app."""
        self._call("POST", f"/v1/app/homeView/workspaceUsers/{_id(user_id)}", body=view)

    def list_users(self) -> list[Json]:
        return [_object(item, "id") for item in _list(self._call("GET", "/v1/workspaceUsers"))]

    def list_user_groups(self) -> list[Json]:
        return [_object(item, "id") for item in _list(self._call("GET", "/v1/workspaceUsers/groups"))]

    def set_custom_status(self, status: Json) -> None:
        self._call("PUT", "/v1/workspaceUsers/customStatus", body=status)

    def create_scheduled_message(self, message: Json) -> Json:
        answer = self._call("POST", "/v1/messages/scheduled", body=message, quota=PumbleQuota.SCHEDULED)
        return _object(answer, "id", "channelId")

    def list_scheduled_messages(self, page: dict[str, str]) -> Json:
        """Return `{scheduledMessages, hasMore}` of the caller. `page` holds `channelId`, `cursor` and `limit`."""
        answer = _object(self._call("GET", "/v1/messages/scheduled", params=page))
        return answer | {
            "scheduledMessages": [_object(item, "id") for item in _list(answer.get("scheduledMessages"))]
        }

    def get_scheduled_message(self, scheduled_id: str) -> Json:
        return _object(self._call("GET", f"/v1/messages/scheduled/{_id(scheduled_id)}"), "id", "channelId")

    def edit_scheduled_message(self, scheduled_id: str, message: Json) -> Json:
        return _object(
            self._call("PUT", f"/v1/messages/scheduled/{_id(scheduled_id)}", body=message), "id", "channelId"
        )

    def delete_scheduled_message(self, scheduled_id: str) -> None:
        self._call("DELETE", f"/v1/messages/scheduled/{_id(scheduled_id)}")

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: Json | None = None,
        quota: PumbleQuota | None = None,
        writes: bool | None = None,
    ) -> Any:
        changes = method != "GET" if writes is None else writes
        if self.observer is not None:
            self.observer.before_call(path, quota, changes=changes)
            if changes and not self.observer.before_write(method, path, body):
                return DRY_RUN_RESPONSE
        headers = {"token": self.token, "x-app-token": settings.PUMBLE_APP_KEY}
        try:
            return call(
                method,
                path,
                headers=headers,
                params=params,
                json=body,
                idempotent=not changes,
                workspace=self.workspace,
            )
        except TokenRejected as error:
            if self.on_token_rejected is not None:
                self.on_token_rejected()
            if self.is_bot:
                raise BotTokenRejected(
                    error.status, error.code, error.message, error.localized_message
                ) from error
            raise


def call(
    method: str,
    path: str,
    *,
    headers: dict[str, str] | None = None,
    params: dict[str, str] | None = None,
    json: Json | None = None,
    form: dict[str, str] | None = None,
    upload: http.OutgoingFile | None = None,
    idempotent: bool = False,
    workspace: Hashable = None,
) -> Any:
    """Send one request and return the JSON of Pumble's response, or None if the body is empty.

    The caller's deadline applies, and at most 9 s. An upload goes to the upload host, and may take 120 s. The request is
    sent a second time if the connection broke and either the call is `idempotent` or nothing had been sent.

    Raises:
        PumbleError: the subclass says what happened.
    """
    began = time.monotonic()
    outcome = "failed"
    base = settings.PUMBLE_API_URL if upload is None else settings.PUMBLE_FILEUPLOAD_URL
    send = partial(
        http.send,
        method,
        f"{base}{path}" + (f"?{urlencode(params)}" if params else ""),
        headers=(headers or {}) | ({} if json is None else {"Content-Type": "application/json"}),
        body=None if json is None else msgspec.json.encode(json),
        form=form,
        file=upload,
    )
    route = f"{method} {_ID.sub('{id}', path)}"
    try:
        with deadline.within(CALL_TIMEOUT if upload is None else FILE_TIMEOUT), resilience.guard(workspace):
            answer = send_with_retry(send, route, idempotent=idempotent)
            outcome = str(answer.status)
            if answer.status not in _ANSWER_STATUSES:
                if answer.status >= 500 and answer.retry_after is not None:
                    raise PumbleBusy(answer.retry_after)
                raise PumbleUnavailable(f"status {answer.status}")
        return _parse(answer)
    except PumbleNotAsked:
        outcome = "not asked"
        raise
    finally:
        seconds = time.monotonic() - began
        metrics.PUMBLE_SECONDS.labels(route, outcome).observe(seconds)
        if not outcome.startswith("2") or seconds > _SLOW_SECONDS:
            fields = {"call": route, "outcome": outcome, "duration_ms": round(seconds * 1000)}
            log.info("pumble.called", extra=fields)


def send_with_retry(send: Callable[[], T], route: str, *, idempotent: bool) -> T:
    """Return what `send` returns. Repeat it once if the connection broke, unless that could repeat a write."""
    try:
        return send()
    except PumbleUnreachable as failure:
        pause = random.uniform(*_RETRY_DELAY)  # noqa: S311 - not a secret
        if (failure.may_have_happened and not idempotent) or deadline.remaining() <= pause:
            raise
        metrics.PUMBLE_RETRIES.labels(route).inc()
        log.warning("pumble.asked_again", extra={"call": route, "reason": str(failure)})
    time.sleep(pause)
    return send()


def _parse(answer: http.Answer) -> Any:
    status, raw = answer.status, answer.body
    if status < 300:
        try:
            return strict_json.loads(raw, limit=http.MAX_ANSWER_BYTES) if raw.strip() else None
        except strict_json.InvalidJson as error:
            raise PumbleUnavailable(f"response refused: {error}") from error
    if status == 429:
        raise PumbleRateLimited(1 if answer.retry_after is None else answer.retry_after)
    try:
        error_body = strict_json.loads_object(raw, limit=http.MAX_ANSWER_BYTES)
    except strict_json.InvalidJson:
        error_body = {}
    code = error_body.get("code")
    message = error_body.get("message") if isinstance(error_body.get("message"), str) else ""
    localized = (
        error_body.get("localizedMessage") if isinstance(error_body.get("localizedMessage"), str) else ""
    )
    refusal = TokenRejected if status == 401 else PumbleRefused
    raise refusal(status, code if isinstance(code, int) else None, message or "", localized or message or "")


def _id(value: str) -> str:
    if not is_pumble_id(value):
        raise ValueError("not a Pumble id")
    return quote(value)


def _object(value: Any, *texts: str) -> Json:
    fits = isinstance(value, dict)
    for name in texts:
        fits = fits and isinstance(value.get(name), str)
    if not fits:
        raise PumbleUnavailable("response of an unexpected shape")
    return cast(Json, value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise PumbleUnavailable("response of an unexpected shape")
    return value


def _channel_info(value: Any) -> Json:
    info = _object(value)
    _object(info.get("channel"), "id")
    users = info.get("users")
    return info | {
        "users": [user for user in users if isinstance(user, str)] if isinstance(users, list) else []
    }

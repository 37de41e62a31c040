"""An app's answer to a hook. Source: Pumble app platform reference, 3.2, 3.3 and 3.8."""

from dataclasses import dataclass, field
from typing import Any

from sandbox import strict_json
from sandbox.http_client import Response


@dataclass(frozen=True, slots=True)
class Ack:
    """Accepted. A message in it is not shown, because no source says that it is (9, row 13)."""

    kind = "ack"


@dataclass(frozen=True, slots=True)
class Nack:
    """Refused. `message` is for the person who acted."""

    message: str = field(repr=False)
    kind = "nack"


@dataclass(frozen=True, slots=True)
class ViewResponse:
    """A view to show. `action` is OPEN, PUSH or UPDATE."""

    action: str
    view: dict[str, Any] = field(repr=False)
    kind = "view"


@dataclass(frozen=True, slots=True)
class MenuOptions:
    options: list[Any] = field(repr=False)
    kind = "options"


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No valid answer. `reason` is for the traffic list."""

    reason: str
    kind = "unavailable"


HookResponse = Ack | Nack | ViewResponse | MenuOptions | Unavailable


def parse(reply: Response, trigger_id: str) -> HookResponse:
    """Parse the answer to a trigger (not to an event)."""
    try:
        body = strict_json.load_object(reply.body)
    except strict_json.InvalidJson:
        return Unavailable(f"status {reply.status} without a JSON object")
    if reply.status >= 400:
        message = body.get("message")
        if isinstance(message, str) and message:
            return Nack(message)
        return Unavailable(f"status {reply.status} without a message")
    if not 200 <= reply.status < 300:
        return Unavailable(f"status {reply.status}")
    if "view" in body or "action" in body:
        return _view(body, trigger_id)
    if "options" in body:
        return (
            MenuOptions(body["options"])
            if isinstance(body["options"], list)
            else Unavailable("options are no list")
        )
    return Ack()


def _view(body: dict[str, Any], trigger_id: str) -> HookResponse:
    view, action = body.get("view"), body.get("action")
    if action not in {"OPEN", "PUSH", "UPDATE"} or not isinstance(view, dict):
        return Unavailable("a view envelope without a known action or a view")
    if body.get("triggerId") != trigger_id:
        return Unavailable("a view envelope with another triggerId")
    titled = isinstance(view.get("title"), dict) or view.get("type") == "HOME"
    if not isinstance(view.get("blocks"), list) or not titled:
        return Unavailable("a view without title or blocks")
    return ViewResponse(action, view)

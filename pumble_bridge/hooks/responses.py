"""Responses to a hook. `hooks.views` sends them as HTTP.

Source: Pumble app platform reference, hooks: answer contract, view envelope, dynamic menu.
"""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Ack:
    """The hook was handled. Any reply was sent as a message. A submitted modal closes."""

    def to_dict(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, slots=True)
class Nack:
    """The hook was refused. Pumble shows `message` to the user alone. A submitted modal stays open."""

    message: str

    def to_dict(self) -> dict[str, Any]:
        return {"message": self.message}


@dataclass(frozen=True, slots=True)
class OpenView:
    """Open `view` as a modal, or push it onto the view that the user acted on.

    In response to a submission, the view replaces the submitted one.
    """

    trigger_id: str
    action: Literal["OPEN", "PUSH"]
    view: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return {
            "triggerId": self.trigger_id,
            "viewType": "NATIVE",
            "action": self.action,
            "view": self.view,
        }


@dataclass(frozen=True, slots=True)
class MenuOptions:
    """The options of a dynamic menu. `value` is the current choice; it is sent back unless it is ""."""

    trigger_id: str
    on_action: str
    options: list[dict[str, Any]]
    value: str

    def to_dict(self) -> dict[str, Any]:
        response = {"onAction": self.on_action, "options": self.options, "triggerId": self.trigger_id}
        return response | ({"value": self.value} if self.value else {})


HookResponse = Ack | Nack | OpenView | MenuOptions

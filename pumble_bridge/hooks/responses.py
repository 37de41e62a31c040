"""What a hook handler answers; `hooks` turns it into HTTP.

Source: Pumble app platform reference, hooks: answer contract, view envelope, dynamic menu.
"""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Done; whatever there was to say was said by a message. A submitted modal closes."""

    @property
    def json(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, slots=True)
class Declined:
    """Not done; Pumble shows `message` to the person, and to nobody else. A submitted modal stays open."""

    message: str

    @property
    def json(self) -> dict[str, Any]:
        return {"message": self.message}


@dataclass(frozen=True, slots=True)
class Shown:
    """A modal: opened, or pushed onto the view that was acted on. To a submission it is the next step, or the same again."""

    trigger_id: str
    action: Literal["OPEN", "PUSH"]
    view: dict[str, Any]

    @property
    def json(self) -> dict[str, Any]:
        return {
            "triggerId": self.trigger_id,
            "viewType": "NATIVE",
            "action": self.action,
            "view": self.view,
        }


@dataclass(frozen=True, slots=True)
class Offered:
    """The options of a dynamic menu; `value` is the current choice, sent back where there was one."""

    trigger_id: str
    on_action: str
    options: list[dict[str, Any]]
    value: str

    @property
    def json(self) -> dict[str, Any]:
        answer = {"onAction": self.on_action, "options": self.options, "triggerId": self.trigger_id}
        return answer | ({"value": self.value} if self.value else {})


Answer = Acknowledged | Declined | Shown | Offered

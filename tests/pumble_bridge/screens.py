"""What somebody sees of the app in the local Pumble, and what they do there."""

import re
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from keys import lifecycle
from keys.audit import Actor, Surface
from keys.key_format import Plaintext
from keys.models import ApiKey, Member
from pumble_bridge.chat import home
from pumble_bridge.models import HomeTab
from tests import pumble
from tests.pumble import Person


def key_in(text: str) -> str:
    found = re.search(r"pmb_\w{51}", text)
    assert found is not None, f"no key in: {text[:200]}"
    return found[0]


def get_member(person: Person) -> Member:
    return Member.objects.select_related("workspace").get(pumble_user_id=person.id)


def issue(person: Person, name: str, **rights: Any) -> tuple[ApiKey, Plaintext]:
    """A live key of `person`, made elsewhere than in chat."""
    member, now = get_member(person), timezone.now()
    by = Actor(member, Surface.WEB)
    key, plaintext = lifecycle.issue(owner=member, name=name, by=by, now=now, **rights)
    return lifecycle.confirm(key=key, by=by, now=now), plaintext


def app_channel(person: Person) -> str:
    """The direct channel of the app's bot and `person`."""
    for workspace in pumble.get("workspaces"):
        bots = {user["id"] for user in workspace["users"] if user["isBot"]}
        for channel in workspace["channels"]:
            others = set(channel["users"]) - {person.id}
            if channel["channelType"] == "DIRECT" and person.id in channel["users"] and others <= bots:
                return str(channel["id"])
    raise LookupError(person.name)


def home_tab(person: Person) -> dict[str, Any]:
    """Their Home tab, once what is stale was published."""
    HomeTab.objects.update(next_at=timezone.now())
    home.publish_due()
    shown: dict[str, Any] = person.screen(app_channel(person))["home"]
    return shown


def click_home(person: Person, on_action: str, value: str | None = None) -> dict[str, Any]:
    """Act on something in their Home tab; the screen afterwards."""
    source = {"type": "HOME", "id": home_tab(person)["id"]}
    chosen = {} if value is None else {"value": value}
    screen: dict[str, Any] = pumble.act(
        "click", userId=person.id, source=source, onAction=on_action, **chosen
    )["screen"]
    return screen


def submit(person: Person, screen: dict[str, Any], **values: str) -> dict[str, Any]:
    """Fill in the topmost modal and submit it; the screen afterwards."""
    typed = {name: {name: value} for name, value in values.items()}
    view_id = screen["modals"][-1]["id"]
    after: dict[str, Any] = pumble.act("submit", userId=person.id, viewId=view_id, values=typed)["screen"]
    return after


def texts(shown: Any) -> str:
    """Everything that can be read in blocks, a view or a message."""
    return "\n".join(_texts(shown))


def _texts(shown: Any) -> Iterator[str]:
    if isinstance(shown, list):
        for one in shown:
            yield from _texts(one)
    elif isinstance(shown, dict):
        if shown.get("type") in {"rich_text_section", "rich_text_preformatted"}:
            yield "".join(element.get("text", "") for element in shown["elements"])
            return
        for name, one in shown.items():
            if isinstance(one, str) and name in {"text", "validationError", "initial_value"}:
                yield one
            yield from _texts(one)


def find_input(modal: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(block for block in modal["blocks"] if block.get("blockId") == name)
    return found


def hook_seconds() -> list[float]:
    """How long each hook since the last reset took."""
    return [one["durationMs"] / 1000 for one in pumble.get("traffic") if one.get("kind") == "hook"]

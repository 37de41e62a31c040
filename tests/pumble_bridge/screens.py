"""Reading and using the app's screens in the local Pumble."""

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
    match = re.search(r"pmb_\w{51}", text)
    assert match is not None, f"no key in: {text[:200]}"
    return match[0]


def get_member(person: Person) -> Member:
    return Member.objects.select_related("workspace").get(pumble_user_id=person.id)


def issue(person: Person, name: str, **rights: Any) -> tuple[ApiKey, Plaintext]:
    """Issue and confirm a key of `person` outside of chat."""
    member, now = get_member(person), timezone.now()
    by = Actor(member, Surface.WEB)
    key, plaintext = lifecycle.issue(owner=member, name=name, by=by, now=now, **rights)
    return lifecycle.confirm(key=key, by=by, now=now), plaintext


def app_channel(person: Person) -> str:
    """Return the id of the direct channel of the app's bot and `person`."""
    for workspace in pumble.get("workspaces"):
        bots = {user["id"] for user in workspace["users"] if user["isBot"]}
        for channel in workspace["channels"]:
            others = set(channel["users"]) - {person.id}
            if channel["channelType"] == "DIRECT" and person.id in channel["users"] and others <= bots:
                return str(channel["id"])
    raise LookupError(person.name)


def home_tab(person: Person) -> dict[str, Any]:
    """Publish stale Home tabs, and return the one of `person`."""
    HomeTab.objects.update(next_at=timezone.now())
    home.publish_due()
    shown: dict[str, Any] = person.screen(app_channel(person))["home"]
    return shown


def click_home(person: Person, on_action: str, value: str | None = None) -> dict[str, Any]:
    """Click in the Home tab, and return the screen afterwards."""
    source = {"type": "HOME", "id": home_tab(person)["id"]}
    chosen = {} if value is None else {"value": value}
    screen: dict[str, Any] = pumble.act(
        "click", userId=person.id, source=source, onAction=on_action, **chosen
    )["screen"]
    return screen


def submit(person: Person, screen: dict[str, Any], **values: str) -> dict[str, Any]:
    """Fill in and submit the topmost modal, and return the screen afterwards."""
    typed = {name: {name: value} for name, value in values.items()}
    view_id = screen["modals"][-1]["id"]
    after: dict[str, Any] = pumble.act("submit", userId=person.id, viewId=view_id, values=typed)["screen"]
    return after


def texts(content: Any) -> str:
    """Return all visible text of blocks, a view or a message."""
    return "\n".join(_texts(content))


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, list):
        for item in content:
            yield from _texts(item)
    elif isinstance(content, dict):
        if content.get("type") in {"rich_text_section", "rich_text_preformatted"}:
            yield "".join(element.get("text", "") for element in content["elements"])
            return
        for name, item in content.items():
            if isinstance(item, str) and name in {"text", "validationError", "initial_value"}:
                yield item
            yield from _texts(item)


def find_input(modal: dict[str, Any], name: str) -> dict[str, Any]:
    block: dict[str, Any] = next(item for item in modal["blocks"] if item.get("blockId") == name)
    return block


def hook_seconds() -> list[float]:
    """Return the duration of each hook since the last reset, in seconds."""
    return [hook["durationMs"] / 1000 for hook in pumble.get("traffic") if hook.get("kind") == "hook"]

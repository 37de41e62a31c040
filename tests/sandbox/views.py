"""Views and blocks as an app writes them, and a person who uses them."""

from typing import Any

from tests.sandbox.app import TestApp
from tests.sandbox.pumble import Pumble

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(value: str) -> Json:
    return {"text": plain(value.title()), "value": value}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def element(kind: str, name: str, **more: Any) -> Json:
    return {"type": kind, "onAction": name, **more}


def button(name: str = "go", **more: Any) -> Json:
    return element("button", name, text=plain(name.title()), **more)


def field(block_id: str, of: Json, **more: Any) -> Json:
    return {"type": "input", "blockId": block_id, "label": plain(block_id.title()), "element": of, **more}


def text_field(name: str = "name", block: Json | None = None, **more: Any) -> Json:
    return field(name, element("plain_text_input", name, **more), **(block or {}))


def modal(*blocks: Json, **more: Any) -> Json:
    view = {"type": "MODAL", "callbackId": "create", "title": plain("New key"), "notifyOnClose": True}
    return {**view, "blocks": list(blocks), **more}


def envelope(action: str, view: Json) -> Json:
    """The answer that shows a view."""
    return {"triggerId": "$trigger", "viewType": "NATIVE", "action": action, "view": view}


class Screen:
    """One person on the chat page, in one channel, with one app."""

    def __init__(self, pumble: Pumble, app: TestApp, key: str = "ana", channel: str = "general") -> None:
        self.pumble = pumble
        self.app = app
        self.key = key
        self.id = pumble.person(key)
        self.channel = pumble.channel(channel)

    def get(self) -> Any:
        return self.pumble.screen(self.key, self.channel)

    @property
    def modals(self) -> list[Any]:
        return list(self.get()["modals"])

    def open_modal(self, *blocks: Json, **more: Any) -> str:
        """Open a modal of these blocks by a shortcut, and return its id."""
        self.app.respond_with("/shortcuts", envelope("OPEN", modal(*blocks, **more)))
        fields = {"userId": self.id, "channelId": self.channel, "name": "add_key"}
        shown = self.pumble.act("shortcut", **fields)["screen"]
        return str(shown["modals"][-1]["id"])

    def post_blocks(self, *blocks: Json, ephemeral: bool = False) -> str:
        """Post these blocks as the bot, and return the id of the message."""
        body: Json = {"text": "fallback", "blocks": list(blocks)}
        if ephemeral:
            body["ephemeral"] = {"sendToUsers": [self.id]}
        path = f"/v1/channels/{self.channel}/messages"
        return str(self.pumble.call("POST", path, self.pumble.token("bot"), body)["id"])

    def publish_home(self, *blocks: Json, **more: Any) -> str:
        """Publish these blocks as the person's Home tab, and return its id."""
        path = f"/v1/app/homeView/workspaceUsers/{self.id}"
        self.pumble.call("POST", path, self.pumble.token("bot"), {"blocks": list(blocks), **more})
        shown = self.pumble.screen(self.key, self.pumble.direct(self.key, "bot"))
        return str(shown["home"]["id"])

    def click(self, source: str, view_id: str, name: str = "go", **more: Any) -> Any:
        """Click, and return the answer with its screen."""
        fields = {"userId": self.id, "source": {"type": source, "id": view_id}, "onAction": name}
        return self.pumble.act("click", **fields, **more)

    def submit(self, view_id: str, **values: Any) -> Any:
        """Submit, and return the screen. A keyword is a block whose only element has its name."""
        entered = {name: {name: value} for name, value in values.items()}
        return self.pumble.act("submit", userId=self.id, viewId=view_id, values=entered)["screen"]

    def close(self, view_id: str) -> Any:
        return self.pumble.act("close", userId=self.id, viewId=view_id)["screen"]

    def state(self) -> Any:
        """Return the values of the last view that was sent to the app."""
        views = [hook.body["view"] for hook in self.app.hooks if "view" in hook.body]
        return views[-1]["state"]["values"]

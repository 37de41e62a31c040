"""A demonstration app with everything an app can show: a Home tab, modals in a stack, every element, shortcuts, events."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

Json = dict[str, Any]

SCOPES = ["messages:read", "messages:write", "channels:read", "channels:write", "reaction:read"]
OFFLINE = "The demonstration is asleep."
CITIES = {"Serbia": ["Belgrade", "Novi Sad"], "Spain": ["Barcelona", "Bilbao", "Madrid"]}


def words(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(text: str, value: str, description: str = "") -> Json:
    return {
        "text": words(text),
        "value": value,
        **({"description": words(description)} if description else {}),
    }


def button(text: str, on_action: str, **more: Any) -> Json:
    return {"type": "button", "text": words(text), "onAction": on_action, **more}


def field(block_id: str, label: str, element: Json, **more: Any) -> Json:
    return {"type": "input", "blockId": block_id, "label": words(label), "element": element, **more}


def rich(*elements: Json) -> Json:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [one]} for one in elements],
    }


def text(content: str, **style: bool) -> Json:
    return {"type": "text", "text": content, **({"style": style} if style else {})}


PRIORITIES = [option("Low", "low", "Some day"), option("High", "high", "Today")]
CITY_MENU = {"type": "dynamic_select_menu", "onAction": "city", "placeholder": words("Find a city")}

HOME_BLOCKS: list[Json] = [
    rich(text("Welcome to the demonstration", bold=True), text("Everything below talks to the app.")),
    {"type": "divider"},
    {
        "type": "section",
        "text": words("Tickets are kept nowhere."),
        "accessory": field(
            "mail",
            "Mail",
            {"type": "checkboxes", "onAction": "mail", "options": [option("Tell me of new ones", "yes")]},
            optional=True,
        ),
    },
    {
        "type": "actions",
        "elements": [
            button("New ticket", "open"),
            button("Work for long", "work", style="primary", loadingTimeout=15),
            button(
                "Wipe",
                "wipe",
                style="danger",
                confirm={
                    "title": words("Wipe everything?"),
                    "text": words("Nothing comes back."),
                    "confirm": words("Wipe"),
                    "deny": words("Keep"),
                    "style": "danger",
                },
            ),
            {
                "type": "static_select_menu",
                "onAction": "priority",
                "placeholder": words("Priority"),
                "options": PRIORITIES,
            },
            CITY_MENU,
            {"type": "date_picker", "onAction": "day", "initial_date": "2026-03-01"},
        ],
    },
]

EVERY_BLOCK: list[Json] = [
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    text("bold", bold=True),
                    text(" and "),
                    text("code", code=True),
                    text(" and "),
                    {"type": "link", "url": "https://example.com", "text": "a link"},
                    {"type": "emoji", "name": "tada"},
                    {"type": "broadcast", "range": "channel"},
                ],
            },
            {"type": "rich_text_quote", "elements": [text("a quote")]},
            {"type": "rich_text_preformatted", "elements": [text("preformatted <b>text</b>")]},
            {
                "type": "rich_text_list",
                "style": "ordered",
                "elements": [
                    {"type": "rich_text_section", "elements": [text("one")]},
                    {"type": "rich_text_section", "elements": [text("two")]},
                ],
            },
        ],
    },
    {"type": "divider"},
    {
        "type": "actions",
        "elements": [
            button("Answer", "answer", style="primary"),
            {
                "type": "checkboxes",
                "onAction": "toppings",
                "options": [option("Cheese", "cheese"), option("Olives", "olives")],
            },
            {"type": "date_range_picker", "onAction": "span"},
        ],
    },
]


def ticket(*, wrong: str = "", values: Json | None = None, counted: int = 0) -> Json:
    """A modal with an input of every kind; `counted` is what it says of the length of the nickname."""
    title = {"type": "plain_text_input", "onAction": "title", "min_length": 2, "autofocused": True}
    blocks = [
        field("title", "Title", title, **({"validationError": wrong} if wrong else {})),
        field(
            "note",
            "Note",
            {"type": "plain_text_input", "onAction": "note", "line_mode": "multiline"},
            optional=True,
        ),
        field(
            "priority",
            "Priority",
            {
                "type": "static_select_menu",
                "onAction": "priority",
                "placeholder": words("Choose one"),
                "options": PRIORITIES,
            },
            optional=True,
        ),
        field("city", "City", CITY_MENU, optional=True),
        field(
            "tags",
            "Tags",
            {
                "type": "checkboxes",
                "onAction": "tags",
                "options": [option("Bug", "bug"), option("Wish", "wish")],
            },
            optional=True,
        ),
        field("day", "Day", {"type": "date_picker", "onAction": "day"}, optional=True),
        field(
            "nickname",
            f"Nickname of {counted} letters",
            {"type": "plain_text_input", "onAction": "nickname", "interaction_triggers": ["on_input"]},
            optional=True,
            dispatchAction=True,
        ),
        field("span", "Absent", {"type": "date_range_picker", "onAction": "span"}, optional=True),
        {"type": "actions", "elements": [button("Deeper", "deeper")]},
    ]
    view = {
        "type": "MODAL",
        "callbackId": "ticket",
        "title": words("New ticket"),
        "submit": words("Create"),
        "close": words("Cancel"),
        "notifyOnClose": True,
        "blocks": blocks,
    }
    return view | ({"state": {"values": values}} if values else {})


def level(number: int) -> Json:
    return {
        "type": "MODAL",
        "callbackId": f"level-{number}",
        "title": words(f"Level {number}"),
        "notifyOnClose": True,
        "blocks": [
            rich(text(f"This is window number {number}.")),
            {"type": "actions", "elements": [button("Deeper", "deeper")]},
        ],
    }


class DemoApp:
    """Keeps every hook in `hooks`; a sleeping app answers none. `title` is what its modals refuse as taken."""

    def __init__(self) -> None:
        self.pumble = ""
        self.credentials: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self.hooks: list[Json] = []
        self.is_asleep = False
        self._arrived = threading.Condition()
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                if parts.path == "/manifest":
                    self._send(200, app.manifest())
                elif parts.path == "/redirect":
                    app.welcome(parse_qs(parts.query).get("code", [""])[0])
                    self._send(200, {"welcome": "to the demonstration"})
                else:
                    self._send(404, {})

            def do_POST(self) -> None:
                hook = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                app.take(hook)
                status, answer = (500, {}) if app.is_asleep else app.answer(hook)
                self._send(status, answer)

            def _send(self, status: int, content: Json) -> None:
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def manifest(self) -> Json:
        hook = f"{self.url}/hook"
        return {
            "name": "demo",
            "displayName": "Demo",
            "bot": True,
            "scopes": {"botScopes": SCOPES, "userScopes": ["messages:read", "messages:write"]},
            "slashCommands": [
                {"command": "/ticket", "url": hook, "description": "Open a ticket"},
                {"command": "/everything", "url": hook, "description": "Post every block"},
                {"command": "/refuse", "url": hook, "description": "Be refused"},
            ],
            "shortcuts": [
                {"shortcutType": "GLOBAL", "name": "new_ticket", "displayName": "New ticket", "url": hook},
                {"shortcutType": "ON_MESSAGE", "name": "inspect", "displayName": "Inspect", "url": hook},
            ],
            "eventSubscriptions": {
                "url": hook,
                "events": ["NEW_MESSAGE", "REACTION_ADDED", "APP_UNINSTALLED"],
            },
            "blockInteraction": {"url": hook},
            "viewAction": {"url": hook},
            "dynamicMenus": [{"url": hook, "onAction": "city"}],
            "redirectUrls": [f"{self.url}/redirect"],
            "welcomeMessage": "Hello from the demonstration",
            "offlineMessage": OFFLINE,
        }

    # as an app

    def welcome(self, code: str) -> None:
        """Somebody allowed the app: take the tokens and publish the Home tab."""
        fields = {"client-id": "id", "client-secret": "clientSecret"}
        parts = {name: (None, self.credentials[key]) for name, key in fields.items()} | {"code": (None, code)}
        self.tokens = requests.post(f"{self.pumble}/oauth2/access", files=parts, timeout=10).json()
        self.call("POST", f"/v1/app/homeView/workspaceUsers/{self.tokens['userId']}", {"blocks": HOME_BLOCKS})

    def call(self, method: str, path: str, body: Json) -> None:
        headers = {"token": self.tokens["botToken"], "x-app-token": self.credentials["appKey"]}
        requests.request(
            method, self.pumble + path, json=body, headers=headers, timeout=10
        ).raise_for_status()

    def complete(self) -> None:
        """The last click has been worked off."""
        hook = self.hooks[-1]
        keys = ("sourceId", "sourceType", "triggerId")
        self.call("POST", "/v1/interactions/complete", {key: hook[key] for key in keys})

    def answer(self, hook: Json) -> tuple[int, Json]:
        kind, action = hook["messageType"], hook.get("onAction")
        if kind == "DYNAMIC_MENU":
            return 200, {"triggerId": hook["triggerId"], "onAction": action, "options": cities(hook["query"])}
        if hook.get("slashCommand") == "/refuse":
            return 400, {"message": "Not today."}
        if hook.get("slashCommand") == "/everything":
            self.post_everything(hook["channelId"])
        elif kind in {"SLASH_COMMAND", "SHORTCUT"}:
            return shown(hook, "OPEN", ticket())
        elif action == "open":
            return shown(hook, "PUSH", ticket() | {"parentViewId": hook["sourceId"]})
        elif action == "nickname":
            time.sleep(0.3)  # long enough for more to be typed meanwhile
            view, values = hook["view"], hook["view"]["state"]["values"]
            counted = len(values["nickname"]["nickname"]["value"])
            return shown(hook, "UPDATE", ticket(values=values, counted=counted) | {"id": view["id"]})
        elif action == "deeper":
            return shown(hook, "PUSH", level(depth_of(hook["view"]) + 1) | {"parentViewId": hook["sourceId"]})
        elif hook.get("viewActionType") == "SUBMIT":
            values = hook["view"]["state"]["values"]
            title = values.get("title", {}).get("title", {}).get("value")
            if title == "taken":
                return shown(hook, "OPEN", ticket(wrong="There is such a ticket already", values=values))
            if title == "forbidden":
                return 400, {"message": "Nobody may create this."}
        return 200, {}

    def post_everything(self, channel_id: str) -> None:
        attachment = {
            "color": "#d97706",
            "title": "An attachment",
            "text": "with <i>text</i>",
            "fields": [
                {"title": "State", "value": "open", "short": True},
                {"title": "Owner", "value": "nobody", "short": True},
            ],
            "footer": "from the demonstration",
        }
        body = {"text": "Every block", "blocks": EVERY_BLOCK, "attachments": [attachment]}
        self.call("POST", f"/v1/channels/{channel_id}/messages", body)

    # for the tests

    def take(self, hook: Json) -> None:
        with self._arrived:
            self.hooks.append(hook)
            self._arrived.notify_all()

    def hook(self, **fields: Any) -> Json:
        """The newest hook with these fields, once there is one."""

        def fitting() -> list[Json]:
            return [one for one in self.hooks if fields.items() <= one.items()]

        with self._arrived:
            assert self._arrived.wait_for(lambda: bool(fitting()), 15), f"no hook with {fields}"
            return fitting()[-1]


def shown(hook: Json, action: str, view: Json) -> tuple[int, Json]:
    return 200, {"triggerId": hook["triggerId"], "viewType": "NATIVE", "action": action, "view": view}


def depth_of(view: Json) -> int:
    name = str(view.get("callbackId", ""))
    return int(name.removeprefix("level-")) if name.startswith("level-") else 1


def cities(query: str) -> list[Json]:
    """Groups of what fits the query."""
    groups = [
        {
            "label": words(country),
            "options": [option(name, name.lower()) for name in names if query.lower() in name.lower()],
        }
        for country, names in CITIES.items()
    ]
    return [group for group in groups if group["options"]]

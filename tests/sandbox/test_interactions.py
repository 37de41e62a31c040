"""Buttons, Home tabs and modals as a person uses them."""

import json
from typing import Any

from tests.sandbox.app import TestApp
from tests.sandbox.pumble import Pumble

BUTTON = {
    "type": "actions",
    "elements": [
        {
            "type": "button",
            "onAction": "revoke",
            "value": "k1",
            "text": {"type": "plain_text", "text": "Revoke"},
            "url": "https://acme.test/portal",
        }
    ],
}
NAME = {
    "type": "input",
    "blockId": "name",
    "label": {"type": "plain_text", "text": "Name"},
    "element": {"type": "plain_text_input", "onAction": "name", "max_length": 10},
}
TTL = {
    "type": "input",
    "blockId": "ttl",
    "optional": True,
    "label": {"type": "plain_text", "text": "Lifetime"},
    "element": {"type": "static_select_menu", "onAction": "ttl", "initial_option": {"value": "30"}},
}


def modal(action: str, **more: Any) -> dict[str, Any]:
    view = {
        "type": "MODAL",
        "callbackId": "create",
        "title": {"type": "plain_text", "text": "New key"},
        "notifyOnClose": True,
        "blocks": [NAME, TTL, BUTTON],
        **more,
    }
    return {"triggerId": "$trigger", "viewType": "NATIVE", "action": action, "view": view}


def open_home(pumble: Pumble, key: str = "ana") -> dict[str, Any]:
    home = {"title": {"type": "plain_text", "text": "Keys"}, "blocks": [BUTTON]}
    pumble.call("POST", f"/v1/app/homeView/workspaceUsers/{pumble.person(key)}", pumble.token("bot"), home)
    view: dict[str, Any] = pumble.screen(key, pumble.direct(key, "bot"))["home"]
    return view


def click_home(pumble: Pumble, **more: Any) -> Any:
    source = {"type": "HOME", "id": open_home(pumble)["id"]}
    return pumble.act("click", userId=pumble.person("ana"), source=source, onAction="revoke", **more)[
        "screen"
    ]


class TestClick:
    def test_in_an_ephemeral_names_it_as_its_source(self, pumble: Pumble, app: TestApp) -> None:
        channel, ana = pumble.channel("general"), pumble.person("ana")
        body = {"text": "key", "blocks": [BUTTON], "ephemeral": {"sendToUsers": [ana]}}
        sent = pumble.call("POST", f"/v1/channels/{channel}/messages", pumble.token("bot"), body)
        source = {"type": "EPHEMERAL_MESSAGE", "id": sent["id"]}

        pumble.act("click", userId=ana, source=source, onAction="revoke")

        hook = app.hooks[-1]
        assert hook.sound
        assert hook.path == "/interactions"
        assert (hook.body["sourceType"], hook.body["sourceId"]) == ("EPHEMERAL_MESSAGE", sent["id"])
        assert hook.body["actionType"] == "BUTTON"
        assert json.loads(hook.body["payload"]) == {"value": "k1"}
        assert hook.body["loadingTimeout"] == 0
        assert hook.body["channelId"] == channel

        other = pumble.post("click", userId=pumble.person("ben"), source=source, onAction="revoke")
        assert other.status_code == 404

    def test_that_was_denied_sends_nothing(self, pumble: Pumble, app: TestApp) -> None:
        click_home(pumble, confirm=False)

        assert [hook.path for hook in app.hooks] == []

    def test_in_a_home_tab_carries_the_view_and_opens_what_the_app_pushes(
        self, pumble: Pumble, app: TestApp
    ) -> None:
        app.answers_with("/interactions", modal("PUSH"))

        screen = click_home(pumble)

        hook = app.hooks[-1].body
        assert (hook["sourceType"], hook["view"]["type"], hook["sourceId"]) == (
            "VIEW",
            "HOME",
            hook["view"]["id"],
        )
        assert screen["channel"]["id"] == pumble.direct("ana", "bot")
        assert [one["callbackId"] for one in screen["modals"]] == ["create"]

    def test_on_nothing_is_refused(self, pumble: Pumble) -> None:
        ana = pumble.person("ana")
        for source in ({"type": "MODAL", "id": "0" * 24}, {"type": "WINDOW", "id": "x"}, "x", None):
            assert pumble.post("click", userId=ana, source=source, onAction="x").status_code in {400, 404}

    def test_in_a_modal_carries_what_was_typed_so_far(self, pumble: Pumble, app: TestApp) -> None:
        hidden = {"hidden": {"id": {"value": "p1"}}}
        app.answers_with("/interactions", modal("PUSH", state={"values": hidden}))
        [view] = click_home(pumble)["modals"]
        app.answers_with("/interactions")
        more = {
            "userId": pumble.person("ana"),
            "source": {"type": "MODAL", "id": view["id"]},
            "onAction": "revoke",
        }

        shown = pumble.act("click", **more, values={"name": {"name": "half"}})["screen"]["modals"][0]

        typed = {"name": {"name": {"type": "plain_text_input", "value": "half"}}}
        assert app.hooks[-1].body["view"]["state"]["values"] == hidden | typed
        assert shown["state"]["values"] == hidden | typed
        assert pumble.post("click", **more, values="x").status_code == 400


class TestModal:
    def test_gives_what_was_typed_and_initial_values_and_closes_on_ack(
        self, pumble: Pumble, app: TestApp
    ) -> None:
        app.answers_with(
            "/interactions", modal("PUSH", state={"values": {"hidden": {"id": {"value": "p1"}}}})
        )
        [view] = click_home(pumble)["modals"]
        ana = pumble.person("ana")

        refused = pumble.post("submit", userId=ana, viewId=view["id"], values={})
        too_long = pumble.post("submit", userId=ana, viewId=view["id"], values={"name": {"name": "x" * 11}})
        screen = pumble.act("submit", userId=ana, viewId=view["id"], values={"name": {"name": "ci"}})[
            "screen"
        ]

        assert (refused.status_code, too_long.status_code) == (400, 400)
        [hook] = [one.body for one in app.hooks if one.path == "/views"]
        assert hook["viewActionType"] == "SUBMIT"
        assert hook["view"]["state"]["values"] == {
            "hidden": {"id": {"value": "p1"}},
            "name": {"name": {"type": "plain_text_input", "value": "ci"}},
            "ttl": {"ttl": {"type": "static_select_menu", "value": "30"}},
        }
        assert screen["modals"] == []

    def test_stays_with_the_message_when_the_app_refuses(self, pumble: Pumble, app: TestApp) -> None:
        app.answers_with("/interactions", modal("PUSH"))
        app.answers_with("/views", {"message": "Name is taken"}, status=400)
        [view] = click_home(pumble)["modals"]

        screen = pumble.act(
            "submit", userId=pumble.person("ana"), viewId=view["id"], values={"name": {"name": "ci"}}
        )["screen"]

        assert [one["id"] for one in screen["modals"]] == [view["id"]]
        assert [one["text"] for one in screen["ephemeral"]] == ["Name is taken"]

    def test_stacks_three_deep_and_no_deeper(self, pumble: Pumble, app: TestApp) -> None:
        app.answers_with("/interactions", modal("PUSH"))
        screen = click_home(pumble)
        for _ in range(3):
            source = {"type": "MODAL", "id": screen["modals"][-1]["id"]}
            screen = pumble.act("click", userId=pumble.person("ana"), source=source, onAction="revoke")[
                "screen"
            ]

        assert len(screen["modals"]) == 3
        assert screen["modals"][2]["parentViewId"] == screen["modals"][1]["id"]

    def test_tells_the_app_when_it_is_dismissed(self, pumble: Pumble, app: TestApp) -> None:
        app.answers_with("/interactions", modal("PUSH"))
        [view] = click_home(pumble)["modals"]

        screen = pumble.act("close", userId=pumble.person("ana"), viewId=view["id"])["screen"]

        assert app.hooks[-1].body["viewActionType"] == "CLOSE"
        assert screen["modals"] == []

    def test_fills_a_dynamic_menu_from_the_app(self, pumble: Pumble, app: TestApp) -> None:
        app.answers_with("/interactions", modal("PUSH"))
        options = [{"text": {"type": "plain_text", "text": "ci"}, "value": "k1"}]
        app.answers_with("/menus", {"onAction": "pick_key", "triggerId": "$trigger", "options": options})
        [view] = click_home(pumble)["modals"]

        answer = pumble.act(
            "menu", userId=pumble.person("ana"), viewId=view["id"], onAction="pick_key", query="c"
        )

        assert answer == {"options": options}
        assert app.hooks[-1].body["query"] == "c"


class TestHomeTab:
    def test_is_shown_to_its_person_only(self, pumble: Pumble) -> None:
        view = open_home(pumble)

        assert (view["type"], view["title"]["text"]) == ("HOME", "Keys")
        assert pumble.screen("ben", pumble.direct("ben", "bot"))["home"] is None
        assert pumble.screen("ana", pumble.channel("general"))["home"] is None

    def test_is_replaced_in_place_by_an_update(self, pumble: Pumble, app: TestApp) -> None:
        home = pumble.look("screen", userId=pumble.person("ana"), channelId=pumble.direct("ana", "bot"))[
            "home"
        ]
        assert home is None
        update = modal("UPDATE", blocks=[{"type": "divider"}])
        app.answers_with("/interactions", update)

        screen = click_home(pumble)

        assert screen["home"]["blocks"] == [{"type": "divider"}]
        assert screen["modals"] == []

    def test_may_be_published_twenty_times_a_minute(self, pumble: Pumble) -> None:
        bot, path = pumble.token("bot"), f"/v1/app/homeView/workspaceUsers/{pumble.person('ana')}"

        statuses = [pumble.rest("POST", path, bot, {"blocks": []}).status_code for _ in range(21)]

        assert statuses == [200] * 20 + [429]

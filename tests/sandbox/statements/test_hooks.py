"""Actions of a person: the hooks that the app gets, and what the person then sees."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

from tests.sandbox.app import TestApp
from tests.sandbox.pumble import Pumble
from tests.sandbox.views import (
    Screen,
    actions,
    button,
    element,
    envelope,
    field,
    modal,
    option,
    plain,
    text_field,
)


def eventually(holds: Callable[[], bool], within: float = 5.0) -> bool:
    """Whether it holds before the time is over."""
    until = time.monotonic() + within
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def test_20_a_slash_command_carries_its_text_and_its_thread(pumble: Pumble, app: TestApp) -> None:
    channel = pumble.channel("general")
    root = pumble.screen("ana", channel)["messages"][0]["id"]

    pumble.send_message("ana", channel, "/api-keys generate ci")
    pumble.send_message("ana", channel, "/api-keys", threadRootId=root)

    first, second = (hook.body for hook in app.hooks)
    assert first | {"triggerId": "", "blocks": []} == {
        "messageType": "SLASH_COMMAND",
        "slashCommand": "/api-keys",
        "text": "generate ci",
        "blocks": [],
        "userId": pumble.person("ana"),
        "channelId": channel,
        "workspaceId": pumble.get("workspaces")[0]["id"],
        "triggerId": "",
    }
    assert (second["text"], second["threadRootId"]) == ("", root)
    assert first["triggerId"] != second["triggerId"]


def test_21_a_shortcut_carries_its_name_and_the_message_it_was_used_on(pumble: Pumble, app: TestApp) -> None:
    channel, ana = pumble.channel("general"), pumble.person("ana")
    message = pumble.screen("ana", channel)["messages"][0]["id"]

    pumble.act("shortcut", userId=ana, channelId=channel, name="add_key")
    pumble.act("shortcut", userId=ana, channelId=channel, name="inspect", messageId=message)

    assert [(hook.body["type"], hook.body["shortcut"]) for hook in app.hooks] == [
        ("GLOBAL", "add_key"),
        ("ON_MESSAGE", "inspect"),
    ]
    assert "messageId" not in app.hooks[0].body
    assert app.hooks[1].body["messageId"] == message
    for wrong in ({"name": "none"}, {"name": "inspect"}, {"name": "add_key", "messageId": message}):
        assert pumble.post("shortcut", userId=ana, channelId=channel, **wrong).status_code == 404


def test_22_a_click_names_the_source_it_was_made_in(pumble: Pumble, app: TestApp) -> None:
    ana = Screen(pumble, app)
    block, state = (
        actions(button()),
        {"values": {"hidden": {"id": {"type": "plain_text_input", "value": "p"}}}},
    )
    sources = {
        "MESSAGE": ana.post_blocks(block),
        "EPHEMERAL_MESSAGE": ana.post_blocks(block, ephemeral=True),
        "HOME": ana.publish_home(block, state=state),
        "MODAL": ana.open_modal(block, state=state),
    }
    app.hooks.clear()

    for source, source_id in sources.items():
        ana.click(source, source_id)

    hooks = [hook.body for hook in app.hooks_at("/interactions")]
    assert [hook["sourceType"] for hook in hooks] == ["MESSAGE", "EPHEMERAL_MESSAGE", "VIEW", "VIEW"]
    assert [hook["sourceId"] for hook in hooks] == list(sources.values())
    assert ["view" in hook for hook in hooks] == [False, False, True, True]
    for hook, kind in zip(hooks[2:], ("HOME", "MODAL"), strict=True):
        assert (hook["view"]["type"], hook["view"]["id"]) == (kind, hook["sourceId"])
        assert (hook["view"]["blocks"], hook["view"]["state"]) == ([block], state)
    direct = pumble.direct("ana", "bot")
    assert [hook["channelId"] for hook in hooks] == [ana.channel, ana.channel, direct, ana.channel]


def test_23_the_payload_is_json_text_with_a_value_or_values(pumble: Pumble, app: TestApp) -> None:
    ana = Screen(pumble, app)
    options = {"options": [option("a"), option("b")]}
    shown: list[tuple[dict[str, Any], Any, str, dict[str, Any]]] = [
        (button("b1", value="k1", loadingTimeout=99), None, "BUTTON", {"value": "k1"}),
        (button("b2"), None, "BUTTON", {"value": ""}),
        (element("static_select_menu", "s", **options), "b", "STATIC_SELECT_MENU", {"value": "b"}),
        (element("dynamic_select_menu", "pick_key"), "x", "DYNAMIC_SELECT_MENU", {"value": "x"}),
        (element("checkboxes", "c", **options), ["a", "b"], "CHECKBOXES", {"values": ["a", "b"]}),
        (element("date_picker", "d"), "2026-01-31", "DATE_PICKER", {"value": "2026-01-31"}),
        (
            element("date_range_picker", "r", loadingTimeout="soon"),
            ["2026-01-01", "2026-01-31"],
            "DATE_RANGE_PICKER",
            {"values": ["2026-01-01", "2026-01-31"]},
        ),
    ]
    message = ana.post_blocks(actions(*(item for item, *_ in shown)))

    for item, value, kind, payload in shown:
        ana.click("MESSAGE", message, item["onAction"], **({"value": value} if value else {}))
        hook = app.hooks_at("/interactions")[-1].body
        assert (hook["actionType"], json.loads(hook["payload"])) == (kind, payload)
        assert type(hook["loadingTimeout"]) is int
        assert 0 <= hook["loadingTimeout"] <= 15


def test_24_a_confirm_dialog_sends_once_when_confirmed_and_nothing_when_denied(
    pumble: Pumble, app: TestApp
) -> None:
    ana = Screen(pumble, app)
    confirm = {
        "title": plain("Revoke?"),
        "text": plain("All stop."),
        "confirm": plain("Yes"),
        "deny": plain("No"),
    }
    message = ana.post_blocks(actions(button(confirm=confirm, url="https://acme.test/")))

    denied = ana.click("MESSAGE", message, confirm=False)
    assert (app.hooks_at("/interactions"), denied["opens"]) == ([], None)

    ana.click("MESSAGE", message, confirm=True)
    assert len(app.hooks_at("/interactions")) == 1


def test_25_a_button_with_an_address_opens_it_and_sends_the_hook(pumble: Pumble, app: TestApp) -> None:
    ana = Screen(pumble, app)
    url, script = "https://acme.test/portal", "javascript:alert(1)"
    message = ana.post_blocks(actions(button("go", url=url), button("stay"), button("no", url=script)))

    opened = [ana.click("MESSAGE", message, name)["opens"] for name in ("go", "stay", "no")]

    assert opened == [url, None, None]
    assert [hook.body["onAction"] for hook in app.hooks_at("/interactions")] == ["go", "stay", "no"]


def test_26_a_spinner_ends_when_the_app_completes_or_after_its_time(pumble: Pumble, app: TestApp) -> None:
    ana = Screen(pumble, app)
    message = ana.post_blocks(actions(button("slow", loadingTimeout=15), button("quick", loadingTimeout=1)))
    turning = {"sourceType": "MESSAGE", "sourceId": message}

    assert ana.click("MESSAGE", message, "slow")["screen"]["spinning"] == [turning | {"onAction": "slow"}]
    done = turning | {"triggerId": app.hooks_at("/interactions")[-1].body["triggerId"]}
    for other in (done | {"triggerId": "x"}, done | {"sourceId": "0" * 24}, done | {"sourceType": "VIEW"}):
        pumble.call("POST", "/v1/interactions/complete", pumble.token("ana"), other)
    assert len(ana.get()["spinning"]) == 1
    assert pumble.screen("ben", ana.channel)["spinning"] == []
    pumble.call("POST", "/v1/interactions/complete", pumble.token("ana"), done)
    assert ana.get()["spinning"] == []

    assert len(ana.click("MESSAGE", message, "quick")["screen"]["spinning"]) == 1
    assert eventually(lambda: ana.get()["spinning"] == [])


def test_27_a_dynamic_menu_asks_the_app_when_opened_and_while_typing(pumble: Pumble, app: TestApp) -> None:
    ana = Screen(pumble, app)
    menu = element("dynamic_select_menu", "pick_key", initial_option=option("k0"))
    options, groups = [option("k1"), option("k2")], [{"label": plain("Mine"), "options": [option("k3")]}]

    def asks(query: str, answer: Any, status: int = 200, **where: Any) -> Any:
        body = (
            {"onAction": "pick_key", "triggerId": "$trigger", "options": answer} if status == 200 else answer
        )
        app.respond_with("/menus", body, status=status)
        fields = where or {"viewId": view}
        return pumble.act("menu", userId=ana.id, onAction="pick_key", query=query, **fields)["options"]

    view = ana.open_modal(field("key", menu), field("late", {**menu, "onAction": "unasked"}))
    assert asks("", options) == options
    assert asks("mi", groups) == groups
    opened, typed = (hook.body for hook in app.hooks_at("/menus"))
    assert (opened["query"], typed["query"]) == ("", "mi")
    assert (opened["value"], opened["sourceType"], opened["sourceId"]) == ("k0", "VIEW", view)
    assert asks("none", []) == []
    assert asks("refused", {"message": "No keys for you."}, 400) == []
    assert ana.get()["ephemeral"][-1]["text"] == "No keys for you."
    requested = len(app.hooks_at("/menus"))
    patient = ana.post_blocks(actions({**menu, "min_query_length": 2}))
    source = {"type": "MESSAGE", "id": patient}
    assert [asks(query, options, source=source) for query in ("", "a")] == [[], []]
    assert len(app.hooks_at("/menus")) == requested
    assert asks("ab", options, source=source) == options
    assert app.hooks_at("/menus")[-1].body["sourceId"] == patient
    assert asks("x", options, viewId=ana.publish_home(actions(menu))) == options


def test_28_a_submit_contains_every_input_the_defaults_and_unknown_keys(pumble: Pumble, app: TestApp) -> None:
    ana = Screen(pumble, app)
    options = {"options": [option("a"), option("b")]}
    span = {"start": "2026-01-01", "end": "2026-01-31"}
    accessory = field("c", element("checkboxes", "c", **options, initial_options=[option("a")]))
    hidden = {"poll": {"id": {"type": "plain_text_input", "value": "p1"}}}
    view = ana.open_modal(
        text_field("typed"),
        text_field("seeded"),
        text_field("initial", initial_value="i"),
        text_field("empty", block={"optional": True}),
        field("s", element("static_select_menu", "s", **options, initial_option=option("b"))),
        {"type": "section", "text": plain("Read only"), "accessory": accessory},
        field("d", element("date_picker", "d", initial_date="2026-01-02")),
        field("r", element("date_range_picker", "r", initial_date_range=span)),
        actions(button()),
        state={"values": hidden | {"seeded": {"seeded": {"type": "plain_text_input", "value": "s"}}}},
    )

    ana.submit(view, typed="t")

    text = "plain_text_input"
    assert ana.state() == hidden | {
        "typed": {"typed": {"type": text, "value": "t"}},
        "seeded": {"seeded": {"type": text, "value": "s"}},
        "initial": {"initial": {"type": text, "value": "i"}},
        "s": {"s": {"type": "static_select_menu", "value": "b"}},
        "c": {"c": {"type": "checkboxes", "values": ["a"]}},
        "d": {"d": {"type": "date_picker", "value": "2026-01-02"}},
        "r": {"r": {"type": "date_range_picker", "values": ["2026-01-01", "2026-01-31"]}},
    }


def test_29_a_close_is_told_where_it_was_asked_for_and_may_open_another(pumble: Pumble, app: TestApp) -> None:
    ana = Screen(pumble, app)

    assert ana.close(ana.open_modal(text_field(), notifyOnClose=False))["modals"] == []
    assert app.hooks_at("/views") == []

    app.respond_with("/views", envelope("OPEN", modal(callbackId="back")))
    shown = ana.close(ana.open_modal(text_field()))["modals"]

    assert [hook.body["viewActionType"] for hook in app.hooks_at("/views")] == ["CLOSE"]
    assert [item["callbackId"] for item in shown] == ["back"]


def test_30_a_submit_is_closed_by_ack_replaced_by_open_and_kept_by_nack(pumble: Pumble, app: TestApp) -> None:
    ana = Screen(pumble, app)
    view = ana.open_modal(text_field())

    app.respond_with("/views", {"message": "Name is taken"}, status=400)
    kept = ana.submit(view, name="ci")
    assert [item["id"] for item in kept["modals"]] == [view]
    assert kept["ephemeral"][-1]["text"] == "Name is taken"

    app.respond_with("/views", envelope("OPEN", modal(text_field(), callbackId="next")))
    [replaced] = ana.submit(view, name="ci")["modals"]
    assert replaced["callbackId"] == "next"
    assert replaced["id"] != view

    app.respond_with("/views", {})
    assert ana.submit(replaced["id"], name="ci")["modals"] == []
    assert {hook.body["viewActionType"] for hook in app.hooks_at("/views")} == {"SUBMIT"}


def test_31_an_update_replaces_a_view_in_place_and_keeps_what_stays_in_its_state(
    pumble: Pumble, app: TestApp
) -> None:
    ana = Screen(pumble, app)
    view = ana.open_modal(text_field("name"), text_field("other"), actions(button()))
    typed = {"name": {"name": "half"}, "other": {"other": "lost"}}
    kept = {"values": {"name": {"name": {"type": "plain_text_input", "value": "half"}}}}
    changed = modal(text_field("name"), text_field("more"), id=view, title=plain("More"), state=kept)
    app.respond_with("/interactions", envelope("UPDATE", changed))

    [shown] = ana.click("MODAL", view, values=typed)["screen"]["modals"]

    assert set(ana.state()) == {"name", "other"}
    assert (shown["id"], shown["title"], shown["state"]) == (view, plain("More"), kept)
    assert shown["blocks"] == changed["blocks"]
    ana.submit(view, more="m")
    assert {name: held[name]["value"] for name, held in ana.state().items()} == {"name": "half", "more": "m"}


def test_32_a_push_opens_on_a_home_view_stacks_on_a_modal_and_ends_at_three(
    pumble: Pumble, app: TestApp
) -> None:
    ana = Screen(pumble, app)
    app.respond_with("/interactions", envelope("PUSH", modal(text_field(), actions(button()))))

    screen = ana.click("HOME", ana.publish_home(actions(button())))["screen"]
    assert screen["channel"]["id"] == pumble.direct("ana", "bot")
    assert len(screen["modals"]) == 1
    for depth in (2, 3, 3):
        screen = ana.click("MODAL", screen["modals"][-1]["id"])["screen"]
        assert len(screen["modals"]) == depth

    ids = [item["id"] for item in screen["modals"]]
    assert [item.get("parentViewId") for item in screen["modals"]] == [None, *ids[:2]]
    assert "three" in screen["ephemeral"][-1]["text"]
    app.respond_with("/views", {})
    assert [item["id"] for item in ana.submit(ids[2], name="x")["modals"]] == ids[:2]


def test_33_a_validation_error_stands_at_its_input_with_what_was_typed(pumble: Pumble, app: TestApp) -> None:
    ana = Screen(pumble, app)
    app.respond_with("/interactions", envelope("PUSH", modal(text_field(), actions(button()))))
    below = ana.open_modal(text_field(), actions(button()))
    top = ana.click("MODAL", below)["screen"]["modals"][-1]["id"]
    state = {"values": {"name": {"name": {"type": "plain_text_input", "value": "ci"}}}}
    wrong = modal(text_field(block={"validationError": "Name is taken"}), state=state)
    app.respond_with("/views", envelope("OPEN", wrong))

    first, second = ana.submit(top, name="ci")["modals"]

    assert first["id"] == below
    assert second["blocks"][0]["validationError"] == "Name is taken"
    assert (second["state"], second["parentViewId"]) == (state, below)


def test_34_a_required_input_left_empty_is_not_submitted(pumble: Pumble, app: TestApp) -> None:
    ana = Screen(pumble, app)
    view = ana.open_modal(text_field(min_length=2, max_length=10))

    for values in ({}, {"name": {"name": ""}}, {"name": {"name": "x"}}, {"name": {"name": "x" * 11}}):
        assert pumble.post("submit", userId=ana.id, viewId=view, values=values).status_code == 400

    assert app.hooks_at("/views") == []
    assert [item["id"] for item in ana.modals] == [view]


def test_35_events_go_to_subscribers_who_have_the_scope_and_the_access(pumble: Pumble, app: TestApp) -> None:
    board, general, token = pumble.channel("board"), pumble.channel("general"), pumble.token("ana")
    pumble.send_message("ana", board, "owners only")
    reaction = f"/v1/messages/{pumble.screen('ana', general)['messages'][0]['id']}/reactions"
    pumble.call("POST", reaction, token, {"code": ":eyes:"})  # No app is subscribed to REACTION_ADDED.
    pumble.send_message("ana", general, "for all")

    hooks = app.events("NEW_MESSAGE", at_least=2)

    assert {hook.body["eventType"] for hook in app.hooks_at("/events")} == {"NEW_MESSAGE"}
    assert all(hook.body["messageType"] == "PUMBLE_EVENT" for hook in hooks)
    assert all(isinstance(hook.body["body"], str) for hook in hooks)
    entitled = {hook.event["tx"]: set(hook.body["workspaceUserIds"]) for hook in hooks}
    assert entitled["owners only"] == {pumble.person("ana"), pumble.person("ben")}
    assert entitled["for all"] == {pumble.person(key) for key in ("ana", "ben", "bot")}

    blind = {"botScopes": ["messages:write"], "userScopes": ["user:read"]}
    other = pumble.act("apps", manifest=app.manifest() | {"name": "Blind", "scopes": blind})
    app.signing_secret = other["signingSecret"]
    pumble.grant("ana", "install", other)
    pumble.send_message("ana", general, "unheard")
    pumble.act("unauthorize", userId=pumble.person("ana"), appId=other["id"])
    app.events("APP_UNAUTHORIZED")  # It would come after the event of the message.
    assert "unheard" not in [hook.event.get("tx") for hook in app.hooks_at("/events")]


def test_36_a_message_event_has_text_and_thread_as_strings_and_the_bots_own_too(
    pumble: Pumble, app: TestApp
) -> None:
    channel, bot = pumble.channel("general"), pumble.token("bot")
    path = f"/v1/channels/{channel}/messages"
    root = pumble.call("POST", path, bot, {"text": "", "blocks": [actions(button())]})["id"]
    pumble.send_message("carla", channel, f"thanks <<@{pumble.person('dan')}>>", threadRootId=root)

    own, reply = (hook.event for hook in app.events("NEW_MESSAGE", at_least=2))

    assert (own["tx"], own["trId"], own["aId"]) == ("", "", pumble.grant("ana")["botId"])
    assert (reply["trId"], reply["aId"], reply["md"]) == (
        root,
        pumble.person("carla"),
        [pumble.person("dan")],
    )
    assert (reply["ty"], reply["wId"], reply["cId"]) == (
        "NEW_MESSAGE",
        pumble.get("workspaces")[0]["id"],
        channel,
    )
    assert len({own["rid"], reply["rid"]}) == 2


def test_37_leaving_an_app_is_told_and_kills_the_tokens(pumble: Pumble, app: TestApp) -> None:
    ana, ben = pumble.grant("ana"), pumble.grant("ben")

    pumble.act("unauthorize", userId=ben["userId"])

    [left] = app.events("APP_UNAUTHORIZED")
    assert left.body["messageType"] == "APP_EVENT"
    assert left.body["workspaceUserIds"] == [ben["userId"]]
    assert (left.event["workspaceUser"], left.event["accessGranted"]) == (ben["userId"], False)
    assert pumble.rest("GET", "/oauth2/me", ben["accessToken"]).status_code == 401
    assert pumble.rest("GET", "/oauth2/me", ana["accessToken"]).status_code == 200

    pumble.act("uninstall", userId=ana["userId"])

    [gone] = app.events("APP_UNINSTALLED")
    assert (gone.body["workspaceUserIds"], gone.event["botUser"]) == ([], ana["botId"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", gone.event["uninstalledAt"])
    assert (
        len(app.events("APP_UNAUTHORIZED")) == 1
    )  # None for people whose tokens ended with the uninstallation.
    for token in (ana["accessToken"], ana["botToken"]):
        assert pumble.rest("GET", "/oauth2/me", token).status_code == 401
    pumble.send_message("dan", pumble.channel("general"), "not for the app")
    pumble.grant("ana", "install")
    pumble.send_message("dan", pumble.channel("general"), "for the app")
    assert app.events("NEW_MESSAGE")[0].event["tx"] == "for the app"

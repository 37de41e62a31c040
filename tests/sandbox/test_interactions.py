"""Buttons, Home tabs and modals beyond the numbered statements."""

import json
from typing import Any

import pytest

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

OPTIONS = {"options": [option("a"), option("b")]}


class TestClick:
    def test_on_a_missing_element_is_refused(self, pumble: Pumble, app: TestApp) -> None:
        ana = Screen(pumble, app)
        shown = {"type": "MESSAGE", "id": ana.post_blocks(actions(button()))}
        gone = {"type": "MODAL", "id": "0" * 24}
        for source in (shown, gone, {"type": "WINDOW", "id": "x"}, {"type": "MESSAGE"}, "x", None):
            refused = pumble.post("click", userId=ana.id, source=source, onAction="x")
            assert refused.status_code in {400, 404}
        message = {"type": "EPHEMERAL_MESSAGE", "id": ana.post_blocks(actions(button()), ephemeral=True)}
        ben = pumble.post("click", userId=pumble.person("ben"), source=message, onAction="go")
        assert ben.status_code == 404
        assert app.hooks_at("/interactions") == []

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("static_select_menu", "z"),
            ("static_select_menu", ["a"]),
            ("checkboxes", ["a", "z"]),
            ("checkboxes", "a"),
            ("date_picker", "tomorrow"),
            ("date_picker", "20260101"),
            ("date_range_picker", ["2026-01-01"]),
            ("date_range_picker", ["2026-01-31", "2026-01-01"]),
            ("button", 7),
        ],
    )
    def test_cannot_choose_a_missing_option(
        self, pumble: Pumble, app: TestApp, kind: str, value: Any
    ) -> None:
        ana = Screen(pumble, app)
        message = ana.post_blocks(actions(element(kind, "go", text=plain("Go"), **OPTIONS)))

        source = {"type": "MESSAGE", "id": message}
        refused = pumble.post("click", userId=ana.id, source=source, onAction="go", value=value)

        assert (refused.status_code, app.hooks_at("/interactions")) == (400, [])

    def test_of_a_button_has_the_buttons_own_value(self, pumble: Pumble, app: TestApp) -> None:
        ana = Screen(pumble, app)

        ana.click("MESSAGE", ana.post_blocks(actions(button(value="k1"))), value="forged")

        assert json.loads(app.hooks_at("/interactions")[-1].body["payload"]) == {"value": "k1"}

    def test_chooses_from_groups_and_stays_in_the_state_of_its_view(
        self, pumble: Pumble, app: TestApp
    ) -> None:
        ana = Screen(pumble, app)
        groups = {"option_groups": [{"label": plain("Some"), **OPTIONS}]}
        menu = element("static_select_menu", "go", **groups)
        view = ana.open_modal(field("ttl", menu, dispatchAction=True))

        [shown] = ana.click("MODAL", view, value="b")["screen"]["modals"]

        assert ana.state() == shown["state"]["values"]
        assert ana.state()["ttl"]["go"]["value"] == "b"

    def test_works_in_an_attachment_too(self, pumble: Pumble, app: TestApp) -> None:
        ana = Screen(pumble, app)
        body = {"text": "x", "attachments": [{"title": "a", "blocks": [actions(button())]}, {"blocks": 7}]}
        path = f"/v1/channels/{ana.channel}/messages"

        ana.click("MESSAGE", pumble.call("POST", path, pumble.token("bot"), body)["id"])

        assert app.hooks_at("/interactions")[-1].body["sourceType"] == "MESSAGE"


class TestModal:
    def test_below_another_cannot_be_used(self, pumble: Pumble, app: TestApp) -> None:
        ana = Screen(pumble, app)
        below = ana.open_modal(text_field(), actions(button()))
        app.respond_with("/interactions", envelope("PUSH", modal(text_field())))
        ana.click("MODAL", below)

        for act, more in (
            ("submit", {"viewId": below, "values": {"name": {"name": "x"}}}),
            ("close", {"viewId": below}),
            ("click", {"source": {"type": "MODAL", "id": below}, "onAction": "go"}),
        ):
            assert pumble.post(act, userId=ana.id, **more).status_code == 409
        assert len(ana.modals) == 2

    def test_without_inputs_has_a_submit_button_only_if_it_names_one(
        self, pumble: Pumble, app: TestApp
    ) -> None:
        """Row 1 of the reference's open questions."""
        ana = Screen(pumble, app)

        bare = ana.open_modal(actions(button()))
        assert pumble.post("submit", userId=ana.id, viewId=bare, values={}).status_code == 409

        ana.submit(ana.open_modal(actions(button()), submit=plain("Done")))
        assert app.hooks[-1].body["viewActionType"] == "SUBMIT"

    @pytest.mark.parametrize(("action", "left"), [("UPDATE", 1), ("PUSH", 2)])
    def test_accepts_an_answer_that_the_sdk_does_not_offer_with_a_warning(
        self, pumble: Pumble, app: TestApp, action: str, left: int
    ) -> None:
        """Row 10 of the reference's open questions."""
        ana = Screen(pumble, app)
        view = ana.open_modal(text_field())
        app.respond_with("/views", envelope(action, modal(text_field(), title=plain("Once more"))))

        shown = ana.submit(view, name="ci")["modals"]

        assert len(shown) == left
        assert shown[-1]["title"] == plain("Once more")
        assert f"submit.answered action={action}" in pumble.log()

    def test_closed_can_be_replaced_by_another(self, pumble: Pumble, app: TestApp) -> None:
        ana = Screen(pumble, app)
        below = ana.open_modal(text_field(), actions(button()))
        app.respond_with("/interactions", envelope("PUSH", modal(text_field())))
        top = ana.click("MODAL", below)["screen"]["modals"][-1]["id"]
        app.respond_with("/views", envelope("OPEN", modal(callbackId="back")))

        shown = ana.close(top)["modals"]

        assert [item["id"] == below for item in shown] == [True, False]
        assert (shown[1]["callbackId"], shown[1]["parentViewId"]) == ("back", below)


class TestHomeTab:
    def test_is_shown_to_its_person_only(self, pumble: Pumble, app: TestApp) -> None:
        Screen(pumble, app).publish_home(actions(button()), title=plain("Keys"))

        view = pumble.screen("ana", pumble.direct("ana", "bot"))["home"]
        assert (view["type"], view["title"]) == ("HOME", plain("Keys"))
        assert pumble.screen("ben", pumble.direct("ben", "bot"))["home"] is None
        assert pumble.screen("ana", pumble.channel("general"))["home"] is None

    def test_is_replaced_in_place_by_an_update(self, pumble: Pumble, app: TestApp) -> None:
        ana = Screen(pumble, app)
        view = ana.publish_home(actions(button()))
        changed = {"type": "HOME", "id": view, "blocks": [{"type": "divider"}]}
        app.respond_with("/interactions", envelope("UPDATE", changed))

        screen = ana.click("HOME", view)["screen"]

        assert (screen["home"]["id"], screen["home"]["blocks"]) == (view, [{"type": "divider"}])
        assert screen["modals"] == []

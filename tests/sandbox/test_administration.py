"""What owners and administrators do, and the events of it."""

from typing import Any

import pytest

from tests.sandbox.app import TestApp
from tests.sandbox.pumble import Pumble

EVENTS = [
    "CHANNEL_CREATED",
    "CHANNEL_ARCHIVED",
    "CHANNEL_DELETED",
    "WORKSPACE_USER_JOINED",
    "WORKSPACE_USER_UPDATED",
    "WORKSPACE_USER_GROUP_CREATED",
    "WORKSPACE_USER_GROUP_UPDATED",
]
SCOPES = ["channels:read", "user:read", "group:read"]


@pytest.fixture
def listener(pumble: Pumble, app: TestApp) -> TestApp:
    """An app that is subscribed to these events."""
    subscribed = {"url": f"{app.url}/events", "events": EVENTS}
    scopes = {"botScopes": SCOPES, "userScopes": []}
    manifest = app.manifest() | {"name": "Listener", "eventSubscriptions": subscribed, "scopes": scopes}
    made = pumble.act("apps", manifest=manifest)
    app.signing_secret = made["signingSecret"]
    pumble.grant("ana", "install", made)
    return app


def received(listener: TestApp, event: str) -> dict[str, Any]:
    [hook] = listener.events(event)
    assert hook.event["ty"] == event
    return hook.event


class TestChannel:
    def test_is_archived_and_deleted_by_its_creator(self, pumble: Pumble, listener: TestApp) -> None:
        dan, token = pumble.person("dan"), pumble.token("dan")
        made = pumble.call("POST", "/v1/channels", token, {"name": "short", "type": "PUBLIC"})["channel"][
            "id"
        ]

        pumble.act("archive", userId=dan, channelId=made)
        refused = pumble.rest("POST", f"/v1/channels/{made}/messages", token, {"text": "x"})
        pumble.act("delete", userId=dan, channelId=made)

        assert refused.json()["code"] == 400440
        assert pumble.rest("GET", f"/v1/channels/{made}", token).status_code == 404
        assert received(listener, "CHANNEL_CREATED")["cN"] == "short"
        archived, deleted = received(listener, "CHANNEL_ARCHIVED"), received(listener, "CHANNEL_DELETED")
        assert (archived["v"], archived["uId"], archived["m"]) == (True, dan, [dan])
        assert (deleted["cId"], deleted["m"]) == (made, [dan])

    def test_that_is_main_or_direct_cannot_be_changed(self, pumble: Pumble) -> None:
        ana, carla = pumble.person("ana"), pumble.person("carla")
        for name, person, status in (
            (pumble.channel("general"), ana, 409),
            (pumble.direct("ana", "ben"), ana, 409),
            (pumble.channel("random"), carla, 403),
            (pumble.channel("board"), carla, 404),
        ):
            for act in ("archive", "delete"):
                assert pumble.post(act, userId=person, channelId=name).status_code == status


class TestPerson:
    def test_joins_with_a_self_channel(self, pumble: Pumble, listener: TestApp) -> None:
        ana = pumble.person("ana")

        made = pumble.act("invite", userId=ana, name="Zoë", email="ZOE@acme.test")["id"]

        joined = received(listener, "WORKSPACE_USER_JOINED")
        assert (joined["uId"], joined["uE"], joined["ib"]) == (made, "zoe@acme.test", ana)
        assert (joined["st"], joined["ro"]) == ("ACTIVATED", "USER")
        assert (
            pumble.send_message("zoe", pumble.channel("general"), "hello")["messages"][-1]["authorName"]
            == "Zoë"
        )
        mine = pumble.call("GET", "/v1/channels?types=SELF", pumble.token("zoe"))
        assert len(mine) == 1

    def test_gets_another_role(self, pumble: Pumble, listener: TestApp) -> None:
        ana, dan = pumble.person("ana"), pumble.person("dan")

        pumble.act("role", userId=ana, memberId=dan, role="ADMINISTRATOR")

        updated = received(listener, "WORKSPACE_USER_UPDATED")
        assert (updated["uId"], updated["ro"], updated["cb"]) == (dan, "ADMINISTRATOR", ana)

    @pytest.mark.parametrize(
        ("act", "body", "status"),
        [
            ("invite", {"name": "", "email": "x@acme.test"}, 400),
            ("invite", {"name": "X", "email": "nowhere"}, 400),
            ("invite", {"name": "X", "email": "ben@acme.test"}, 409),
            ("invite", {"name": "X", "email": "x@acme.test", "role": "KING"}, 400),
            ("role", {"memberId": "0", "role": "USER"}, 404),
            ("role", {"memberId": "{ben}", "role": "KING"}, 400),
            ("group", {"name": "X", "handle": "x", "memberIds": "all"}, 400),
            ("group", {"name": "X", "handle": "X Y", "memberIds": []}, 400),
            ("group", {"name": "X", "handle": "x", "memberIds": ["0"]}, 404),
            ("group", {"name": "X", "handle": "engineering", "memberIds": []}, 409),
            ("group", {"groupId": "0", "memberIds": []}, 404),
        ],
    )
    def test_or_group_with_malformed_values_is_refused(
        self, pumble: Pumble, act: str, body: dict[str, Any], status: int
    ) -> None:
        named = {
            key: value.format(ben=pumble.person("ben")) if isinstance(value, str) else value
            for key, value in body.items()
        }

        assert pumble.post(act, userId=pumble.person("ana"), **named).status_code == status
        assert pumble.post(act, userId=pumble.person("carla"), **named).status_code == 403


class TestGroup:
    def test_is_created_and_changed(self, pumble: Pumble, listener: TestApp) -> None:
        ana, dan = pumble.person("ana"), pumble.person("dan")
        body = {"userId": ana, "name": "Backend", "handle": "backend", "memberIds": [dan]}

        made = pumble.act("group", **body)["id"]
        pumble.act("group", userId=ana, groupId=made, memberIds=[], disabled=True)

        created = received(listener, "WORKSPACE_USER_GROUP_CREATED")
        updated = received(listener, "WORKSPACE_USER_GROUP_UPDATED")
        assert (created["id"], created["h"], created["uIds"], created["di"]) == (
            made,
            "backend",
            [dan],
            False,
        )
        assert (updated["n"], updated["uIds"], updated["di"], updated["uId"]) == ("Backend", [], True, ana)
        groups = pumble.call("GET", "/v1/workspaceUsers/groups", pumble.token("ana"))
        assert groups[-1]["disabled"]

"""A channel's name is cached for one minute, and looked up again if it does not match."""

import io
from datetime import timedelta

import pytest
import requests
import time_machine
from django.core.management import call_command
from django.utils import timezone

from tests import pumble
from tests.contract.wire import Api, issue
from tests.pumble import Person

pytestmark = pytest.mark.django_db(transaction=True)

LISTING = "/v1/channels"


@pytest.fixture
def api(portal: str) -> Api:
    return Api(portal, issue("ana@acme.test"))


def listings() -> int:
    """How often the channels were listed since the last reset."""
    return sum(
        call["method"] == "GET" and call["url"].split("?")[0].endswith(LISTING) for call in pumble.api_calls()
    )


def send(api: Api, channel: str) -> requests.Response:
    return api.post("sendMessage", {"channel": channel, "text": "x"})


class TestChannelName:
    def test_is_looked_up_once_a_minute(self, api: Api) -> None:
        send(api, "general")
        before = listings()

        assert send(api, "GENERAL").status_code == 200
        assert listings() == before
        with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=True):
            assert send(api, "general").status_code == 200
        assert listings() == before + 1

    def test_of_a_new_channel_is_found(self, api: Api) -> None:
        send(api, "general")
        made = api.post("createChannel", {"name": "Brand New", "type": "PUBLIC"})

        assert made.json()["name"] == "brand-new"
        assert send(api, "brand-new").json()["channelId"] == made.json()["id"]

    def test_is_cached_for_each_member_alone(self, portal: str, api: Api, carla: Person) -> None:
        pumble.act("authorize", userId=carla.id)
        call_command("seed", stdout=io.StringIO())
        assert api.get("getChannel", channel="board").status_code == 200

        refused = Api(portal, issue(carla.email)).get("getChannel", channel="board")

        assert refused.json()["reason"] == "not_found"

    def test_does_not_cache_membership(self, api: Api, ana: Person) -> None:
        assert send(api, "ops").status_code == 200
        ops = pumble.channel(ana.workspace_id, "ops")
        bot = next(
            user["id"] for w in pumble.get("workspaces") for user in w["users"] if user["name"] == "API"
        )

        removed = api.post("removeUserFromChannel", {"channelId": ops, "userId": bot})

        assert removed.status_code == 200, removed.text
        assert send(api, "ops").json()["reason"] == "bot_not_in_channel"


class TestEmail:
    def test_finds_its_owner_whatever_names_others_have(self, api: Api, ana: Person, ben: Person) -> None:
        pumble.act("invite", userId=ana.id, name=ben.email, email="imposter@acme.test", role="USER")

        sent = api.post("dmUser", {"email": ben.email, "text": "for Ben alone"})

        direct = sent.json()["channelId"]
        assert ben.screen(direct)["messages"][-1]["text"] == "for Ben alone"

"""A published client of the original service, with the base URL of the portal."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pumble_keys import PumbleSDK, models
from pumble_keys.extensions.client import create_pumble_client
from pumble_keys.extensions.errors import categorize_error
from pumble_keys.models import errors

from tests import pumble
from tests.contract.conftest import Acme
from tests.contract.wire import EXTENSIONS, METHODS, Api, success
from tests.pumble import Person

pytestmark = pytest.mark.django_db(transaction=True)

CLI = Path(sys.executable).parent / "pumble-keys"
STRANGE_ID = "f" * 24


@pytest.fixture
def called() -> list[str]:
    """The operations that the client called and the portal took, in order."""
    return []


@pytest.fixture
def sdk(api: Api, called: list[str]) -> Iterator[PumbleSDK]:
    def note(answer: httpx.Response) -> None:
        if answer.status_code == 200:
            called.append(answer.url.path.removeprefix("/"))

    with (
        httpx.Client(event_hooks={"response": [note]}) as http,
        PumbleSDK(api_key_auth=api.headers["ApiKey"], server_url=api.portal, client=http) as client,
    ):
        yield client


class TestTheSdk:
    def test_performs_all_operations_without_a_validation_error(
        self, sdk: PumbleSDK, called: list[str], acme: Acme, later: int
    ) -> None:
        general, ben, dan = acme.channels["general"], acme.people["ben"], acme.people["dan"]

        entries = sdk.channels.list_channels()
        assert {entry.channel.id for entry in entries} >= set(acme.channels.values())
        assert sdk.channels.get_channel(channel="general").channel.id == general
        made = sdk.channels.create_channel(name="Made by SDK", type_=models.ChannelType.PRIVATE)
        sdk.channels.add_users_to_channel(channel_id=made.id, user_ids=[ben, dan, acme.bot])
        sdk.channels.remove_user_from_channel(channel_id=made.id, user_id=dan)

        sent = sdk.messages.send_message(request={"channel": "general", "text": "first"})
        it: dict[str, Any] = {"channel_id": general, "message_id": sent.id}
        reply = sdk.messages.send_reply(request=it | {"text": "reply"})  # type: ignore[arg-type]
        assert sdk.messages.dm_user(user_id=ben, text="psst").channel_id
        group = [sdk.messages.dm_group(user_ids=[ben, dan], text="psst").channel_id for _ in range(2)]
        assert group[0] == group[1]
        sdk.messages.edit_message(**it, text="second")
        sdk.messages.add_reaction(message_id=sent.id, reaction=":+1:", skin_tone=2)
        fetched = sdk.messages.fetch_message(**it)
        assert (fetched.text, fetched.edited) == ("second", True)
        assert fetched.thread_root_info
        assert fetched.thread_root_info.reply_count == 1
        assert [(one.user, one.code) for one in fetched.reactions or []] == [(acme.people["ana"], ":+1:")]
        sdk.messages.remove_reaction(message_id=sent.id, reaction=":+1:")
        thread = sdk.messages.fetch_thread_replies(root_message_id=sent.id, channel="general")
        assert thread
        assert [one.id for one in thread.result] == [reply.id]
        for channel in ("general", "random", "ops", "support", "relaunch"):
            page = sdk.messages.list_messages(channel=channel, limit=200)
            assert page
            assert page.result.messages
        for criteria in ({"text": "release"}, {"from_": [ben]}, {"in_": ["general"], "limit": 20}):
            search = sdk.messages.search_messages(**criteria)
            assert search
            assert search.result.content
        sdk.messages.delete_message(**it)

        scheduled = sdk.scheduled_messages.create_scheduled_message(
            channel_id=general,
            text="later",
            send_at=later,
            recurrence={"recurrence_type": models.RecurrenceType.WEEKLY, "end_after_occurrences": 3},
        )
        one = sdk.scheduled_messages.fetch_scheduled_message(scheduled_message_id=scheduled.id)
        assert (one.text, one.send_at) == ("later", later)
        listed = sdk.scheduled_messages.fetch_scheduled_messages(limit=200)
        assert listed
        assert scheduled.id in [each.id for each in listed.result.scheduled_messages]
        changed = sdk.scheduled_messages.edit_scheduled_message(
            scheduled_message_id=scheduled.id, channel_id=general, text="sooner", send_at=later - 1000
        )
        assert (changed.text, changed.send_at) == ("sooner", later - 1000)
        sdk.scheduled_messages.delete_scheduled_message(scheduled_message_id=scheduled.id)

        assert len(sdk.users.list_users()) == len(acme.people) + 2
        assert sdk.users.list_user_groups()
        sdk.users.custom_status(code=":palm_tree:", status="On holiday", expires_at=later)
        me = sdk.users.my_info()
        assert me.custom_status
        assert (me.id, me.custom_status.code) == (acme.people["ana"], ":palm_tree:")

        assert set(called) == set(METHODS) - EXTENSIONS

    @pytest.mark.parametrize(
        ("call", "category"),
        [
            (lambda sdk: sdk.messages.list_messages(channel="board"), "permission"),
            (lambda sdk: sdk.channels.get_channel(channel="nowhere"), "permission"),
            (lambda sdk: sdk.messages.fetch_message(channel="general", message_id=STRANGE_ID), "validation"),
            (lambda sdk: sdk.messages.dm_user(user_id=STRANGE_ID, text="x"), "validation"),
            (
                lambda sdk: sdk.scheduled_messages.delete_scheduled_message(scheduled_message_id=STRANGE_ID),
                "validation",
            ),
        ],
    )
    def test_understands_every_shape_of_refusal(
        self, sdk: PumbleSDK, call: Callable[[PumbleSDK], object], category: str
    ) -> None:
        with pytest.raises(errors.PumbleSDKBaseError) as refused:
            call(sdk)

        assert not isinstance(refused.value, errors.ResponseValidationError)
        categorized = categorize_error(refused.value)
        assert (categorized.status_code, categorized.category, categorized.retryable) == (
            403,
            category,
            False,
        )

    @pytest.mark.parametrize("key", ["nonsense", "pmb_nonsense"])
    def test_takes_a_wrong_key_for_a_lack_of_permission(self, portal: str, key: str) -> None:
        with (
            PumbleSDK(api_key_auth=key, server_url=portal) as sdk,
            pytest.raises(errors.PumbleSDKBaseError) as refused,
        ):
            sdk.users.my_info()

        assert categorize_error(refused.value).category == "permission"

    def test_walks_25_messages_in_pages_of_10(self, api: Api) -> None:
        channel_id = success(api.post("createChannel", {"name": "walked", "type": "PUBLIC"}))["id"]
        sent = [
            success(api.post("sendMessage", {"channelId": channel_id, "text": "x"}))["id"] for _ in range(25)
        ]

        async def walk() -> list[str]:
            async with create_pumble_client(api.headers["ApiKey"], server_url=api.portal) as client:
                request = {"channel_id": channel_id, "limit": 10}
                return [message.id async for message in client.messages.all(request)]

        assert sorted(asyncio.run(walk())) == sorted(sent)

    def test_waits_as_long_as_pumbles_limit_says_and_reads_on(self, sdk: PumbleSDK, acme: Acme) -> None:
        pumble.faults({"match": "GET /v1/workspaceUsers/*", "do": "rate_limit:1", "times": 1})
        began = time.monotonic()

        assert sdk.users.my_info().id == acme.people["ana"]

        assert time.monotonic() - began >= 1


class TestTheCommandLine:
    @pytest.fixture
    def run(self, api: Api) -> Callable[..., str]:
        def run(*words: str) -> str:
            environment = {"PUMBLE_BASE_URL": api.portal, "PUMBLE_API_KEY": api.headers["ApiKey"]}
            done = subprocess.run(
                [CLI, *words], env=os.environ | environment, capture_output=True, text=True, timeout=30
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        return run

    def test_reads_who_and_what_there_is(
        self, run: Callable[..., str], api: Api, ana: Person, acme: Acme
    ) -> None:
        doctor = run("doctor")
        assert api.portal in doctor
        assert api.headers["ApiKey"] not in doctor
        assert run("whoami").strip() == f"Ana Kovač <ana@acme.test> ({ana.id})"
        listed = json.loads(run("--json", "channels", "list"))
        assert set(acme.channels) <= {channel["name"] for channel in listed}
        assert "diseño" in run("channels", "list")

    def test_sends_and_finds_it_again(self, run: Callable[..., str], ana: Person, general: str) -> None:
        run("send", "#general", "from", "the", "command", "line")
        sent = ana.screen(general)["messages"][-1]
        assert (sent["text"], sent["author"]) == ("from the command line", ana.id)
        ana.type(general, "and an answer", threadRootId=sent["id"])

        assert "from the command line" in run("messages", "general", "--limit", "3")
        hits = json.loads(run("--json", "search", "command", "line"))
        assert [hit["id"] for hit in hits] == [sent["id"]]
        lines = run("thread", sent["id"], "--channel", "general").splitlines()
        assert [line.rpartition(": ")[2] for line in lines] == ["from the command line", "and an answer"]

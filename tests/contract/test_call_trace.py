"""What the request log keeps of a call: ids, who spoke, dry run and replay. Never contents."""

from typing import Any, cast

import pytest

from keys import usage
from keys.models import HourlyUse, RequestLog
from portal.api.calls import CallObserver
from tests.contract.conftest import Acme
from tests.contract.test_rights import key_of
from tests.contract.wire import Api, success

pytestmark = pytest.mark.django_db(transaction=True)


def logged(*names: str) -> list[Any]:
    usage.recorder.flush()
    return list(RequestLog.objects.order_by("pk").values_list(*names))


class TestTheRequestLog:
    def test_has_the_channel_the_message_and_who_spoke(self, api: Api, acme: Acme) -> None:
        general = acme.channels["general"]
        posted = success(api.post("sendMessage", {"channel": "general", "text": "hello"}))["id"]
        where = {"channel": "general", "messageId": posted}
        reply = success(api.post("sendReply", where | {"text": "by the bot", "asBot": True}))["id"]
        success(api.call("editMessage", {"channelId": general, "messageId": posted, "text": "changed"}))
        success(api.call("fetchMessage", where))
        success(api.call("addReaction", {"messageId": reply, "reaction": ":+1:"}))

        assert logged("operation", "channel_id", "message_id", "speaker") == [
            ("sendMessage", general, posted, "PERSON"),
            ("sendReply", general, reply, "BOT"),
            ("editMessage", general, posted, "PERSON"),
            ("fetchMessage", general, posted, ""),
            ("addReaction", "", reply, "PERSON"),
        ]

    def test_has_the_channel_of_a_direct_message(self, api: Api, acme: Acme) -> None:
        sent = success(api.post("dmUser", {"userId": acme.people["dan"], "text": "hello"}))

        assert logged("channel_id", "message_id") == [(sent["channelId"], sent["id"])]

    def test_has_no_text_of_pumble_that_is_no_id(self) -> None:
        observer = CallObserver(budget=cast(Any, None))
        observer.trace_ids(channel_id="a" * 24, message_id="b" * 24)

        observer.trace_ids(channel_id="x" * 5000, message_id="-1")

        assert (observer.trace.channel_id, observer.trace.message_id) == ("a" * 24, "b" * 24)

    def test_tells_a_dry_run_and_a_replay_from_calls_that_did_something(self, api: Api) -> None:
        message = {"channel": "general", "text": "hello"}
        api.headers["Prefer"] = "handling=dry-run"
        success(api.post("sendMessage", message))
        api.post("sendMessage", {"channel": "general"})
        del api.headers["Prefer"]
        api.headers["Idempotency-Key"] = "once"
        success(api.post("sendMessage", message))
        success(api.post("sendMessage", message))

        assert logged("outcome", "is_dry_run", "is_replay") == [
            ("ok", True, False),
            ("validation", True, False),
            ("ok", False, False),
            ("ok", False, True),
        ]
        counted = dict(HourlyUse.objects.values_list("outcome", "count"))
        assert counted == {"ok": 1, "dry_run": 1, "replay": 1, "validation": 1}

    @pytest.mark.parametrize(
        ("body", "outcome", "case", "hint"),
        [
            ({"channel": "general"}, "validation", "", "fields:text"),
            ({"channel": "nowhere", "text": "hello"}, "not_found", "unknown_channel", "fields:channel"),
            ({"channelId": "f" * 24, "text": "hello"}, "not_found", "unknown_channel", "fields:channelId"),
        ],
    )
    def test_has_the_field_that_was_wrong(
        self, api: Api, body: dict[str, str], outcome: str, case: str, hint: str
    ) -> None:
        api.post("sendMessage", body)

        assert logged("outcome", "outcome_case", "hint") == [(outcome, case, hint)]

    def test_has_the_scope_that_was_missing(self, portal: str) -> None:
        Api(portal, key_of("ana@acme.test", scopes=["channels:list"])).post("sendMessage", {})

        assert logged("outcome", "hint") == [("scope_missing", "scope:messages:write")]


class TestARefusal:
    def test_names_the_channels_of_the_key(self, portal: str, acme: Acme) -> None:
        channels = {acme.channels[name]: name for name in ("general", "ops")}
        bound = Api(portal, key_of("ana@acme.test", channels=channels))

        elsewhere = bound.post("sendMessage", {"channel": "random", "text": "hello"})
        reaction = bound.call("addReaction", {"messageId": "f" * 24, "reaction": ":+1:"})

        assert elsewhere.json()["error"] == "API key is limited to #general and #ops"
        assert "channelId" in reaction.json()["error"]

    def test_names_the_first_of_many_channels(self, portal: str) -> None:
        channels = {f"{number:024x}": f"c{number}" for number in range(9)}
        bound = Api(portal, key_of("ana@acme.test", channels=channels))

        refused = bound.post("sendMessage", {"channel": "random", "text": "hello"})

        assert refused.json()["error"] == "API key is limited to #c0, #c1, #c2, #c3, #c4 and 4 more"

    @pytest.mark.parametrize("path", ["sendmesage", "v1/sendMessage", "send_message", "sendMessage/now"])
    def test_of_an_unknown_path_names_a_similar_operation(self, api: Api, path: str) -> None:
        refused = api.post(path, {})

        meant = path != "sendMessage/now"
        assert refused.status_code == 404
        assert refused.json()["error"] == "No such operation" + ". Did you mean sendMessage?" * meant

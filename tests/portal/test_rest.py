"""The REST API on the wire: real HTTP to the portal, real HTTP from it to the local Pumble."""

import io
import time
from typing import Any

import pytest
import requests
from django.core.management import call_command

from keys.models import Member, Workspace
from pumble_bridge.models import Authorization, Installation
from tests import pumble
from tests.contract.wire import Api, assert_legacy, assert_structured, issue
from tests.pumble import Person

pytestmark = pytest.mark.django_db(transaction=True)

STRANGE_ID = "f" * 24


@pytest.fixture
def api(portal: str) -> Api:
    return Api(portal, issue("ana@acme.test"))


@pytest.fixture
def channels(ana: Person) -> dict[str, str]:
    """Acme's named channels: name to id."""
    (acme,) = [workspace for workspace in pumble.get("workspaces") if workspace["name"] == "Acme"]
    return {found["name"]: found["id"] for found in acme["channels"] if found["name"]}


class TestTheKey:
    @pytest.mark.parametrize("header", ["ApiKey", "apikey", "Api-Key", "API-KEY", "X-API-Key"])
    def test_counts_in_each_of_its_headers(self, api: Api, ana: Person, header: str) -> None:
        api.headers = {header: f"{api.headers['ApiKey']}  "}

        assert api.get("myInfo").json()["id"] == ana.id

    def test_counts_as_a_bearer_only_in_our_own_form(self, api: Api) -> None:
        key = api.headers["ApiKey"]
        api.headers = {"Authorization": f"Bearer {key}"}
        assert api.get("myInfo").status_code == 200

        api.headers = {"Authorization": "Bearer somebody-elses", "ApiKey": key}
        assert api.get("myInfo").status_code == 200

        api.headers = {"Authorization": f"Basic {key}"}
        assert_legacy(api.get("myInfo"), "key_missing")

    def test_is_refused_when_headers_disagree(self, api: Api) -> None:
        api.headers |= {"Api-Key": issue("ben@acme.test")}

        assert_legacy(api.get("myInfo"), "key_malformed", text="Invalid API key")

    def test_may_be_said_twice_in_agreement(self, api: Api) -> None:
        api.headers |= {"Api-Key": api.headers["ApiKey"]}

        assert api.get("myInfo").status_code == 200

    @pytest.mark.parametrize("where", ["query", "body", "cookie"])
    def test_counts_nowhere_else(self, portal: str, api: Api, where: str) -> None:
        key = api.headers["ApiKey"]
        place: dict[str, Any] = {
            "query": {"params": {"ApiKey": key, "Api-Key": key}},
            "body": {"json": {"ApiKey": key}},
            "cookie": {"cookies": {"ApiKey": key}},
        }[where]

        assert_legacy(requests.post(f"{portal}/sendMessage", timeout=5, **place), "key_missing")

    @pytest.mark.parametrize(
        "value", ["nonsense", "pmb_", "ñandú".encode(), b"\xff\xfe", b"pmb_" + b"\xe9" * 51]
    )
    def test_that_is_none_is_malformed(self, api: Api, value: str | bytes) -> None:
        api.headers = {"ApiKey": value}  # type: ignore[dict-item]

        assert_legacy(api.get("myInfo"), "key_malformed", text="Invalid API key")

    def test_that_nobody_issued_is_unknown(self, api: Api) -> None:
        from keys import key_format

        api.headers = {"ApiKey": key_format.generate().text}

        assert_legacy(api.get("myInfo"), "key_unknown", text="Invalid API key")

    def test_is_looked_at_before_the_body_and_before_pumble(self, api: Api) -> None:
        api.headers = {}
        pumble.act("reset")

        assert_legacy(api.post("sendMessage", raw=b"{not json"), "key_missing")

        assert pumble.api_calls() == []

    def test_without_the_scope_is_told_which_one_and_costs_no_call(self, portal: str, ana: Person) -> None:
        reader = Api(portal, issue("ana@acme.test", "channels:list", "messages:read"))
        pumble.act("reset")

        refused = reader.post("sendMessage", {"channel": "general", "text": "x"})

        assert_legacy(refused, "scope_missing", text="API key lacks the scope messages:write")
        assert pumble.api_calls() == []
        assert reader.get("listChannels").status_code == 200

    def test_of_someone_deactivated_or_without_the_app_opens_nothing(self, api: Api) -> None:
        Member.objects.update(is_active=False)
        assert_legacy(api.get("myInfo"), "owner_not_authorized")
        Member.objects.update(is_active=True)
        Workspace.objects.update(installed_at=None)
        assert_legacy(api.get("myInfo"), "owner_not_authorized")

    def test_whose_token_cannot_be_read_opens_nothing(self, api: Api) -> None:
        Authorization.objects.update(encrypted_access_token=b"damaged")

        assert_legacy(api.get("myInfo"), "owner_not_authorized")

    def test_speaks_for_no_bot_whose_token_cannot_be_read(self, api: Api, ana: Person) -> None:
        Installation.objects.update(encrypted_bot_token=b"damaged")
        direct = {"userId": pumble.person("ben@acme.test").id, "text": "hello"}

        assert_legacy(api.post("dmUser", direct | {"asBot": True}), "owner_not_authorized")
        assert api.post("dmUser", direct).status_code == 200


class TestMyInfo:
    def test_is_the_keys_owner_with_every_field_of_a_user(self, api: Api, ana: Person) -> None:
        me = api.get("myInfo").json()

        assert (me["id"], me["email"], me["role"], me["status"]) == (ana.id, ana.email, "OWNER", "ACTIVATED")
        assert me["isAddonBot"] is False
        assert me["isPumbleBot"] is False
        assert set(me["avatar"]) == {"fullPath", "scaledPath"}
        nullable = {"customStatus", "invitedBy", "broadcastWarningShownTs"}
        assert [name for name, value in me.items() if value is None and name not in nullable] == []

    def test_calls_an_administrator_by_the_contracts_word(self, portal: str, ben: Person) -> None:
        assert Api(portal, issue("ben@acme.test")).get("myInfo").json()["role"] == "ADMIN"


class TestListChannels:
    def test_lists_what_the_owner_sees_as_a_bare_array(self, api: Api, channels: dict[str, str]) -> None:
        entries = api.get("listChannels", limit=1, cursor="x").json()

        assert all(set(entry) == {"channel", "users", "pinnedMessages"} for entry in entries)
        assert all(isinstance(entry["channel"]["name"], str) for entry in entries)
        assert {"general", "random", "ops"} <= {entry["channel"]["name"] for entry in entries}
        assert {"DIRECT", "SELF"} <= {entry["channel"]["channelType"] for entry in entries}

    def test_hides_private_channels_of_others(
        self, portal: str, api: Api, ben: Person, channels: dict[str, str]
    ) -> None:
        (acme,) = [workspace for workspace in pumble.get("workspaces") if workspace["name"] == "Acme"]
        seen = {
            entry["channel"]["id"] for entry in Api(portal, issue("ben@acme.test")).get("listChannels").json()
        }

        for found in acme["channels"]:
            if found["channelType"] != "PUBLIC":
                assert (found["id"] in seen) == (ben.id in found["users"]), found


class TestGetChannel:
    @pytest.mark.parametrize("named", ["general", "#general", "GENERAL", "{id}", "{ID}"])
    def test_finds_a_channel_by_name_or_id(self, api: Api, channels: dict[str, str], named: str) -> None:
        found = api.get(
            "getChannel", channel=named.format(id=channels["general"], ID=channels["general"].upper())
        ).json()

        assert set(found) == {"channel", "users"}
        assert found["channel"]["id"] == channels["general"]

    def test_prefers_the_id_when_both_are_given(self, api: Api, channels: dict[str, str]) -> None:
        found = api.get("getChannel", channel="general", channelId=channels["random"]).json()

        assert found["channel"]["name"] == "random"

    @pytest.mark.parametrize(
        "query", [{"channelId": STRANGE_ID}, {"channel": "nowhere"}, {"channel": "#"}, {"channelId": "../x"}]
    )
    def test_does_not_know_what_is_not_there(self, api: Api, query: dict[str, str]) -> None:
        assert_legacy(
            api.get("getChannel", **query), "not_found", text="Could not find channel with that identifier"
        )

    def test_does_not_know_a_channel_of_another_workspace(self, api: Api) -> None:
        (globex,) = [workspace for workspace in pumble.get("workspaces") if workspace["name"] == "Globex"]

        answer = api.get("getChannel", channelId=globex["channels"][0]["id"])

        assert_legacy(answer, "not_found", text="Could not find channel with that identifier")

    @pytest.mark.parametrize("query", [{}, {"channel": ""}, {"channelId": ""}])
    def test_wants_to_be_told_which(self, api: Api, query: dict[str, str]) -> None:
        assert_structured(api.get("getChannel", **query), "validation", 400000, "[must not be null]")


class TestSendMessage:
    def test_posts_as_the_owner_and_names_the_message(
        self, api: Api, ana: Person, channels: dict[str, str]
    ) -> None:
        sent = api.post("sendMessage", {"channel": "general", "text": "hello"})

        assert sent.status_code == 200
        assert sent.headers["Content-Type"] == "application/json; charset=utf-8"
        assert set(sent.json()) == {"id", "channelId"}
        shown = ana.screen(channels["general"])["messages"][-1]
        assert (shown["id"], shown["text"], shown["author"]) == (sent.json()["id"], "hello", ana.id)

    @pytest.mark.parametrize("spelling", ["asBot", "asbot"])
    def test_posts_as_the_bot_when_asked(
        self, api: Api, ana: Person, channels: dict[str, str], spelling: str
    ) -> None:
        api.post("sendMessage", {"channelId": channels["general"], "text": "beep", spelling: True})

        shown = ana.screen(channels["general"])["messages"][-1]
        assert (shown["text"], shown["author"] != ana.id, bool(shown["authorAppId"])) == ("beep", True, True)

    def test_replies_in_a_thread(self, api: Api, ana: Person, channels: dict[str, str]) -> None:
        root = api.post("sendMessage", {"channel": "general", "text": "root"}).json()["id"]

        reply = api.post("sendMessage", {"channel": "general", "text": "reply", "threadRootId": root.upper()})

        assert reply.status_code == 200, reply.text
        (shown,) = [m for m in ana.screen(channels["general"])["messages"] if m["id"] == root]
        assert shown["threadRootInfo"]["repliesCount"] == 1

    def test_passes_blocks_through_untouched(self, api: Api, ana: Person, channels: dict[str, str]) -> None:
        leaf = {"type": "text", "text": "bold", "style": {"bold": True}}
        blocks = [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf]}]}]

        api.post("sendMessage", {"channel": "general", "text": "bold", "blocks": blocks})

        assert ana.screen(channels["general"])["messages"][-1]["blocks"] == blocks

    def test_takes_null_for_absent_and_ignores_what_it_does_not_know(self, api: Api) -> None:
        body = {
            "channel": "general",
            "channelId": None,
            "text": "x",
            "asBot": None,
            "blocks": None,
            "threadRootId": None,
        }

        assert (
            api.post("sendMessage", body | {"attachments": [1], "emoji": {}, "isPrivate": "?"}).status_code
            == 200
        )

    @pytest.mark.parametrize(
        "kind", ["application/x-www-form-urlencoded", "text/plain", "application/json; charset=zlib", ""]
    )
    def test_reads_json_whatever_the_content_type_says(self, api: Api, kind: str) -> None:
        answer = requests.post(
            f"{api.portal}/sendMessage/",
            data=b'{"channel":"general","text":"x"}',
            headers=api.headers | {"Content-Type": kind} if kind else api.headers,
            timeout=5,
        )

        assert answer.status_code == (200 if "zlib" not in kind else answer.status_code)

    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ({"channel": "general"}, "[must not be null]"),
            ({"channel": "general", "text": None}, "[must not be null]"),
            ({"text": "x"}, "[must not be null]"),
            ({}, "[must not be null]"),
            ({"channel": "general", "text": ""}, "[must not be blank]"),
            ({"channel": "general", "text": "x" * 100_001}, None),
            ({"channel": "general", "text": {"a": 1}}, None),
            ({"channel": "general", "text": ["x"]}, None),
            ({"channel": ["general"], "text": "x"}, None),
            ({"channel": "general", "text": "x", "asBot": "perhaps"}, None),
            ({"channel": "general", "text": "x", "blocks": "x"}, None),
            ({"channel": "general", "text": "x", "blocks": ["x"]}, None),
            ({"channel": "general", "text": "x", "threadRootId": "x"}, "[must be an id]"),
        ],
    )
    def test_says_what_is_wrong_with_the_input(
        self, api: Api, body: dict[str, Any], text: str | None
    ) -> None:
        assert_structured(api.post("sendMessage", body), "validation", 400000, text)

    @pytest.mark.parametrize(
        "raw", [b"", b"[]", b'"x"', b"null", b"{", b"\xff{}", b'{"text": NaN}', b"[" * 50_000]
    )
    def test_wants_a_json_object(self, api: Api, raw: bytes) -> None:
        answer = api.post("sendMessage", raw=raw)

        if raw == b"":
            assert_structured(answer, "validation", 400000, "[must not be null]")
        else:
            assert_legacy(answer, "validation", text="Invalid request parameters")

    def test_refuses_a_body_over_one_mebibyte(self, api: Api) -> None:
        assert_legacy(api.post("sendMessage", raw=b"{" + b" " * 2_000_000 + b"}"), "too_large", 413)

    def test_passes_pumbles_own_refusal_on(self, api: Api) -> None:
        answer = api.post("sendMessage", {"channel": "general", "text": "x", "threadRootId": STRANGE_ID})

        assert_structured(answer, "not_found", 404100, "Not found")


class TestPrivateChannels:
    def test_take_and_give_messages_where_owner_and_bot_are_members(self, api: Api) -> None:
        assert api.post("sendMessage", {"channel": "ops", "text": "deployed"}).status_code == 200
        assert api.get("listMessages", channel="ops").json()["messages"][-1]["text"] == "deployed"

    @pytest.mark.parametrize("by", ["name", "id"])
    def test_are_closed_where_the_bot_is_no_member_whichever_way_they_are_named(
        self, api: Api, channels: dict[str, str], by: str
    ) -> None:
        named = {"channel": "board"} if by == "name" else {"channelId": channels["board"]}

        assert api.get("getChannel", **named).status_code == 200
        assert_legacy(api.get("listMessages", **named), "bot_not_in_channel")
        assert_legacy(api.post("sendMessage", named | {"text": "x"}), "bot_not_in_channel")
        assert_legacy(api.post("sendMessage", named | {"text": "x", "asBot": True}), "bot_not_in_channel")

    def test_do_not_exist_for_someone_outside_even_through_the_bot(
        self, portal: str, ana: Person, channels: dict[str, str]
    ) -> None:
        (acme,) = [workspace for workspace in pumble.get("workspaces") if workspace["name"] == "Acme"]
        private = [found for found in acme["channels"] if found["channelType"] == "PRIVATE"]
        outsider = next(
            user
            for user in acme["users"]
            if all(user["id"] not in c["users"] for c in private) and not user["isBot"]
        )
        consent = pumble.act("authorize", userId=outsider["id"])
        assert consent["redirectUrl"]
        call_command("seed", stdout=io.StringIO())
        api = Api(portal, issue(outsider["email"]))

        for found in private:
            for named in ({"channelId": found["id"]}, {"channel": found["name"]}):
                assert_legacy(api.get("listMessages", **named), "not_found")
                assert_legacy(api.post("sendMessage", named | {"text": "x", "asBot": True}), "not_found")


class TestListMessages:
    @pytest.fixture
    def sent(self, api: Api) -> list[str]:
        """Ids of 25 messages in `random`, oldest first."""
        return [
            api.post("sendMessage", {"channel": "random", "text": f"m{n}"}).json()["id"] for n in range(25)
        ]

    def ids(self, answer: requests.Response) -> list[str]:
        assert answer.status_code == 200, answer.text
        assert set(answer.json()) == {"messages", "hasMoreBefore", "hasMoreAfter"}
        return [message["id"] for message in answer.json()["messages"]]

    def test_gives_the_newest_oldest_first_with_both_flags_told(self, api: Api, sent: list[str]) -> None:
        answer = api.get("listMessages", channel="random", limit=10, strategy="AFTER")

        assert self.ids(answer) == sent[-10:]
        assert (answer.json()["hasMoreBefore"], answer.json()["hasMoreAfter"]) == (True, False)

    def test_pages_backwards_without_the_cursor_itself(self, api: Api, sent: list[str]) -> None:
        answer = api.get("listMessages", channel="random", limit=10, cursor=sent[15])

        assert self.ids(answer) == sent[5:15]
        assert (answer.json()["hasMoreBefore"], answer.json()["hasMoreAfter"]) == (True, None)

    def test_pages_forwards_oldest_first(self, api: Api, sent: list[str]) -> None:
        answer = api.get("listMessages", channel="random", limit=3, cursor=sent[15], strategy="after")

        assert self.ids(answer) == sent[16:19]
        assert (answer.json()["hasMoreBefore"], answer.json()["hasMoreAfter"]) == (None, True)

    def test_shows_both_sides_around_the_cursor_and_itself(self, api: Api, sent: list[str]) -> None:
        answer = api.get("listMessages", channel="random", limit=5, cursor=sent[15], strategy="AROUND")

        assert sent[15] in self.ids(answer)
        assert self.ids(answer) == [each for each in sent if each in self.ids(answer)]
        assert (answer.json()["hasMoreBefore"], answer.json()["hasMoreAfter"]) == (True, True)

    def test_is_walked_by_last_item_without_losing_one(self, api: Api, sent: list[str]) -> None:
        found: list[str] = []
        page = self.ids(api.get("listMessages", channel="random", limit=10))
        while new := [each for each in page if each not in found]:
            found += new
            page = self.ids(api.get("listMessages", channel="random", limit=10, cursor=page[-1]))

        assert set(sent) <= set(found)

    @pytest.mark.parametrize("form", ["milliseconds", "iso"])
    @pytest.mark.parametrize("strategy", ["BEFORE", "AFTER", "AROUND"])
    def test_takes_a_moment_for_a_cursor(self, api: Api, form: str, strategy: str) -> None:
        history = api.get("listMessages", channel="general", limit=200).json()["messages"]
        pivot = history[len(history) // 2]
        cursor = str(pivot["timestampMilli"]) if form == "milliseconds" else pivot["timestamp"]

        answer = api.get("listMessages", channel="general", cursor=cursor, strategy=strategy)

        times = [message["timestampMilli"] for message in answer.json()["messages"]]
        wanted = {
            "BEFORE": [m["timestampMilli"] for m in history if m["timestampMilli"] < pivot["timestampMilli"]],
            "AFTER": [m["timestampMilli"] for m in history if m["timestampMilli"] > pivot["timestampMilli"]],
            "AROUND": [m["timestampMilli"] for m in history],
        }[strategy]
        assert times == wanted

    def test_gives_nothing_beyond_the_ends(self, api: Api) -> None:
        assert api.get("listMessages", channel="general", cursor="1").json() == {
            "messages": [],
            "hasMoreBefore": False,
            "hasMoreAfter": None,
        }
        assert self.ids(api.get("listMessages", channel="general", cursor="9" * 13, strategy="AFTER")) == []

    @pytest.mark.parametrize("limit", ["0", "-1", "abc", "1.5", ""])
    def test_refuses_a_limit_that_is_none(self, api: Api, limit: str) -> None:
        answer = api.get("listMessages", channel="general", limit=limit)

        if limit == "":
            assert answer.status_code == 200
        else:
            assert_structured(answer, "validation", 400000)

    def test_takes_a_larger_limit_for_the_largest(self, api: Api) -> None:
        assert api.get("listMessages", channel="general", limit=1000, cursor="").status_code == 200

    @pytest.mark.parametrize(
        "query", [{"cursor": "yesterday"}, {"cursor": STRANGE_ID}, {"strategy": "SIDEWAYS"}]
    )
    def test_refuses_an_unknown_cursor_or_strategy(self, api: Api, query: dict[str, str]) -> None:
        assert_structured(api.get("listMessages", channel="general", **query), "validation", 400000)

    def test_gives_every_message_the_fields_clients_insist_on(self, api: Api) -> None:
        for message in api.get("listMessages", channel="general").json()["messages"]:
            assert all(
                isinstance(message[name], str)
                for name in ("id", "channelId", "workspaceId", "author", "text")
            )
            assert message["timestampMilli"] % 1000 == 0
            assert all(
                isinstance(message[name], list)
                for name in ("attachments", "files", "linkPreviews", "reactions")
            )


class TestEveryOperation:
    OPERATIONS = {
        "listChannels": "GET",
        "getChannel": "GET",
        "listMessages": "GET",
        "myInfo": "GET",
        "sendMessage": "POST",
    }

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_refuses_other_methods_in_json_and_names_the_right_one(self, api: Api, operation: str) -> None:
        right = self.OPERATIONS[operation]
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - {right}:
            answer = requests.request(method, f"{api.portal}/{operation}", headers=api.headers, timeout=5)
            assert_legacy(answer, "method_not_allowed", 405)
            assert answer.headers["Allow"] == right

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_answers_json_whatever_is_accepted_and_never_redirects(self, api: Api, operation: str) -> None:
        for path in (operation, f"{operation}/", f"{operation}?format=api"):
            headers = api.headers | {"Accept": "text/html"}
            answer = requests.request(
                self.OPERATIONS[operation],
                f"{api.portal}/{path}",
                headers=headers,
                timeout=5,
                allow_redirects=False,
            )
            assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
            assert answer.status_code in {200, 403}

    def test_refuses_a_query_of_more_fields_than_anybody_needs(self, api: Api) -> None:
        assert_legacy(
            api.get("getChannel", **{f"field{number}": "x" for number in range(1001)}), "validation"
        )

    @pytest.mark.parametrize("operation", OPERATIONS)
    @pytest.mark.parametrize("session", ["x" * 32, "x"])
    def test_is_never_opened_by_a_session(self, api: Api, operation: str, session: str) -> None:
        answer = requests.request(
            self.OPERATIONS[operation],
            f"{api.portal}/{operation}",
            cookies={"sessionid": session, "csrftoken": "x", "language": "es"},
            headers={"Accept-Language": "es"},
            timeout=5,
        )

        assert_legacy(answer, "key_missing")
        assert not {"Set-Cookie", "Vary", "Content-Language"} & answer.headers.keys()

    def test_keeps_a_sane_request_id_and_replaces_any_other(self, api: Api) -> None:
        api.headers["X-Request-Id"] = "my-trace-0001"
        assert api.get("myInfo").headers["X-Request-Id"] == "my-trace-0001"
        for insane in ("short", "a" * 65, "has blanks in it", "<script>alert(1)</script>"):
            api.headers["X-Request-Id"] = insane
            assert api.get("myInfo").headers["X-Request-Id"] != insane


class TestAnErrorOfPumble:
    @pytest.mark.parametrize(
        ("fault", "times"),
        [
            ("status:500", 1),
            ("status:503", 1),
            ("garbage", 1),
            ("html", 1),
            ("redirect", 1),
            ("drop", 2),  # where the connection breaks, a read is tried once more
            ("truncate", 2),
        ],
    )
    def test_is_told_in_the_contracts_shape(self, api: Api, fault: str, times: int) -> None:
        pumble.faults({"match": "GET /v1/workspaceUsers/*", "do": fault, "times": times})

        assert_legacy(api.get("myInfo"), "pumble_unavailable", 502)
        assert api.get("myInfo").status_code == 200

    def test_with_its_own_limit_says_when_to_come_back(self, api: Api) -> None:
        pumble.faults({"match": "GET /v1/workspaceUsers/*", "do": "rate_limit:7", "times": 1})

        answer = api.get("myInfo")

        assert_legacy(answer, "pumble_rate_limited", 429)
        assert answer.headers["Retry-After"] == "7"

    def test_of_taking_too_long_ends_within_ten_seconds(self, api: Api) -> None:
        pumble.faults({"match": "GET /v1/workspaceUsers/*", "do": "delay:20", "times": 1})
        began = time.monotonic()

        assert_legacy(api.get("myInfo"), "pumble_timeout", 504)

        assert time.monotonic() - began < 10

    def test_with_a_dead_token_is_the_owners_matter(self, api: Api, ana: Person) -> None:
        pumble.faults({"match": "GET /v1/workspaceUsers/*", "do": "status:401", "times": 1})

        assert_legacy(api.get("myInfo"), "owner_not_authorized")

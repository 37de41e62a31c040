"""The lookup: what a key, a key id, a request id or the link of a message is about. Dashboard, admin and command line."""

import html
import io
import json
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from keys import lifecycle
from keys.models import ApiKey, AuditEvent, HourlyUse, Member, RequestLog
from pumble_bridge import explanations
from tests.conftest import make_member
from tests.portal.dashboard import browser_of, by, make_key, text, used, words

CHANNEL, MESSAGE = "c" * 24, "d" * 24
LINK = "https://app.pumble.com/workspace/{workspace}/{channel}/{message}"


def call(key: ApiKey, request_id: str = "request-0001", **fields: Any) -> RequestLog:
    usual: dict[str, Any] = {
        "at": timezone.now(),
        "operation": "sendMessage",
        "outcome": "ok",
        "status": 200,
        "duration_ms": 12,
    }
    return RequestLog.objects.create(key=key, request_id=request_id, **usual | fields)


def posted(key: ApiKey, **fields: Any) -> RequestLog:
    return call(key, **{"channel_id": CHANNEL, "message_id": MESSAGE, "speaker": "BOT"} | fields)


def link_of(member: Member, **parts: str) -> str:
    assert member.workspace is not None
    usual = {"workspace": member.workspace.pumble_id, "channel": CHANNEL, "message": MESSAGE}
    return LINK.format(**usual | parts)


def plaintext_of(member: Member, name: str) -> str:
    key, plaintext = lifecycle.issue(owner=member, name=name, by=by(member), now=timezone.now())
    lifecycle.confirm(key=key, by=by(member), now=timezone.now())
    return plaintext.text


@pytest.fixture
def alices(alice: Member) -> Client:
    return browser_of(alice)


@pytest.fixture
def key(alice: Member) -> ApiKey:
    return make_key(alice)


class TestACall:
    def test_is_explained_to_the_holder_of_its_key(self, alices: Client, key: ApiKey) -> None:
        at = timezone.now().replace(microsecond=0) - timedelta(hours=3)
        call(key, at=at, outcome="validation", hint="fields:text", status=403, channel_id=CHANNEL)

        page = words(alices.get("/lookup/request-0001/"))

        assert "sendMessage with the key “deploy”" in page
        assert "These fields were missing or wrong: text." in page
        assert at.strftime("%H:%M:%S UTC") in page
        assert f"Channel ID {CHANNEL}" in page
        assert "Request ID request-0001" in page

    def test_that_lacked_a_scope_names_it(self, alices: Client, key: ApiKey) -> None:
        call(key, outcome="scope_missing", hint="scope:messages:write")

        assert "The missing scope is messages:write ." in words(alices.get("/lookup/request-0001/"))

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"is_dry_run": True}, "This was a dry run"),
            ({"is_dry_run": True, "outcome": "validation"}, "This was a dry run"),
            ({"is_replay": True}, "This call repeated an earlier one"),
            ({"outcome": "not_found", "outcome_case": "unknown_channel"}, "No channel has this id or name"),
        ],
    )
    def test_says_what_was_special_about_it(
        self, alices: Client, key: ApiKey, fields: dict[str, Any], said: str
    ) -> None:
        call(key, **fields)

        page = words(alices.get("/lookup/request-0001/"))

        assert said in page
        assert "The call succeeded." not in page

    def test_is_found_in_the_answer_of_the_api(self, alices: Client, key: ApiKey) -> None:
        call(key, "request-0001", outcome="key_expired")
        pasted = json.dumps(
            {"error": "API key expired", "reason": "key_expired", "requestId": "request-0001"}
        )

        assert "Request ID request-0001" in words(alices.post("/lookup/", {"text": pasted}))

    def test_of_a_client_that_names_them_all_alike_is_listed_with_the_others(
        self, alices: Client, key: ApiKey
    ) -> None:
        for operation in ("myInfo", "sendReply"):
            call(key, operation=operation)

        page = words(alices.get("/lookup/request-0001/"))

        assert "myInfo with the key" in page
        assert "sendReply with the key" in page


class TestAMessage:
    @pytest.mark.parametrize("form", ["link", "link of a reply", "id"])
    def test_leads_its_owner_to_the_key_that_posted_it(
        self, alices: Client, alice: Member, key: ApiKey, form: str
    ) -> None:
        posted(key)
        posted(make_key(alice, "editor"), operation="addReaction", request_id="request-0002")
        typed = {
            "link": link_of(alice),
            "link of a reply": link_of(alice, message=f"{'e' * 24}/{MESSAGE}?thread=open"),
            "id": MESSAGE,
        }[form]

        page = words(alices.post("/lookup/", {"text": f"who wrote {typed}"}))

        assert f"This call posted the message {MESSAGE} ." in page
        assert "Sent as the app's bot" in page
        assert "editor" not in page

    @pytest.mark.parametrize("form", ["link", "id"])
    def test_that_was_often_changed_is_explained_by_its_first_calls(
        self, alices: Client, alice: Member, key: ApiKey, form: str
    ) -> None:
        ApiKey.objects.update(retires_at=timezone.now() - timedelta(days=1))
        for number in range(60):
            posted(key, request_id=f"request-{number:04}", operation="editMessage")
        sent = {"link": link_of(alice), "id": MESSAGE}[form]

        with CaptureQueriesContext(connection) as queries:
            page = words(alices.post("/lookup/", {"text": sent}))

        assert page.count("This call changed the message") == explanations.MAX_EXPLANATIONS
        assert len(queries) < 2 * explanations.MAX_EXPLANATIONS

    def test_of_another_workspace_is_unknown(self, alices: Client, key: ApiKey, alice: Member) -> None:
        posted(key)

        elsewhere = alices.post("/lookup/", {"text": link_of(alice, workspace="b" * 24)})

        assert elsewhere.status_code == 404
        assert f"No call that you may see posted the message {MESSAGE}" in words(elsewhere)

    def test_that_was_not_posted_is_unknown(self, alices: Client, key: ApiKey, alice: Member) -> None:
        posted(key, outcome="not_found")
        posted(key, is_dry_run=True)

        assert alices.post("/lookup/", {"text": link_of(alice)}).status_code == 404

    def test_is_asked_for_where_a_link_names_a_channel(self, alices: Client, alice: Member) -> None:
        assert "names no message" in words(alices.post("/lookup/", {"text": link_of(alice, message="")}))


class TestAKey:
    def test_is_explained_by_its_id(self, alices: Client, key: ApiKey) -> None:
        HourlyUse.objects.create(key=key, hour=timezone.now(), outcome="scope_missing", count=4)

        for typed in (key.key_id, f"pmb_{key.key_id}"):
            page = words(alices.post("/lookup/", {"text": f"this one: {typed}."}))
            assert "Key “deploy” The key works. It made 4 calls in the last 7 days, 4 refused." in page
            assert "Can do everything as" in page

    def test_that_is_revoked_tells_when_by_whom_and_why_and_nothing_it_could_do(
        self, alices: Client, key: ApiKey, olivia: Member
    ) -> None:
        reason = ApiKey.RevokeReason.BY_ADMINISTRATOR
        lifecycle.revoke(key=key, by=by(olivia), reason=reason, note="seen in a log", now=timezone.now())
        call(key, outcome="key_revoked")

        for typed in (key.key_id, "request-0001"):
            page = words(alices.get(f"/lookup/{typed}/"))
            assert "olivia revoked the key on" in page
            assert "revoked by an administrator. The reason given: “seen in a log”." in page
            assert "Can do" not in page

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"disabled_at": timezone.now()}, "The key was disabled on"),
            ({"expires_at": timezone.now() - timedelta(days=1)}, "The key expired on"),
            ({"retires_at": timezone.now() - timedelta(days=1)}, "replaced this key"),
            ({"retires_at": timezone.now() + timedelta(days=1)}, "replaces this key"),
            ({"confirmed_at": None}, "It is not certain that its owner has received it."),
        ],
    )
    def test_tells_its_state(self, alices: Client, key: ApiKey, change: dict[str, Any], said: str) -> None:
        ApiKey.objects.update(**change)

        assert said in words(alices.get(f"/lookup/{key.key_id}/"))

    def test_pasted_whole_is_named_and_neither_revoked_nor_repeated(
        self, alices: Client, alice: Member, log_lines: io.StringIO
    ) -> None:
        plaintext = plaintext_of(alice, "nightly report")

        page = alices.post("/lookup/", {"text": f"KEY={plaintext}"})

        assert "Key “nightly report”" in words(page)
        assert plaintext[17:] not in text(page) + log_lines.getvalue() + str(dict(alices.session))
        assert ApiKey.objects.get().revoked_at is None
        assert AuditEvent.objects.filter(type=AuditEvent.Type.KEY_IDENTIFIED).count() == 1

    def test_among_ten_in_a_text_is_told_from_those_of_others(
        self, alices: Client, alice: Member, bob: Member, mallory: Member
    ) -> None:
        own = [plaintext_of(alice, f"mine {number}") for number in range(5)]
        others = [plaintext_of(who, f"theirs {who.name} {n}") for who in (bob, mallory) for n in range(2)]
        fake = own[0][:17] + "A" * 38

        page = words(alices.post("/lookup/", {"text": " ".join([*own, *others, fake])}))

        assert [f"mine {number}" in page for number in range(5)] == [True] * 5
        assert "theirs" not in page
        assert "4 more keys in the text are none that you may see." in page
        recorded = AuditEvent.objects.filter(type=AuditEvent.Type.KEY_IDENTIFIED)
        assert set(recorded.values_list("key__owner__name", flat=True)) == {
            "alice",
            "bob",
        }  # who has whose key

    @pytest.mark.parametrize("path", ["/lookup/{}/", "/admin/lookup/{}/"])
    def test_in_an_address_is_not_looked_up(self, olivia: Member, path: str) -> None:
        plaintext = plaintext_of(olivia, "a")

        answer = browser_of(olivia).get(path.format(plaintext))

        assert plaintext[17:] not in answer["Location"]


class TestWhatSomebodyMaySee:
    @pytest.mark.parametrize("what", ["key id", "request id", "message", "link", "key"])
    def test_of_others_is_the_answer_to_an_unknown_one(
        self, alice: Member, bob: Member, mallory: Member, what: str
    ) -> None:
        plaintext = plaintext_of(alice, "alices")
        key = ApiKey.objects.get()
        posted(key)
        known, unknown = {
            "key id": (key.key_id, "z" * 12),
            "request id": ("request-0001", "request-9999"),
            "message": (MESSAGE, "9" * 24),
            "link": (link_of(alice), link_of(alice, message="9" * 24)),
            "key": (plaintext, plaintext_of(make_member(mallory.workspace, "m"), "x")),  # type: ignore[arg-type]
        }[what]

        for who, path in [(bob, "/lookup/"), (mallory, "/lookup/"), (mallory, "/admin/lookup/")]:
            browser = browser_of(who)
            if who is mallory and what == "key":
                continue  # the second key is of her workspace
            answers = [browser.post(path, {"text": typed}) for typed in (known, unknown)]
            assert [answer.status_code for answer in answers] == [404, 404]
            said = [words(answer) for answer in answers]
            for old, new in ((MESSAGE, "9" * 24), (key.key_id, "z" * 12), ("request-0001", "request-9999")):
                said[0] = said[0].replace(old, new)
            assert said[0] == said[1]

    def test_as_an_administrator_is_their_workspaces(
        self, olivia: Member, key: ApiKey, alice: Member
    ) -> None:
        posted(key)

        for path in ("/lookup/", "/admin/lookup/"):
            page = browser_of(olivia).post(path, {"text": link_of(alice)})
            assert "Holder alice" in words(page)
            assert f'href="/admin/keys/apikey/{key.pk}/change/"' in text(page)

    def test_as_an_operator_is_everything_and_recorded(self, key: ApiKey) -> None:
        root = browser_of(
            Member.objects.create_superuser("root", "a long enough password"),
            backend="portal.signin.OperatorSignIn",
        )
        call(key)

        led = root.get("/lookup/request-0001/")
        page = words(root.get(led["Location"]))

        assert "Holder alice Workspace Acme" in page
        assert AuditEvent.objects.get(type="operator.looked").detail["page"] == "lookup"

    @pytest.mark.parametrize("sent", ["a" * 100_000, "a://" * 25_000, "/workspace/" * 9_000])
    def test_in_a_long_text_is_answered_at_once(self, alices: Client, sent: str) -> None:
        begin = time.process_time()

        answer = alices.post("/lookup/", {"text": sent})

        assert answer.status_code == 404
        assert time.process_time() - begin < 3

    @pytest.mark.parametrize(
        "sent", ["", " ", "\x00", "short", "x" * 200_000, "pmb_abc", "é" * 70, "%00" * 30]
    )
    def test_in_a_text_without_an_id_is_nothing(self, alices: Client, sent: str) -> None:
        answer = alices.post("/lookup/", {"text": sent})

        assert answer.status_code in {400, 404}
        assert 'role="alert"' in text(answer)


class TestTheCommand:
    def explain(self, *arguments: str) -> str:
        out = io.StringIO()
        call_command("explain", *arguments, stdout=out)
        return out.getvalue()

    def test_tells_the_same_as_the_pages(self, alices: Client, key: ApiKey) -> None:
        call(key, outcome="validation", hint="fields:text", message_id=MESSAGE)

        told = self.explain("request-0001")
        (found,) = json.loads(self.explain("request-0001", "--json"))

        assert "These fields were missing or wrong: text." in told
        assert found["explanation"] in told
        assert (found["kind"], found["id"], found["outcome"]) == ("call", "request-0001", "validation")
        assert found["facts"]["keyId"] == key.key_id
        assert found["facts"]["at"].endswith("Z")
        page = words(alices.get("/lookup/request-0001/"))
        assert found["explanation"].partition(". ")[0] in page

    def test_refuses_what_it_does_not_know(self, key: ApiKey) -> None:
        with pytest.raises(CommandError, match="has the ID request-0001"):
            self.explain("request-0001")

    def test_does_not_take_a_whole_key(self, alice: Member) -> None:
        plaintext = plaintext_of(alice, "a")
        with pytest.raises(CommandError, match="rotate it") as refused:
            self.explain(plaintext)
        assert plaintext[17:] not in str(refused.value)


class TestInSpanish:
    def test_everything_is_said_in_spanish(self, alice: Member, key: ApiKey) -> None:
        posted(key)
        browser = browser_of(alice)

        page = words(browser.post("/lookup/", {"text": MESSAGE}, headers={"accept-language": "es"}))

        with translation.override("es"):
            said = translation.gettext("This call posted the message `%(id)s`.").partition("`")[0]
        assert said.strip() in page
        assert "This call" not in page


class TestUseInTheAdmin:
    def test_names_the_busiest_keys_of_today(self, olivia: Member, alice: Member, bob: Member) -> None:
        for owner, name, calls in ((alice, "busy", 40), (bob, "quiet", 2)):
            used(make_key(owner, name), ago=timedelta(0), calls=calls)
        used(ApiKey.objects.get(name="busy"), ago=timedelta(0), outcome="scope_missing", calls=3)
        used(make_key(bob, "yesterday"), ago=timedelta(days=2), calls=99)

        page = words(browser_of(olivia).get("/admin/"))

        busiest = page.partition("Busiest keys today")[2].partition("Calls in the last 30 days")[0]
        assert "busy alice 43 3 quiet bob 2 0" in busiest
        assert "yesterday" not in busiest

    def test_sorts_keys_by_their_calls(self, olivia: Member, alice: Member) -> None:
        for name, calls in (("quiet", 1), ("busy", 90), ("usual", 5)):
            used(make_key(alice, name), calls=calls)
        browser = browser_of(olivia)
        link = re.search(r'href="([^"]+)">Calls in 30 days', text(browser.get("/admin/keys/apikey/")))
        assert link

        rising = words(browser.get("/admin/keys/apikey/" + html.unescape(link[1])))

        assert rising.index("quiet") < rising.index("usual") < rising.index("busy")

    def test_shows_the_calls_of_each_hour_by_outcome(self, olivia: Member, key: ApiKey) -> None:
        used(key, ago=timedelta(hours=1), calls=7)
        used(key, ago=timedelta(hours=1), outcome="scope_missing", calls=2)
        used(key, ago=timedelta(0), outcome="dry_run", calls=1)
        browser = browser_of(olivia)

        everything = browser.get("/admin/keys/hourlyuse/")
        refused = words(browser.get("/admin/keys/hourlyuse/?outcome=refused"))

        assert "Calls an hour: 8 worked, 2 were refused." in text(everything)
        assert "Worked: 7 , Scope missing: 2" in words(everything)
        assert "Dry run: 1" in words(everything)
        assert "Scope missing: 2" in refused
        assert "Worked: 7" not in refused

    @pytest.mark.parametrize(
        ("outcome", "operations"),
        [
            ("ok", {"sendMessage"}),
            ("dry_run", {"sendReply"}),
            ("replay", {"dmUser"}),
            ("refused", {"dmGroup"}),
            ("validation", {"dmGroup"}),
        ],
    )
    def test_filters_calls_by_what_they_did(
        self, olivia: Member, key: ApiKey, outcome: str, operations: set[str]
    ) -> None:
        call(key)
        call(key, operation="sendReply", is_dry_run=True)
        call(key, operation="dmUser", is_replay=True)
        call(key, operation="dmGroup", outcome="validation", is_dry_run=True)
        every = {"sendMessage", "sendReply", "dmUser", "dmGroup"}

        page = text(browser_of(olivia).get(f"/admin/keys/requestlog/?outcome={outcome}"))
        own = text(browser_of(key.owner).get(f"/keys/{key.key_id}/?outcome={outcome}"))

        assert {name for name in every if f"<code>{name}</code>" in page} == operations
        if f'<option value="{outcome}"' in own:
            assert {name for name in every if f"<code>{name}</code>" in own} == operations

    def test_shows_a_call_to_the_second_with_its_whole_id_to_copy(self, olivia: Member, key: ApiKey) -> None:
        row = call(key, "a" * 60)

        for path in ("/admin/keys/requestlog/", f"/admin/keys/requestlog/{row.pk}/change/"):
            page = browser_of(olivia).get(path)
            assert f'data-copy-text="{"a" * 60}"' in text(page)
            assert row.at.strftime("%H:%M:%S UTC") in words(page)

    def test_labels_the_cells_of_lists_for_phones(self, olivia: Member, key: ApiKey) -> None:
        call(key)

        page = text(browser_of(olivia).get("/admin/keys/requestlog/"))

        assert re.search(
            r'<td data-label="Operation" class="field-operation_name[^"]*"><code>sendMessage', page
        )

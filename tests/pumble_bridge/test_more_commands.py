"""The subcommands other than generate, list and delete, as users type them."""

from datetime import timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone

from keys import lifecycle, policies, scopes, usage
from keys.audit import OPERATOR
from keys.models import ApiKey, Member, Workspace
from keys.policies import PolicyValues
from tests.pumble import Person
from tests.pumble_bridge.screens import get_member, issue, key_in

pytestmark = pytest.mark.django_db(transaction=True)


def call(portal: str, key: str, path: str = "/myInfo") -> requests.Response:
    answer = requests.get(f"{portal}{path}", headers={"ApiKey": key}, timeout=10)
    usage.recorder.flush()
    return answer


def say(person: Person, channel: str, line: str) -> str:
    """What the bot says to `/api-keys line`."""
    return str(person.type(channel, f"/api-keys {line}")["ephemeral"][-1]["text"])


class TestGenerateWithFlags:
    @pytest.mark.parametrize(
        ("flags", "held"),
        [
            ("--read-only", scopes.READ_ONLY),
            ("—read-only", scopes.READ_ONLY),
            ("--post", scopes.in_order(scopes.POST_MESSAGES)),
            ("--full", scopes.ALL),
            ("--scopes messages:write,user:read", ["messages:write", "user:read"]),
            ("--scopes=messages:write, user:read", ["messages:write", "user:read"]),
            ("", scopes.ALL),
        ],
    )
    def test_makes_a_key_that_can_do_that_and_says_so(
        self, ana: Person, general: str, flags: str, held: Any
    ) -> None:
        reply = say(ana, general, f'generate "deploy bot" {flags} --expires 30d')

        row = ApiKey.objects.get()
        assert (row.name, row.scopes) == ("deploy bot", list(held))
        assert row.expires_at is not None
        assert timedelta(days=29) < row.expires_at - timezone.now() <= timedelta(days=30)
        assert "Can " in reply
        assert " until " in reply

    @pytest.mark.parametrize(
        "line", ["generate --colour red ci", "generate ci --readonly", "rotate ci --expires 7d"]
    )
    def test_lists_the_flags_for_an_unknown_one(self, ana: Person, general: str, line: str) -> None:
        reply = say(ana, general, line)

        assert "Unknown flag --" in reply
        assert ("--read-only" in reply) == line.startswith("generate")
        assert ("--grace" in reply) == line.startswith("rotate")
        assert not ApiKey.objects.exists()

    @pytest.mark.parametrize(
        ("flags", "reply"),
        [
            ("--expires", "needs a value"),
            ("--expires --post", "needs a value"),
            ("--expires soon", "number of days"),
            ("--expires 0d", "number of days"),
            ("--expires 99999d", "number of days"),
            ("--read-only --post", "Use only one of these flags: --read-only, --post"),
            ("--scopes messages:fly", "The scope messages:fly does not exist"),
            ("--scopes ,", "Choose at least one thing"),
        ],
    )
    def test_says_what_is_wrong_with_one(self, ana: Person, general: str, flags: str, reply: str) -> None:
        assert reply in say(ana, general, f"generate ci {flags}")
        assert not ApiKey.objects.exists()

    def test_stays_within_what_the_workspace_allows(self, ana: Person, general: str) -> None:
        workspace = Workspace.objects.get(pumble_id=ana.workspace_id)
        terms = PolicyValues(
            allowed_scopes=list(scopes.READ_ONLY), max_lifetime=timedelta(days=45), allows_no_expiry=False
        )
        policies.change_policy(workspace=workspace, values=terms, by=OPERATOR, now=timezone.now())

        assert "does not allow the scopes" in say(ana, general, "generate ci --full")
        assert "at most 45 days" in say(ana, general, "generate ci --expires 60d")
        assert "at most 45 days" in say(ana, general, "generate ci --expires never")
        say(ana, general, "generate ci")

        row = ApiKey.objects.get()
        assert row.scopes == list(scopes.READ_ONLY)
        assert row.expires_at is not None


class TestRotate:
    def test_gives_a_new_key_and_leaves_the_old_one_its_grace(
        self, portal: str, ana: Person, general: str
    ) -> None:
        _, old = issue(ana, "ci")

        reply = say(ana, general, "rotate ci --grace 1h")

        assert "The old key works until" in reply
        assert call(portal, key_in(reply)).status_code == 200
        assert call(portal, old.text).status_code == 200

    def test_at_once_refuses_the_old_one(self, portal: str, ana: Person, general: str) -> None:
        _, old = issue(ana, "ci")

        say(ana, general, "rotate ci --grace now")

        assert call(portal, old.text).json()["reason"] == "key_rotated"

    def test_says_which_graces_there_are(self, ana: Person, general: str) -> None:
        issue(ana, "ci")

        assert "now, 1h, 24h, 7d" in say(ana, general, "rotate ci --grace 2h")

    def test_of_a_disabled_key_says_to_enable_it(self, ana: Person, general: str) -> None:
        issue(ana, "ci")
        say(ana, general, "disable ci")

        assert "Enable it first" in say(ana, general, "rotate ci")


class TestDisablingAndEnabling:
    def test_change_whether_the_key_works(self, portal: str, ana: Person, general: str) -> None:
        key, plaintext = issue(ana, "deploy bot")

        disabled = say(ana, general, 'disable "deploy bot"')
        assert key.key_id in disabled
        assert call(portal, plaintext.text).json()["reason"] == "key_disabled"
        say(ana, general, f"enable {key.key_id}")

        assert call(portal, plaintext.text).status_code == 200

    def test_cannot_be_undone_if_an_administrator_disabled_it(
        self, ana: Person, ben: Person, general: str
    ) -> None:
        key, _ = issue(ben, "ci")
        Member.objects.filter(pumble_user_id=ben.id).update(role="USER")
        lifecycle.disable(key=key, by=OPERATOR, now=timezone.now())

        reply = say(ben, general, "enable ci")

        assert "An administrator disabled this key. Only an owner or administrator can enable it." in reply


class TestNaming:
    def test_renames_with_and_without_quotes(self, ana: Person, general: str) -> None:
        issue(ana, "ci")

        assert "Renamed “ci” to “deploy bot”" in say(ana, general, 'rename ci "deploy bot"')
        assert "Renamed “deploy bot” to “ci”" in say(ana, general, "rename “deploy bot” ci")

    @pytest.mark.parametrize("words", ["", "ci", "ci deploy bot"])
    def test_says_how_to_rename(self, ana: Person, general: str, words: str) -> None:
        issue(ana, "ci")

        assert "in quotes" in say(ana, general, f"rename {words}".strip())
        assert ApiKey.objects.get().name == "ci"

    @pytest.mark.parametrize("typed", ["depl", "deploy", "delpoy bot", "deploybot"])
    @pytest.mark.parametrize("verb", ["delete", "rotate", "disable"])
    def test_asks_whether_a_similar_key_is_meant_and_changes_none(
        self, ana: Person, general: str, verb: str, typed: str
    ) -> None:
        key, _ = issue(ana, "deploy bot")
        issue(ana, "other")

        reply = say(ana, general, f"{verb} {typed}")

        assert f"Did you mean deploy bot ({key.key_id})? Then type: /api-keys {verb} {key.key_id}" in reply
        assert not ApiKey.objects.exclude(revoked_at=None, disabled_at=None, replaces=None).exists()

    def test_suggests_the_whole_rename(self, ana: Person, general: str) -> None:
        key, _ = issue(ana, "deploy bot")

        reply = say(ana, general, 'rename deploy "prod bot"')

        assert f'/api-keys rename {key.key_id} "prod bot"' in reply

    def test_lists_the_candidates_of_an_ambiguous_one(self, ana: Person, general: str) -> None:
        one, _ = issue(ana, "deploy one")
        two, _ = issue(ana, "deploy two")

        reply = say(ana, general, "delete deploy")

        assert f"deploy one ({one.key_id})" in reply
        assert f"deploy two ({two.key_id})" in reply
        assert not ApiKey.objects.filter(revoked_at__isnull=False).exists()


class TestUsage:
    def test_counts_calls_and_refusals(self, portal: str, ana: Person, general: str) -> None:
        _, used = issue(ana, "busy", scopes=["user:read"])
        issue(ana, "idle")
        call(portal, used.text)
        call(portal, used.text, "/listChannels")

        reply = say(ana, general, "usage")

        assert "busy: 2 calls, 1 of them refused (scope_missing 1), last used" in reply
        assert "idle: 0 calls, never used." in reply
        assert "idle" not in say(ana, general, "usage busy")

    def test_tells_a_key_from_its_successor(self, portal: str, ana: Person, general: str) -> None:
        old, _ = issue(ana, "ci")
        say(ana, general, "rotate ci")

        reply = say(ana, general, "usage")

        assert f"ci {old.masked}: 0 calls" in reply
        assert "ci: 0 calls" in reply

    def test_of_another_member_is_not_shown(self, ana: Person, ben: Person, general: str) -> None:
        issue(ana, "ci")

        assert "no key “ci”" in say(ben, general, "usage ci")
        assert "No keys yet" in say(ben, general, "usage")


class TestWhy:
    @pytest.fixture
    def refused(self, portal: str, ben: Person) -> str:
        """The id of a refused call of Ben's, who is no administrator here."""
        Member.objects.filter(pumble_user_id=ben.id).update(role="USER")
        _, plaintext = issue(ben, "bens", scopes=["user:read"])
        return str(call(portal, plaintext.text, "/listChannels").json()["requestId"])

    def test_shows_the_owner_cause_and_fix(self, ben: Person, general: str, refused: str) -> None:
        reply = say(ben, general, f"why {refused}")

        assert "listChannels with the key “bens”" in reply
        assert "The key works, but does not have the scope of this operation." in reply
        assert "The missing scope is channels:list. Use a key that has it, or create one." in reply
        assert "Permissions of this key: Can see channels and people" in reply

    @pytest.mark.parametrize("language", ["en", "es"])
    def test_repeats_what_was_wrong_with_the_body(
        self, portal: str, ana: Person, general: str, language: str
    ) -> None:
        _, plaintext = issue(ana, "anas")
        headers = {"ApiKey": plaintext.text}
        answer = requests.post(f"{portal}/sendMessage", b"text=geheim", headers=headers, timeout=10).json()
        say(ana, general, f"language {language}")
        usage.recorder.flush()

        reply = say(ana, general, f"why {answer['requestId']}")

        assert (answer["hint"] in reply) is (language == "en")
        assert ("El cuerpo es un formulario. Envía JSON:" in reply) is (language == "es")
        assert "geheim" not in reply

    def test_shows_a_workspace_owner_whose_key_it_was(
        self, ana: Person, ben: Person, general: str, refused: str
    ) -> None:
        assert f"Holder: {ben.name}" in say(ana, general, f"why {refused}")

    def test_is_refused_to_a_colleague(self, ana: Person, general: str, refused: str) -> None:
        Member.objects.filter(pumble_user_id=ana.id).update(role="USER")

        assert "No key, call or message that you may see has the ID" in say(ana, general, f"why {refused}")

    def test_is_refused_to_an_owner_of_another_workspace(
        self, ana: Person, ben: Person, general: str, refused: str
    ) -> None:
        other = Workspace.objects.create(
            pumble_id="e" * 24, name="E", installed_at=timezone.now(), created_at=timezone.now()
        )
        stranger = Member.objects.create(
            workspace=other, pumble_user_id="e" * 24, username="e", name="E", authorized_at=timezone.now()
        )
        ApiKey.objects.update(owner=stranger)

        assert "No key, call or message that you may see has the ID" in say(ana, general, f"why {refused}")

    def test_tells_the_story_of_a_key(self, ana: Person, general: str) -> None:
        issue(ana, "ci")
        key_id = ApiKey.objects.get(name="ci").key_id

        reply = say(ana, general, f"why pmb_{key_id}")

        assert "Key “ci”" in reply
        assert "The key works." in reply
        assert key_id in reply

    @pytest.mark.parametrize("words", ["", "two words"])
    def test_asks_for_the_id(self, ana: Person, general: str, words: str) -> None:
        assert "request ID" in say(ana, general, f"why {words}".strip())


class TestLanguage:
    def test_is_stored(self, ana: Person, general: str) -> None:
        say(ana, general, "language es")

        assert get_member(ana).language == "es"
        assert "Choose one of" not in say(ana, general, "language en")

    @pytest.mark.parametrize("words", ["", "fr", "es en"])
    def test_says_which_there_are(self, ana: Person, general: str, words: str) -> None:
        assert "Choose one of en, es." in say(ana, general, f"language {words}".strip())
        assert get_member(ana).language == ""


class TestListing:
    def test_says_of_each_key_what_it_can_do_its_state_and_last_use(
        self, portal: str, ana: Person, general: str
    ) -> None:
        _, plaintext = issue(ana, "ci", scopes=["messages:write", "user:read"])
        call(portal, plaintext.text)
        issue(ana, "old")
        say(ana, general, "disable old")

        reply = say(ana, general, "list")

        assert "active · last used" in reply
        assert "Can post as you; never expires. Cannot read messages." in reply
        assert "disabled · never used. Can do everything as you" in reply

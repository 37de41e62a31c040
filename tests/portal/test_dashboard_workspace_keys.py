"""The dashboard's pages of workspace keys: who finds them, what they show, and who is responsible afterwards."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from keys import audit, lifecycle, membership
from keys.lifecycle import GRACE_PERIODS
from keys.models import ApiKey, AuditEvent, Member, Workspace
from portal.dashboard import key_changes, key_creation
from pumble_bridge.models import Installation
from tests.conftest import BOT_USER_ID, NOW, make_member, make_workspace_key
from tests.portal.dashboard import browser_of, make_key, nonce, plaintext_in, set_policy, text, words

pytestmark = pytest.mark.django_db

NEW = "/workspace-keys/new"
GENERAL = "1" * 24
FORM = {"name": "ci", "preset": "post-messages", "where": "all", "expiry": "30"}


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def channels(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (key_creation, key_changes):
        monkeypatch.setattr(module, "list_member_channels", lambda _member: {GENERAL: "general"})


@pytest.fixture(autouse=True)
def installed(acme: Workspace) -> None:
    Installation.objects.create(workspace=acme, bot_user_id=BOT_USER_ID, encrypted_bot_token=b"x")


@pytest.fixture
def key(acme: Workspace, alice: Member) -> ApiKey:
    return make_workspace_key(acme, alice, scopes=["messages:write"])


def send(member: Member, **fields: Any) -> Any:
    browser = browser_of(member)
    return browser.post(NEW, {"nonce": nonce(browser, NEW), "responsible": member.pk} | FORM | fields)


def pages(key: ApiKey) -> list[str]:
    names = ("", "rename", "narrow", "rotate", "renew", "delete", "responsible")
    return [f"/keys/{key.key_id}/{name}" for name in names]


class TestWhoFindsThem:
    def test_owners_and_administrators_all_and_the_responsible_person_theirs(
        self, acme: Workspace, key: ApiKey, alice: Member, bob: Member, olivia: Member
    ) -> None:
        orphan = make_workspace_key(acme, None, name="orphan")
        seen = {}
        for member in (alice, olivia, make_member(acme, "adam", role="ADMINISTRATOR")):
            browser = browser_of(member)
            page = words(browser.get("/workspace-keys/"))
            seen[member.name] = {k.name for k in (key, orphan) if f"{k.name} pmb_{k.key_id[:4]}" in page}
            assert {browser.get(address).status_code for address in pages(key)} == {200}
            assert 'href="/workspace-keys/"' in text(browser.get("/"))

        assert seen == {"alice": {"ci"}, "olivia": {"ci", "orphan"}, "adam": {"ci", "orphan"}}

    def test_for_everybody_else_they_do_not_exist(
        self, acme: Workspace, key: ApiKey, bob: Member, mallory: Member
    ) -> None:
        for member in (bob, make_member(acme, "gus", role="GUEST_MULTI_CHANNEL"), mallory):
            browser = browser_of(member)
            addresses = [*pages(key), *([] if member == mallory else ["/workspace-keys/", NEW])]
            assert {browser.get(address).status_code for address in addresses} == {404}
            for action in ("disable", "enable", "finish", "responsible", "delete", "rename"):
                assert browser.post(f"/keys/{key.key_id}/{action}", {"name": "x"}).status_code == 404
        assert ApiKey.objects.get(pk=key.pk).name == "ci"

    def test_the_form_does_not_exist_for_a_responsible_person_who_is_no_administrator(
        self, key: ApiKey, alice: Member
    ) -> None:
        assert browser_of(alice).get(NEW).status_code == 404
        assert browser_of(alice).post(NEW, FORM).status_code == 404

    def test_a_persons_own_key_has_no_page_of_responsibility(self, alice: Member, bob: Member) -> None:
        own = make_key(alice)

        browser = browser_of(alice)

        assert browser.get(f"/keys/{own.key_id}/responsible").status_code == 404
        answer = browser.post(f"/keys/{own.key_id}/responsible", {"responsible": bob.pk})
        assert answer.status_code == 404


class TestTheForm:
    def test_creates_a_key_of_the_bot_and_shows_it_once(self, olivia: Member, bob: Member) -> None:
        answer = send(olivia, responsible=bob.pk)

        page = text(answer)
        plaintext = plaintext_in(page)
        key = ApiKey.objects.get()
        assert plaintext[4:16] == key.key_id
        assert (key.owner.is_bot, key.responsible, key.confirmed_at) == (True, bob, NOW)
        assert "app's bot" in words(browser_of(olivia).get(f"/keys/{key.key_id}/"))
        assert plaintext not in text(browser_of(olivia).get(f"/keys/{key.key_id}/"))

    def test_says_as_whom_the_key_acts(self, olivia: Member) -> None:
        page = words(send(olivia, preview="1"))

        assert "post as the app's bot" in page
        assert "post as you" not in page

    @pytest.mark.parametrize("who", ["guest", "deactivated", "elsewhere", "bot", "nobody", "no number"])
    def test_refuses_who_cannot_be_responsible(
        self, acme: Workspace, olivia: Member, mallory: Member, who: str
    ) -> None:
        guest = make_member(acme, "gus", role="GUEST_MULTI_CHANNEL")
        gone = make_member(acme, "gone")
        Member.objects.filter(pk=gone.pk).update(is_active=False)
        bot = membership.record_bot(workspace=acme, user_id=BOT_USER_ID, now=NOW)
        chosen = {
            "guest": guest.pk,
            "deactivated": gone.pk,
            "elsewhere": mallory.pk,
            "bot": bot.pk,
            "nobody": "",
            "no number": "x",
        }

        answer = send(olivia, responsible=chosen[who])

        assert answer.status_code == 400
        assert "Choose" in words(answer)
        assert not ApiKey.objects.exists()

    def test_names_the_workspace_where_a_name_is_taken(self, key: ApiKey, olivia: Member) -> None:
        answer = send(olivia, name="CI")

        assert answer.status_code == 400
        assert "The workspace already has a key with this name" in words(answer)

    def test_is_closed_by_the_policy(self, olivia: Member) -> None:
        given = nonce(browser_of(olivia), NEW)
        set_policy(olivia, now=NOW, workspace_keys_allowed=False)

        browser = browser_of(olivia)
        assert "allows no workspace keys" in words(browser.get(NEW))
        answer = browser.post(NEW, FORM | {"nonce": given, "responsible": olivia.pk})
        assert answer.status_code == 400
        assert not ApiKey.objects.exists()

    def test_is_closed_where_the_app_is_not_installed(self, acme: Workspace, olivia: Member) -> None:
        Installation.objects.all().delete()

        assert browser_of(olivia).get(NEW).status_code == 403


class TestHandingOver:
    def test_makes_another_person_responsible(self, key: ApiKey, olivia: Member, bob: Member) -> None:
        answer = browser_of(olivia).post(f"/keys/{key.key_id}/responsible", {"responsible": bob.pk})

        assert answer.status_code == 302
        page = words(browser_of(olivia).get(answer["Location"]))
        assert "bob is now responsible for “ci”" in page
        assert "Responsible person: alice, now bob" in page
        assert words(browser_of(bob).get(f"/keys/{key.key_id}/"))

    def test_by_the_responsible_person_ends_what_that_person_sees(
        self, key: ApiKey, alice: Member, bob: Member
    ) -> None:
        browser = browser_of(alice)
        answer = browser.post(f"/keys/{key.key_id}/responsible", {"responsible": bob.pk})

        assert "You no longer see it" in words(browser.get(answer["Location"]))
        assert browser.get(f"/keys/{key.key_id}/").status_code == 404

    def test_offers_neither_guests_nor_strangers_nor_the_bot(
        self, acme: Workspace, key: ApiKey, olivia: Member, bob: Member, mallory: Member
    ) -> None:
        make_member(acme, "gus", role="GUEST_MULTI_CHANNEL")

        page = words(browser_of(olivia).get(f"/keys/{key.key_id}/responsible"))

        assert "bob (bob@acme.test)" in page
        assert not [
            name for name in ("gus", "mallory", "API (") if f"{name}@" in page or name == "API (" in page
        ]

    def test_of_an_ended_key_leads_back_to_it(self, key: ApiKey, olivia: Member) -> None:
        ApiKey.objects.filter(pk=key.pk).update(expires_at=NOW)

        assert browser_of(olivia).get(f"/keys/{key.key_id}/responsible").status_code == 302
        answer = browser_of(olivia).post(f"/keys/{key.key_id}/responsible", {"responsible": olivia.pk})
        assert "no longer works" in words(answer)


class TestAfterThePersonLeft:
    def test_the_key_works_and_stands_without_a_responsible_person(
        self, key: ApiKey, alice: Member, olivia: Member
    ) -> None:
        membership.end_authorization(member=alice, by=audit.PUMBLE, now=NOW)

        browser = browser_of(olivia)
        page = words(browser.get("/workspace-keys/"))
        assert "Without a responsible person" in page
        assert "ci" in page.partition("Without a responsible person")[2]
        assert ApiKey.objects.get().state(NOW) == ApiKey.State.ACTIVE
        browser.post(f"/keys/{key.key_id}/responsible", {"responsible": olivia.pk})
        assert "Without a responsible person" not in words(browser.get("/workspace-keys/"))

    def test_only_the_newest_key_of_a_rotation_stands_there(
        self, key: ApiKey, alice: Member, olivia: Member
    ) -> None:
        actor = audit.Actor(alice, audit.Surface.WEB)
        newer, _ = lifecycle.rotate(key=key, grace=GRACE_PERIODS["24h"], by=actor, now=NOW)
        lifecycle.confirm(key=newer, by=actor, now=NOW)
        membership.end_authorization(member=alice, by=audit.PUMBLE, now=NOW)

        browser = browser_of(olivia)
        assert text(browser.get("/workspace-keys/")).count('/responsible"') == 1
        assert newer.masked in text(browser.get("/admin/keys/apikey/?kind=unattended"))
        assert key.masked not in text(browser.get("/admin/keys/apikey/?kind=unattended"))
        browser.post(f"/keys/{newer.key_id}/responsible", {"responsible": olivia.pk})
        assert set(ApiKey.objects.values_list("responsible", flat=True)) == {olivia.pk}

    def test_a_deletion_by_an_administrator_is_recorded_as_that(self, key: ApiKey, olivia: Member) -> None:
        answer = browser_of(olivia).post(f"/keys/{key.key_id}/delete")

        assert answer["Location"].startswith("/workspace-keys/")
        assert ApiKey.objects.get().revoked_reason == ApiKey.RevokeReason.BY_ADMINISTRATOR
        assert AuditEvent.objects.filter(type="key.revoked", actor=olivia).exists()


class TestReducingPermissions:
    def test_offers_no_channels_to_a_key_without_a_list(self, key: ApiKey, alice: Member) -> None:
        page = words(browser_of(alice).get(f"/keys/{key.key_id}/narrow"))

        assert "All public channels" in page
        assert "Only the channels that you choose" not in page
        assert "post as the app's bot" in page
        fields = {"scopes": key.scopes, "where": "chosen", "channels": [GENERAL], "expiry": "keep"}
        assert browser_of(alice).post(f"/keys/{key.key_id}/narrow", fields).status_code == 400
        assert ApiKey.objects.get().channels is None

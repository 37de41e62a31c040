"""Early ends of sessions: signing out everywhere, a change of role, a new SECRET_KEY."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from keys import membership
from keys.audit import PUMBLE
from keys.limits import windows
from keys.models import AuditEvent, Member
from tests.conftest import NOW
from tests.portal.dashboard import PAGE, browser_of, text, words

pytestmark = pytest.mark.django_db


def is_in(browser: Client) -> bool:
    return "Your API keys" in words(browser.get("/"))


class TestSigningOutEverywhere:
    def test_ends_every_session_of_the_member_and_of_nobody_else(self, alice: Member, bob: Member) -> None:
        here, there, other = browser_of(alice), browser_of(alice), browser_of(bob)

        answer = here.post("/signout/everywhere")

        assert "You are signed out in all browsers." in words(here.get(answer["Location"]))
        assert [is_in(browser) for browser in (here, there, other)] == [False, False, True]

    def test_lets_the_member_come_back(self, alice: Member) -> None:
        browser_of(alice).post("/signout/everywhere")
        alice.refresh_from_db()

        assert is_in(browser_of(alice))

    def test_is_in_the_audit_log(self, alice: Member) -> None:
        browser_of(alice).post("/signout/everywhere")

        event = AuditEvent.objects.get(type="member.signed_out")
        assert (event.actor_id, event.detail) == (alice.pk, {"everywhere": True})

    def test_is_linked_from_every_page_asks_and_needs_its_token(self, alice: Member) -> None:
        assert '<a href="/signout/everywhere">' in text(browser_of(alice).get("/overview"))
        asked = browser_of(alice).get("/signout/everywhere")
        assert 'action="/signout/everywhere" method="post"' in text(asked)
        assert "Your keys keep working." in words(asked)
        strict = Client(enforce_csrf_checks=True, headers=PAGE)
        strict.cookies = browser_of(alice).cookies

        assert strict.post("/signout/everywhere").status_code == 403
        assert is_in(strict)

    def test_does_nothing_to_who_is_not_signed_in_and_says_so(self, client: Client) -> None:
        answer = client.post("/signout/everywhere", headers=PAGE)

        assert answer.status_code == 403
        assert "Your session has ended Nothing was changed." in words(answer)
        assert not AuditEvent.objects.exists()


class TestAChangeOfRole:
    @pytest.mark.parametrize(("before", "after"), [("USER", "ADMINISTRATOR"), ("OWNER", "USER")])
    def test_ends_the_sessions_that_began_in_the_old_one(
        self, alice: Member, before: str, after: str
    ) -> None:
        Member.objects.filter(pk=alice.pk).update(role=before)
        alice.refresh_from_db()
        browser = browser_of(alice)
        same = membership.Profile(str(alice.pumble_user_id), "Alice", "alice@x.test", before, is_active=True)
        assert alice.workspace is not None

        membership.record_profile(workspace=alice.workspace, profile=same, by=PUMBLE, now=NOW)
        assert is_in(browser)
        changed = replace(same, role=after)
        membership.record_profile(workspace=alice.workspace, profile=changed, by=PUMBLE, now=NOW)

        assert not is_in(browser)


class TestANewSecretKey:
    def test_lets_sessions_live_while_the_old_one_is_kept_and_ends_them_then(
        self, alice: Member, settings: Settings
    ) -> None:
        kept, dropped = browser_of(alice), browser_of(alice)
        old = settings.SECRET_KEY

        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key of enough random bytes 0123", [old]
        assert is_in(kept)
        settings.SECRET_KEY_FALLBACKS = []

        assert is_in(kept)  # it was signed anew when it was used
        assert not is_in(dropped)


class TestManySignIns:
    """From one address. What is counted lies in the limits of keys, so it holds over all processes."""

    @pytest.fixture(autouse=True)
    def few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("keys.limits.budget.OAUTH_STEPS_PER_ADDRESS", 3)

    @pytest.mark.parametrize("path", ["/pumble/signin", "/pumble/install", "/pumble/redirect?state=x&code=y"])
    def test_is_told_when_to_try_again(self, client: Client, path: str) -> None:
        for _attempt in range(3):
            assert client.get(path, headers=PAGE).status_code in {302, 400}

        answer: Any = client.get(path, headers=PAGE)

        assert answer.status_code == 429
        assert 1 <= int(answer["Retry-After"]) <= windows.SECONDS
        assert f"Try again in {answer['Retry-After']} second" in words(answer)
        assert client.get("/", headers=PAGE).status_code == 200

    def test_does_not_keep_others_out(self, client: Client) -> None:
        for _attempt in range(5):
            client.get("/pumble/signin", REMOTE_ADDR="2001:db8::1")

        assert client.get("/pumble/signin", REMOTE_ADDR="2001:db8::2").status_code == 429
        assert client.get("/pumble/signin", REMOTE_ADDR="2001:db8:1::1").status_code == 302

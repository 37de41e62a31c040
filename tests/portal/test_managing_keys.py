"""Keys that manage others, on the pages: who gives that right, which key made which, and what ends with it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from keys import lifecycle, scopes
from keys.audit import Actor, Surface
from keys.models import ApiKey, AuditEvent, Member
from portal.dashboard import key_creation
from portal.presentation import event_texts, hygiene
from pumble_bridge import explanations
from tests.portal.dashboard import browser_of, by, make_key, nonce, set_policy, text, used, words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def channels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_creation, "list_member_channels", lambda _member: {"1" * 24: "general"})


@pytest.fixture
def browser(alice: Member) -> Client:
    return browser_of(alice)


@pytest.fixture
def manager(alice: Member) -> ApiKey:
    return make_key(alice, "deployer", scopes=["messages:read", scopes.MANAGE])


@pytest.fixture
def made(alice: Member, manager: ApiKey) -> ApiKey:
    """A key that `manager` made."""
    actor = Actor(alice, Surface.API, key=manager)
    key, _ = lifecycle.issue(owner=alice, name="ci", by=actor, now=timezone.now(), scopes=["messages:read"])
    return lifecycle.confirm(key=key, by=actor, now=timezone.now())


def send(browser: Client, **data: Any) -> Any:
    form = {"name": "x", "preset": "read-only", "where": "all", "expiry": "30"} | data
    return browser.post("/keys/new", form | {"nonce": nonce(browser)})


class TestTheRightToManage:
    def test_is_a_checkbox_of_its_own_that_nobody_ticked(self, browser: Client) -> None:
        page = browser.get("/keys/new")

        assert "This key may manage other keys keys:manage" in words(page)
        (box,) = [line for line in text(page).splitlines() if 'name="manage"' in line]
        assert "checked" not in box
        assert 'value="keys:manage"' not in text(page)

    def test_is_given_with_the_permissions_that_were_chosen(self, browser: Client) -> None:
        text(send(browser, manage="on"))

        key = ApiKey.objects.get()
        assert key.scopes == [*scopes.READ_ONLY, scopes.MANAGE]
        assert "manage your" in words(browser.get(f"/keys/{key.key_id}/"))

    def test_is_not_given_by_whoever_does_not_tick_it(self, browser: Client) -> None:
        text(send(browser, preset="full-access", sure="on"))

        assert scopes.MANAGE not in ApiKey.objects.get().scopes

    @pytest.mark.parametrize(
        "data",
        [
            {"preset": "custom", "scopes": ["keys:manage"]},
            {"preset": "custom", "manage": "on"},
            {"preset": "ai-agent", "channels": ["1" * 24], "manage": "on"},
            {"preset": "keys:manage"},
        ],
        ids=str,
    )
    def test_is_not_given_in_another_way(self, browser: Client, data: dict[str, Any]) -> None:
        assert send(browser, **data).status_code == 400
        assert not ApiKey.objects.exists()

    @pytest.mark.parametrize("link", ["manage=on", "preset=custom&scopes=keys:manage"])
    def test_is_not_in_a_link(self, browser: Client, link: str) -> None:
        page = browser.get(f"/keys/new?{link}")

        assert "Some parts of this link are not valid" in words(page)
        (box,) = [line for line in text(page).splitlines() if 'name="manage"' in line]
        assert "checked" not in box

    def test_can_be_forbidden_by_the_policy_and_was_by_older_ones(
        self, browser: Client, olivia: Member
    ) -> None:
        set_policy(olivia, now=timezone.now(), allowed_scopes=list(scopes.ALL))

        assert 'name="manage"' not in text(browser.get("/keys/new"))
        text(send(browser, manage="on"))
        assert scopes.MANAGE not in ApiKey.objects.get().scopes


class TestAKeyThatAKeyMade:
    def test_names_it_wherever_it_is_listed(self, browser: Client, olivia: Member, made: ApiKey) -> None:
        admin = browser_of(olivia)

        assert "Created by the key “deployer”." in words(browser.get("/"))
        assert "by the key “deployer”" in words(browser.get(f"/keys/{made.key_id}/"))
        assert "Created by the key “deployer”." in words(admin.get("/admin/keys/apikey/"))
        assert "by the key “deployer”" in words(admin.get(f"/admin/keys/apikey/{made.pk}/change/"))
        facts = explanations.explain_key(made, viewer=olivia, now=timezone.now()).to_dict()["facts"]
        assert facts["createdBy"] == made.created_by_key.key_id  # type: ignore[union-attr]

    def test_has_it_as_the_actor_in_its_history_and_the_audit_log(self, olivia: Member, made: ApiKey) -> None:
        assert event_texts.key_history(made)[-1].who == "key “deployer”"
        assert "key “deployer” · alice" in words(browser_of(olivia).get("/admin/keys/auditevent/")).replace(
            made.owner.name, "alice"
        )

    @pytest.mark.parametrize(("sent", "ends"), [({"with_created": "on"}, True), ({}, False)])
    def test_ends_with_it_unless_that_is_unticked(
        self, browser: Client, manager: ApiKey, made: ApiKey, sent: dict[str, str], ends: bool
    ) -> None:
        page = browser.get(f"/keys/{manager.key_id}/delete")
        assert "Also delete the 1 key that it created" in words(page)
        (box,) = [line for line in text(page).splitlines() if 'name="with_created"' in line]
        assert "checked" in box

        browser.post(f"/keys/{manager.key_id}/delete", sent)

        manager.refresh_from_db()
        made.refresh_from_db()
        assert manager.revoked_at is not None
        assert (made.revoked_reason == ApiKey.RevokeReason.CREATOR_REVOKED) is ends

    @pytest.mark.parametrize(("sent", "ends"), [({"with_created": "on"}, True), ({}, False)])
    def test_ends_with_it_in_the_admin_too(
        self, olivia: Member, manager: ApiKey, made: ApiKey, sent: dict[str, str], ends: bool
    ) -> None:
        admin = browser_of(olivia)
        page = admin.get(f"/admin/keys/apikey/revoke/?key={manager.key_id}")
        assert "Also revoke the 1 key that these keys created" in words(page)

        admin.post("/admin/keys/apikey/revoke/", {"key": manager.key_id, "reason": "left"} | sent)

        made.refresh_from_db()
        assert (made.revoked_at is not None) is ends

    def test_outlives_a_key_that_made_none(self, browser: Client, alice: Member, made: ApiKey) -> None:
        other = make_key(alice, "other")
        assert 'name="with_created"' not in text(browser.get(f"/keys/{other.key_id}/delete"))

    def test_ends_with_its_owners_keys_for_the_reason_of_all(self, alice: Member, made: ApiKey) -> None:
        reason = ApiKey.RevokeReason.BY_HOLDER
        lifecycle.stop_all(owner=alice, by=by(alice), now=timezone.now(), reason=reason)

        made.refresh_from_db()
        assert made.revoked_reason == reason


@pytest.mark.parametrize(("operation", "broad"), [("createKey", False), ("fetchMessage", True)])
def test_a_key_that_manages_needs_no_use_for_what_it_gives(
    alice: Member, manager: ApiKey, operation: str, broad: bool
) -> None:
    ApiKey.objects.filter(pk=manager.pk).update(created_at=timezone.now() - timedelta(days=60))
    used(manager, operation=operation)

    assert (hygiene.find_overbroad(ApiKey.objects.all(), timezone.now()) == [manager.pk]) is broad


def test_an_explanation_says_which_key_ended_it(alice: Member, manager: ApiKey, made: ApiKey) -> None:
    reason, now = ApiKey.RevokeReason.BY_KEY, timezone.now()
    actor = Actor(alice, Surface.API, key=manager)
    lifecycle.revoke(key=made, by=actor, reason=reason, now=now)
    lifecycle.revoke(key=manager, by=actor, reason=reason, now=now)

    for key, said in (
        (made, "The key “deployer” revoked the key on"),
        (manager, "The key revoked itself on"),
    ):
        key.refresh_from_db()
        assert said in explanations.explain_key(key, viewer=alice, now=now).sentences[0]
    assert AuditEvent.objects.filter(type="key.revoked", detail__by_key=manager.key_id).count() == 2

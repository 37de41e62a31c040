"""The policy in the admin: who may set it, its errors, and how it is applied to existing keys."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from keys import key_format, lifecycle, scopes
from keys.models import ApiKey, AuditEvent, Member, Policy
from tests.conftest import make_member
from tests.portal.dashboard import PAGE, browser_of, by, make_key, set_policy, text, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(olivia: Member) -> Client:
    return browser_of(olivia)


@pytest.fixture
def operator(db: None) -> Client:
    person = Member.objects.create_superuser("root", "a long password of an operator")
    return browser_of(person, backend="portal.signin.OperatorSignIn")


def form_of(member: Member) -> str:
    return f"/admin/keys/policy/{member.workspace_id}/change/"


def keys_of(member: Member) -> str:
    return f"/admin/keys/policy/{member.workspace_id}/keys/"


def fields(revision: int = 0, **changed: Any) -> dict[str, Any]:
    """What the form sends as it is at first."""
    return {
        "revision": revision,
        "creators": "EVERYONE",
        "allowed_scopes": list(scopes.KNOWN),
        "life": "ever",
        "max_keys": "200",
        "request_log_retention_days": "90",
        "leak_detection_enabled": "on",
        "events_allowed": "on",
        "workspace_keys_allowed": "on",
    } | changed


def errors(page: Any) -> str:
    """The summary of what is wrong."""
    found = re.search(r'<div class="errors".*?</div>', text(page), re.DOTALL)
    return re.sub(r"<[^>]*>|\s+", " ", found[0]) if found else ""


class TestForm:
    def test_shows_the_policy_and_saves_it(self, owner: Client, olivia: Member, alice: Member) -> None:
        assert owner.get("/admin/keys/policy/")["Location"] == form_of(olivia)
        saved = owner.post(
            form_of(olivia),
            fields(
                creators="CHOSEN",
                allowed_creators=[alice.pk],
                allowed_scopes=["messages:write"],
                life="days",
                max_lifetime="30",
                max_keys="7",
                addresses_required="on",
                idle_days="60",
                request_log_retention_days="5",
                leak_detection_enabled="",
            ),
        )

        assert saved["Location"] == form_of(olivia)
        kept = Policy.objects.get()
        assert (kept.creators, list(kept.allowed_creators.all())) == ("CHOSEN", [alice])
        assert (kept.allowed_scopes, kept.max_lifetime) == (["messages:write"], timedelta(days=30))
        assert (kept.max_keys, kept.addresses_required, kept.idle_days) == (7, True, 60)
        assert (kept.request_log_retention_days, kept.leak_detection_enabled) == (5, False)
        page = text(owner.get(form_of(olivia)))
        for shown in (r'name="max_keys" value="7"', r'name="max_lifetime" value="30"'):
            assert re.search(shown, page)
        assert len(re.findall(r'name="allowed_scopes"[^>]* checked', page)) == 1
        event = AuditEvent.objects.get(type="policy.changed")
        assert (event.actor, event.surface) == (olivia, "ADMIN")

    def test_changes_nothing_if_sent_unchanged(self, owner: Client, olivia: Member) -> None:
        owner.post(form_of(olivia), fields())

        assert not AuditEvent.objects.filter(type="policy.changed").exists()

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            (
                {"max_keys": "0"},
                "Maximum number of keys for each member : Choose a whole number from 1 to 1,000.",
            ),
            ({"max_keys": ""}, "Choose a whole number from 1 to 1,000."),
            ({"max_keys": "1e3"}, "Choose a whole number from 1 to 1,000."),
            ({"max_keys": "9" * 5000}, "Choose a whole number from 1 to 1,000."),
            ({"idle_days": "3651"}, "Choose a whole number from 1 to 3,650."),
            ({"idle_days": "-1"}, "Choose a whole number from 1 to 3,650."),
            ({"request_log_retention_days": "401"}, "Choose a whole number from 1 to 400."),
            ({"life": "days"}, "Enter the maximum lifetime in days."),
            ({"life": "days", "max_lifetime": "0"}, "Choose a whole number from 1 to 3,650."),
            ({"life": "long"}, "Maximum lifetime of a key : Select a valid choice."),
            ({"allowed_scopes": []}, "Choose at least one permission."),
            ({"allowed_scopes": ["everything"]}, "Allowed permissions : Select a valid choice."),
            ({"creators": "NOBODY"}, "Who may create keys : Select a valid choice."),
            ({"allowed_creators": ["1000000"]}, "Chosen members : Select a valid choice."),
            ({"revision": "x"}, "Somebody else has changed the policy."),
            ({"revision": ""}, "Somebody else has changed the policy."),
        ],
    )
    def test_shows_each_error_at_its_field(
        self, owner: Client, olivia: Member, changed: dict[str, Any], said: str
    ) -> None:
        answer = owner.post(form_of(olivia), fields(**changed))

        assert answer.status_code in {400, 409}
        assert said in errors(answer)
        assert not Policy.objects.exists()

    def test_ignores_the_number_of_an_option_that_is_not_chosen(self, owner: Client, olivia: Member) -> None:
        owner.post(form_of(olivia), fields(life="end", max_lifetime="many"))

        kept = Policy.objects.get()
        assert (kept.allows_no_expiry, kept.max_lifetime) == (False, None)

    def test_is_refused_if_somebody_else_changed_the_policy_meanwhile(
        self, owner: Client, olivia: Member
    ) -> None:
        set_policy(olivia, now=timezone.now(), max_keys=5)

        answer = owner.post(form_of(olivia), fields(revision=0, max_keys="9"))

        assert answer.status_code == 409
        assert "Somebody else has changed the policy" in errors(answer)
        assert Policy.objects.get().max_keys == 5

    def test_offers_only_members_of_the_workspace_who_are_not_administrators(
        self, owner: Client, olivia: Member, alice: Member, mallory: Member
    ) -> None:
        assert alice.workspace is not None
        make_member(alice.workspace, "<b>eve</b>")
        Member.objects.filter(pk=make_member(alice.workspace, "gone").pk).update(is_active=False)

        page = text(owner.get(form_of(olivia)))

        assert "alice@acme.test" in page
        assert "&lt;b&gt;eve&lt;/b&gt;" in page
        for absent in ("gone@acme.test", "olivia@acme.test", "mallory"):
            assert absent not in page
        refused = owner.post(form_of(olivia), fields(creators="CHOSEN", allowed_creators=[mallory.pk]))
        assert refused.status_code == 400

    def test_names_a_pasted_key_and_its_holder_and_does_not_show_it(
        self, owner: Client, olivia: Member, alice: Member
    ) -> None:
        key, plaintext = lifecycle.issue(owner=alice, name="a", by=by(alice), now=timezone.now())

        answer = owner.post(form_of(olivia), fields(max_keys=plaintext.text))

        assert plaintext.text not in text(answer)
        assert f"This is “a” of {alice.name}. The field did not keep it." in errors(answer)
        key.refresh_from_db()
        assert key.revoked_at is None


class TestDefaults:
    def test_are_saved_and_shown_again(self, owner: Client, olivia: Member) -> None:
        sent = fields(default_preset="read-only", default_lifetime="14", full_access_forbidden="on")

        assert owner.post(form_of(olivia), sent).status_code == 302

        policy = Policy.objects.get()
        assert (policy.default_preset, policy.default_lifetime) == ("read-only", timedelta(days=14))
        assert policy.full_access_forbidden
        page = text(owner.get(form_of(olivia)))
        assert re.search(r'name="default_preset" value="read-only"[^>]*checked', page)
        assert re.search(r'name="default_lifetime" value="14"', page)
        assert re.search(r'name="full_access_forbidden"[^>]*checked', page)

    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            ({"default_preset": "full-access", "full_access_forbidden": "on"}, "no key may have full access"),
            ({"default_preset": "post-messages", "allowed_scopes": ["user:read"]}, "do not include these"),
            ({"default_preset": "everything"}, "Select a valid choice"),
            ({"default_lifetime": "31", "life": "days", "max_lifetime": "30"}, "from 1 to 30"),
            ({"default_lifetime": "0"}, "from 1 to 3,650"),
            ({"default_lifetime": "soon"}, "from 1 to 3,650"),
        ],
    )
    def test_that_contradict_the_policy_are_refused_at_their_fields(
        self, owner: Client, olivia: Member, sent: dict[str, Any], said: str
    ) -> None:
        answer = owner.post(form_of(olivia), fields(**sent))

        assert answer.status_code == 400
        assert said in errors(answer)
        assert not Policy.objects.exists()


class TestAccess:
    @pytest.mark.parametrize("page", [form_of, keys_of])
    def test_owners_see_and_set_only_their_own(self, owner: Client, mallory: Member, page: Any) -> None:
        key = make_key(mallory)

        assert owner.get(page(mallory)).status_code == 404
        data = fields(max_keys="1") | {"key": key.key_id, "sure": "1"}
        assert owner.post(page(mallory), data).status_code == 404
        assert not Policy.objects.exists()

    @pytest.mark.parametrize("page", [form_of, keys_of])
    def test_members_are_refused(self, alice: Member, page: Any) -> None:
        member = browser_of(alice)

        assert member.get(page(alice)).status_code == 403
        assert member.post(page(alice), fields(max_keys="1")).status_code == 403
        assert not Policy.objects.exists()

    @pytest.mark.parametrize("page", [form_of, keys_of])
    def test_visitors_sign_in_first(self, alice: Member, page: Any) -> None:
        stranger = Client(headers=PAGE)

        assert stranger.get(page(alice)).status_code == 302
        assert stranger.post(page(alice), fields(max_keys="1")).status_code == 403
        assert not Policy.objects.exists()

    def test_operators_choose_a_workspace(self, operator: Client, olivia: Member, mallory: Member) -> None:
        chosen = text(operator.get("/admin/keys/policy/"))

        for member in (olivia, mallory):
            assert form_of(member) in chosen
            operator.post(form_of(member), fields(max_keys="3"))
            assert AuditEvent.objects.filter(type="operator.looked", workspace=member.workspace).exists()
        assert Policy.objects.filter(max_keys=3).count() == 2

    @pytest.mark.parametrize("page", [form_of, keys_of])
    def test_a_form_of_another_site_is_refused(self, olivia: Member, page: Any) -> None:
        client = Client(headers=PAGE, enforce_csrf_checks=True)
        client.cookies = browser_of(olivia).cookies

        assert client.post(page(olivia), fields(max_keys="1")).status_code == 403
        assert not Policy.objects.exists()

    @pytest.mark.parametrize("strange", ["0", "x", "1'", "9" * 30, "1%00", "-1"])
    def test_an_unknown_workspace_is_not_found(self, operator: Client, strange: str) -> None:
        for page in ("change", "keys"):
            assert operator.get(f"/admin/keys/policy/{strange}/{page}/").status_code == 404


class TestNonCompliantKeys:
    @pytest.fixture
    def key(self, alice: Member) -> ApiKey:
        return make_key(alice, "deploy")

    @pytest.fixture
    def other(self, bob: Member) -> ApiKey:
        return make_key(bob, "<i>nightly</i>", allowed_addresses=["10.0.0.0/8"])

    def test_are_listed_after_saving_with_their_violations(
        self, owner: Client, olivia: Member, key: ApiKey, other: ApiKey
    ) -> None:
        saved = owner.post(form_of(olivia), fields(life="days", max_lifetime="30", addresses_required="on"))

        assert saved["Location"] == keys_of(olivia)
        page = owner.get(keys_of(olivia))
        said = words(page)
        assert "2 keys do not comply with the policy" in said
        assert "It expires more than 30 days from now" in said
        assert "It may be used from every address" in said
        assert "<i>nightly" not in text(page)
        assert f"/admin/keys/apikey/{key.pk}/change/" in text(page)
        assert "2 keys do not comply with this policy." in words(owner.get(form_of(olivia)))
        key.refresh_from_db()
        assert (key.expires_at, key.disabled_at) == (None, None)

    def test_are_changed_after_a_confirmation(
        self, owner: Client, olivia: Member, key: ApiKey, other: ApiKey
    ) -> None:
        set_policy(olivia, now=timezone.now(), addresses_required=True, allowed_scopes=["messages:read"])
        sent: dict[str, Any] = {"revision": 1, "key": [key.key_id, other.key_id]}

        confirm = owner.post(keys_of(olivia), sent)
        assert "Apply the policy to 2 keys?" in words(confirm)
        assert ApiKey.objects.filter(disabled_at__isnull=True, scopes=list(scopes.ALL)).count() == 2
        done = owner.post(keys_of(olivia), sent | {"sure": "1"}, follow=True)

        assert "1 key now has fewer permissions." in words(done)
        assert "1 key is now disabled." in words(done)
        assert "All keys comply with the policy" in words(done)
        key.refresh_from_db()
        other.refresh_from_db()
        assert (key.disabled_reason, other.scopes) == ("POLICY", ["messages:read"])
        assert {event.surface for event in AuditEvent.objects.filter(actor=olivia, key__isnull=False)} == {
            "ADMIN"
        }

    def test_get_the_reason_of_the_administrator(self, owner: Client, olivia: Member, key: ApiKey) -> None:
        set_policy(olivia, now=timezone.now(), allowed_scopes=["messages:read"])
        sent = {"revision": 1, "key": key.key_id, "sure": "1"}
        assert 'name="reason"' in text(owner.post(keys_of(olivia), sent | {"reason": "x" * 201}))

        owner.post(keys_of(olivia), sent | {"reason": "audit of November"})

        event = AuditEvent.objects.get(type="key.narrowed")
        assert (event.detail["reason"], event.detail["note"]) == ("POLICY", "audit of November")

    def test_keep_no_key_that_was_pasted_as_the_reason(
        self, owner: Client, olivia: Member, key: ApiKey
    ) -> None:
        set_policy(olivia, now=timezone.now(), allowed_scopes=["messages:read"])
        pasted = key_format.generate().text
        sent = {"revision": 1, "key": key.key_id, "sure": "1", "reason": pasted}

        answer = owner.post(keys_of(olivia), sent)

        assert answer.status_code == 400
        assert pasted not in text(answer)
        key.refresh_from_db()
        assert key.scopes == list(scopes.ALL)

    def test_that_were_not_ticked_do_not_change(
        self, owner: Client, olivia: Member, key: ApiKey, other: ApiKey
    ) -> None:
        set_policy(olivia, now=timezone.now(), allows_no_expiry=False)

        owner.post(keys_of(olivia), {"revision": 1, "key": other.key_id, "sure": "1"})
        nothing = owner.post(keys_of(olivia), {"revision": 1}, follow=True)

        key.refresh_from_db()
        assert key.expires_at is None
        assert "Select the keys" in words(nothing)

    def test_do_not_change_if_the_policy_changed_meanwhile(
        self, owner: Client, olivia: Member, key: ApiKey
    ) -> None:
        set_policy(olivia, now=timezone.now(), allows_no_expiry=False)
        set_policy(olivia, now=timezone.now(), allowed_scopes=["messages:read"])

        sent = {"revision": 1, "key": key.key_id, "sure": "1"}
        said = words(owner.post(keys_of(olivia), sent, follow=True))

        assert "Somebody else has changed the policy" in said
        key.refresh_from_db()
        assert key.scopes == list(scopes.ALL)

    def test_cannot_be_keys_of_another_workspace(
        self, owner: Client, olivia: Member, mallory: Member, key: ApiKey
    ) -> None:
        theirs = make_key(mallory)
        set_policy(olivia, now=timezone.now(), addresses_required=True)

        for forged in ({"sure": "1"}, {}):
            owner.post(keys_of(olivia), {"revision": 1, "key": [theirs.key_id, "x" * 5000, "\0"], **forged})

        theirs.refresh_from_db()
        assert theirs.disabled_at is None

    def test_are_shown_a_hundred_at_a_time(self, owner: Client, olivia: Member, alice: Member) -> None:
        for number in range(101):
            make_key(alice, f"key {number}")
        set_policy(olivia, now=timezone.now(), allows_no_expiry=False)

        page = owner.get(keys_of(olivia))

        assert "101 keys do not comply with the policy" in words(page)
        assert "Only 100 keys are shown" in words(page)
        assert len(re.findall(r'type="checkbox" name="key"', text(page))) == 100

"""`manage.py erase_member`: afterwards nothing tells who the person was, and nothing but they themselves brings it back."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.apps import apps
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from pytest_django import Settings

from keys import audit, idempotency, lifecycle, policies, usage
from keys.exceptions import KeyRevoked
from keys.ip_networks import parse_network
from keys.models import ApiKey, AuditEvent, LastUse, Member, Policy, RequestLog
from pumble_bridge import member_sync
from pumble_bridge.chat import notices
from pumble_bridge.models import Authorization, Notice
from tests import pumble
from tests.authentication import check
from tests.portal.browser import Browser
from tests.portal.dashboard import by
from tests.pumble import Person
from tests.pumble_bridge.received import member, messages_to, new_key

pytestmark = pytest.mark.django_db(transaction=True)

HOME, OFFICE = "203.0.113.77", "2001:db8:77::77"


def erase(person: Person, *more: str) -> str:
    said = io.StringIO()
    call_command("erase_member", "--workspace=Acme", f"--member={person.email}", *more, stdout=said)
    return said.getvalue()


def everything() -> str:
    """Every row of every table, as text."""
    rows = [list(model._default_manager.values()) for model in apps.get_models()]
    return json.dumps(rows, cls=DjangoJSONEncoder, default=repr)


@pytest.fixture
def behind_a_proxy(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [parse_network("127.0.0.0/8")]


def call(portal: str, key: str, address: str, **headers: str) -> requests.Response:
    answer = requests.get(
        f"{portal}/keyInfo",
        headers={"ApiKey": key, "X-Forwarded-For": address, "User-Agent": "bens-laptop/1", **headers},
        timeout=5,
    )
    usage.recorder.flush()
    return answer


class TestErasing:
    def test_leaves_nothing_that_tells_who_it_was(
        self, portal: str, ben: Person, ana: Person, behind_a_proxy: None
    ) -> None:
        browser = Browser(portal)
        browser.session.headers["X-Forwarded-For"] = HOME
        browser.sign_in(ben)
        now = timezone.now()
        own = by(member(ben))
        bound: dict[str, Any] = {
            "allowed_addresses": [f"{HOME}/32", f"{OFFICE}/128"],
            "purpose": "backup of bens-laptop",
        }
        key, plaintext = lifecycle.issue(owner=member(ben), name="ci", by=own, now=now, **bound)
        lifecycle.confirm(key=key, by=audit.Actor(member(ben), audit.Surface.WEB, address=OFFICE), now=now)
        for address in (HOME, OFFICE):
            assert call(portal, plaintext.text, address).ok
        idempotency.begin(key.pk, "v", b"r", now=now).complete(b"said by bens-laptop", now=now)  # type: ignore[union-attr]
        terms = policies.PolicyValues(creators=Policy.Creators.CHOSEN, allowed_creators=[member(ben)])
        policies.change_policy(workspace=member(ben).workspace, values=terms, by=by(member(ana)), now=now)  # type: ignore[arg-type]
        traces = [ben.name, ben.email, "203.0.113.", "2001:db8:77:", "bens-laptop"]
        assert all(trace in everything() for trace in traces)

        erase(ben)

        left = everything()
        assert [trace for trace in traces if trace in left and trace != "bens-laptop"] == []
        assert "bens-laptop" not in json.dumps(
            [list(model.objects.values()) for model in (ApiKey, LastUse, RequestLog)], default=repr
        )
        assert call(portal, plaintext.text, HOME).json()["reason"] == "key_revoked"
        assert browser.open("/keys/new", allow_redirects=False).status_code == 302
        assert not Authorization.objects.filter(member__pumble_user_id=ben.id).exists()

    def test_is_audited_without_saying_whom(self, ben: Person) -> None:
        erase(ben)

        event = AuditEvent.objects.get(type="member.erased")
        assert (event.detail, event.surface, event.address) == ({}, "CLI", None)
        assert event.member == member(ben)
        assert AuditEvent.objects.filter(type="member.unauthorized").count() == 1

    def test_goes_through_long_logs_in_batches_and_leaves_other_peoples(
        self, ben: Person, ana: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("keys.erasure._BATCH_SIZE", 10)
        for person, calls in ((ben, 25), (ana, 1)):
            key, _plaintext = new_key(person)
            one = {"key": key, "at": timezone.now(), "operation": "myInfo", "outcome": "ok", "status": 200}
            RequestLog.objects.bulk_create(
                [RequestLog(**one, duration_ms=1, request_id="r", address=HOME) for _ in range(calls)]
            )

        erase(ben)

        assert list(RequestLog.objects.exclude(address=None).values_list("key__owner__email", flat=True)) == [
            ana.email
        ]
        assert RequestLog.objects.count() == 26

    def test_is_over_for_scripts_that_go_on_calling(
        self, portal: str, ben: Person, behind_a_proxy: None
    ) -> None:
        _key, plaintext = new_key(ben)
        erase(ben)

        assert call(portal, plaintext.text, HOME).status_code == 403

        assert RequestLog.objects.get().address is None

    def test_twice_changes_nothing(self, ben: Person) -> None:
        first = json.loads(erase(ben, "--json"))
        by_id: Any = ["erase_member", "--workspace=Acme", f"--member={ben.id}"]
        said = io.StringIO()
        call_command(*by_id, stdout=said)

        assert first == {"workspace": ben.workspace_id, "member": ben.id, "erasedBefore": False}
        assert "erased earlier" in said.getvalue()
        assert AuditEvent.objects.filter(type="member.erased").count() == 1
        with pytest.raises(
            CommandError, match=r"no member with the e-mail .* found only by their Pumble user id"
        ):
            erase(ben)

    @pytest.mark.parametrize(
        ("workspace", "email", "why"),
        [
            ("Nowhere", "ben@acme.test", "no workspace"),
            ("Acme", "nobody@acme.test", "no member"),
            ("Acme", "", "no member"),
        ],
    )
    def test_of_nobody_is_refused(self, ben: Person, workspace: str, email: str, why: str) -> None:
        with pytest.raises(CommandError, match=why):
            call_command("erase_member", f"--workspace={workspace}", f"--member={email}")

        assert not Member.objects.exclude(erased_at=None).exists()

    def test_of_somebody_who_authorises_again_at_that_moment_says_what_was_done(
        self, ben: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("pumble_bridge.installations.revoke_authorization", lambda *_, **__: None)

        with pytest.raises(CommandError, match="authorized the app again in the meantime"):
            erase(ben)

        assert (member(ben).email, member(ben).erased_at) == (ben.email, None)

    def test_revokes_also_what_was_left_of_an_ended_authorisation(self, ben: Person) -> None:
        key, _plaintext = new_key(ben)
        Member.objects.filter(email=ben.email).update(authorized_at=None)

        erase(ben)

        key.refresh_from_db()
        assert key.revoked_reason == "UNAUTHORIZED"


class TestTheErased:
    def test_do_not_come_back_by_what_pumble_tells_of_them(self, ben: Person) -> None:
        erase(ben)
        cache.clear()

        member_sync.sync_members(timezone.now())
        pumble.act("deactivate", userId=ben.id)
        pumble.settle(at_least=1)

        assert ben.name not in everything()
        assert member(ben).name == "erased member"

    def test_are_told_nothing_any_more(self, ben: Person, ana: Person) -> None:
        key, _plaintext = new_key(ben, now=timezone.now())
        reason = ApiKey.RevokeReason.BY_ADMINISTRATOR
        lifecycle.revoke(key=key, by=by(member(ana)), reason=reason, now=timezone.now())
        assert Notice.objects.get().state == "QUEUED"

        erase(ben)
        notices.enqueue_missed(timezone.now())
        notices.send_queued(timezone.now())

        assert set(Notice.objects.values_list("state", flat=True)) == {"DROPPED"}
        assert messages_to(ben) == []

    def test_come_back_by_authorising_again_with_none_of_their_keys(self, portal: str, ben: Person) -> None:
        _key, plaintext = new_key(ben)
        erase(ben)

        page = Browser(portal).sign_in(ben)

        back = member(ben)
        assert "Your API keys" in page.text
        assert (back.name, back.email, back.erased_at) == (ben.name, ben.email, None)
        assert back.role == "ADMINISTRATOR"
        with pytest.raises(KeyRevoked):
            check(plaintext.text.encode(), by=audit.PUMBLE, now=timezone.now() + timedelta(seconds=1))

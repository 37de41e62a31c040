"""What happens when Pumble rejects a stored token."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.utils import timezone

from keys.models import ApiKey, AuditEvent
from pumble_bridge import clients
from pumble_bridge.chat import notices
from pumble_bridge.exceptions import TokenRejected
from pumble_bridge.models import Authorization, Installation, Notice
from tests import pumble
from tests.contract.wire import Api, assert_legacy, issue, success
from tests.portal.browser import Browser
from tests.pumble import Person
from tests.pumble_bridge.received import member, messages_to

pytestmark = pytest.mark.django_db(transaction=True)

OWN_USER = "GET /v1/workspaceUsers/*"
POSTING = "POST /v1/channels/*/messages"


@pytest.fixture
def api(portal: str) -> Api:
    return Api(portal, issue("ana@acme.test"))


def reject(call: str = OWN_USER, times: int = 1) -> None:
    pumble.faults({"match": call, "do": "status:401", "times": times})


def unauthorized() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(type="member.unauthorized"))


class TestOfAPerson:
    def test_keys_are_refused_without_asking_pumble_again(self, api: Api) -> None:
        reject()
        assert_legacy(api.get("myInfo"), "owner_not_authorized")
        before = len(pumble.api_calls())

        for _ in range(3):
            assert_legacy(api.get("myInfo"), "owner_not_authorized")

        assert len(pumble.api_calls()) == before

    def test_no_key_is_revoked_and_all_work_after_a_new_authorization(
        self, portal: str, api: Api, ana: Person
    ) -> None:
        reject()
        api.get("myInfo")
        assert ApiKey.objects.get().revoked_at is None

        Browser(portal).sign_in(ana)

        assert success(api.get("myInfo"))["id"] == ana.id
        assert Authorization.objects.get(member=member(ana)).rejected_at is None

    def test_sessions_end_and_the_page_says_sign_in(self, portal: str, api: Api, ana: Person) -> None:
        browser = Browser(portal)
        browser.sign_in(ana)
        assert "Your API keys" in browser.open("/").text

        reject()
        api.get("myInfo")

        assert "Sign in with Pumble" in browser.open("/").text

    def test_the_member_gets_one_notice_with_the_link(self, api: Api, ana: Person, ben: Person) -> None:
        reject(times=9)
        for _ in range(3):
            api.get("myInfo")

        for _ in range(2):
            notices.enqueue_missed(timezone.now())
            notices.send_queued(timezone.now())

        (notice,) = messages_to(ana)
        assert (
            "Pumble no longer accepts your authorization of the API app, so your API keys are refused"
            in notice
        )
        assert "/pumble/signin" in notice
        assert messages_to(ben) == []

    def test_a_member_who_authorized_again_gets_no_notice(self, portal: str, api: Api, ana: Person) -> None:
        reject()
        api.get("myInfo")
        Browser(portal).sign_in(ana)

        notices.send_queued(timezone.now())

        assert messages_to(ana) == []
        assert Notice.objects.get().state == "DROPPED"

    def test_the_audit_log_says_why(self, api: Api, ana: Person) -> None:
        reject()
        api.get("myInfo")

        (event,) = unauthorized()
        assert (event.member, event.actor, event.surface) == (member(ana), None, "PUMBLE")
        assert event.detail == {"reason": "token_rejected"}

    def test_is_recorded_once_for_simultaneous_calls(self, api: Api, ana: Person) -> None:
        reject(times=8)
        authorization = Authorization.objects.select_related("member__workspace").get(member=member(ana))

        def ask(_number: int) -> None:
            client = clients.client_for_member(authorization)
            assert client is not None
            with pytest.raises(TokenRejected):
                client.get_user(ana.id)
            connections.close_all()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(ask, range(8)))

        assert len(unauthorized()) == 1

    def test_a_late_rejection_of_an_old_token_does_not_end_a_newer_authorization(
        self, portal: str, api: Api, ana: Person
    ) -> None:
        old = Authorization.objects.select_related("member__workspace").get(member=member(ana))
        client = clients.client_for_member(old)
        assert client is not None
        Browser(portal).sign_in(ana)

        reject()
        with pytest.raises(TokenRejected):
            client.get_user(ana.id)

        assert success(api.get("myInfo"))["id"] == ana.id
        assert unauthorized() == []

    def test_leaving_for_good_afterwards_still_revokes_the_keys(
        self, portal: str, api: Api, ana: Person
    ) -> None:
        reject()
        api.get("myInfo")

        pumble.act("unauthorize", userId=ana.id)
        pumble.settle(at_least=1)
        Browser(portal).sign_in(ana)

        assert ApiKey.objects.get().revoked_reason == "UNAUTHORIZED"
        assert_legacy(api.get("myInfo"), "key_revoked")

    def test_in_chat_leads_to_the_way_back(self, api: Api, ana: Person, general: str) -> None:
        reject()
        api.get("myInfo")

        ana.type(general, "/api-keys generate ci")

        assert "/pumble/signin" in ana.ephemerals(general)[-1]


class TestOfTheBot:
    def test_calls_as_the_bot_are_refused_and_calls_as_the_owner_work(self, api: Api) -> None:
        reject(POSTING)
        data = {"channel": "general", "text": "x"}

        assert_legacy(api.post("sendMessage", data | {"asBot": True}), "owner_not_authorized")

        success(api.post("sendMessage", data))

    def test_is_recorded_until_an_authorization_brings_a_new_one(
        self, portal: str, api: Api, ana: Person, log_lines: io.StringIO
    ) -> None:
        reject(POSTING)
        api.post("sendMessage", {"channel": "general", "text": "x", "asBot": True})

        assert Installation.objects.get().rejected_at is not None
        assert "ERROR   installation.rejected" in log_lines.getvalue()
        assert unauthorized() == []
        Browser(portal).sign_in(ana)
        assert Installation.objects.get().rejected_at is None

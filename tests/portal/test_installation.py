"""The installation page of operators, and what needs attention on their overview."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from keys.models import AuditChain, AuditVerification, Member
from portal import __version__
from pumble_bridge import resilience
from pumble_bridge.exceptions import PumbleUnavailable
from pumble_bridge.models import MaintenanceRun
from tests.conftest import NOW
from tests.portal.dashboard import make_key, used, words
from tests.portal.test_admin_matrix import PASSWORD, browser

pytestmark = pytest.mark.django_db

NOON = NOW.replace(hour=12)


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def root(settings: Any) -> Client:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return browser(Member.objects.create_superuser("root", PASSWORD))


def page(root: Client) -> str:
    return words(root.get("/admin/installation/"))


class TestInstallation:
    def test_is_in_the_navigation_of_operators(self, root: Client, olivia: Member) -> None:
        assert 'href="/admin/installation/"' in root.get("/admin/").content.decode()
        assert "/admin/installation/" not in browser(olivia).get("/admin/").content.decode()

    def test_shows_version_and_start(self, root: Client) -> None:
        assert f"Version {__version__} Running since" in page(root)

    def test_shows_the_last_maintenance(self, root: Client) -> None:
        assert "Last maintenance never. Run the command maintenance" in page(root)
        MaintenanceRun.record(every=60, failed=[], now=NOON - timedelta(minutes=3))
        assert "Last maintenance 3 minutes ago" in page(root)
        assert "Last maintenance" not in words(root.get("/admin/"))
        MaintenanceRun.record(every=60, failed=[], now=NOON - timedelta(hours=2))
        assert "Last maintenance 2 hours ago" in words(root.get("/admin/"))
        MaintenanceRun.record(every=None, failed=[], now=NOON - timedelta(hours=2))
        assert "Last maintenance" not in words(root.get("/admin/"))
        MaintenanceRun.record(every=60, failed=["notices sent"], now=NOON)
        assert "Failed: notices sent" in words(root.get("/admin/"))

    def test_is_told_of_each_run_of_maintenance(
        self, root: Client, capsys: pytest.CaptureFixture[str]
    ) -> None:
        call_command("maintenance")
        assert "Last maintenance just now" in page(root)

    def test_shows_the_last_verification(self, root: Client, alice: Member) -> None:
        make_key(alice)
        assert "Last verification of the audit log not checked yet" in page(root)
        AuditVerification.objects.create(chain=AuditChain.objects.get(), at=NOON, events=2)
        assert f"audit log {NOON:%-d %b %Y}" in page(root)
        AuditVerification.objects.update(problem="event 2 was changed")
        assert "event 2 was changed" in words(root.get("/admin/"))

    def test_shows_the_state_of_pumble_and_the_error_rate(self, root: Client, alice: Member) -> None:
        assert "Pumble no calls in the past hour" in page(root)
        key = make_key(alice)
        used(key, calls=95)
        used(key, outcome="scope_missing", calls=4)
        assert "Pumble answers" in page(root)
        assert "0.0 % of 99 calls in the past 24 hours" in page(root)
        used(key, outcome="pumble_timeout", calls=1)
        assert "Pumble answers, but 1 call of the past hour failed" in words(root.get("/admin/"))
        assert "1.0 % of 100 calls in the past 24 hours" in page(root)
        used(key, outcome="pumble_unavailable", calls=100)
        attention = words(root.get("/admin/"))
        assert "Pumble does not answer: 101 of 200 calls of the past hour failed" in attention
        assert "Error rate 50.5 % of 200 calls" in attention

    def test_shows_that_pumble_is_not_called(self, root: Client) -> None:
        try:
            for _failure in range(resilience.FAILURE_THRESHOLD):
                with pytest.raises(PumbleUnavailable), resilience.guard("one"):
                    raise PumbleUnavailable
            assert "Pumble does not answer" in page(root)
        finally:
            resilience.reset()


class TestOverview:
    def test_begins_with_what_needs_attention(self, alice: Member, olivia: Member) -> None:
        owner = browser(olivia)
        assert "Needs attention Nothing." in words(owner.get("/admin/"))
        make_key(alice, "ends", expires_at=NOON + timedelta(days=3))
        assert "Needs attention 1 Expire within 14 days Figures 1 Live keys" in words(owner.get("/admin/"))

    def test_says_that_the_chain_is_broken(self, alice: Member, olivia: Member) -> None:
        make_key(alice)
        AuditVerification.objects.create(
            chain=AuditChain.objects.get(), at=NOON, problem="event 1 was changed"
        )
        assert "Needs attention The chain of the audit log is broken" in words(browser(olivia).get("/admin/"))


class TestChart:
    def test_has_dates_a_scale_and_the_value_of_each_day(self, alice: Member, olivia: Member) -> None:
        key = make_key(alice)
        used(key, calls=34)
        used(key, outcome="scope_missing", calls=2)
        page = words(browser(olivia).get("/admin/"))

        assert f"{NOON:%-d %b %Y}: 34 worked, 2 refused" in page
        first = NOON - timedelta(days=29)
        assert f"{first:%-d %b %Y} {NOON:%-d %b %Y}" in page
        assert "34 0 2" in page

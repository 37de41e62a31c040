"""Pages show times on the reader's clock, and of a key what it can do in the reader's person."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from keys.models import ApiKey, Member
from tests.portal.dashboard import browser_of, make_key, text, words

CREATED = datetime(2026, 7, 9, 22, 4, 5, tzinfo=UTC)


@pytest.fixture
def key(alice: Member) -> ApiKey:
    key = make_key(alice)
    ApiKey.objects.filter(pk=key.pk).update(created_at=CREATED)
    return key


def key_page(reader: Member, key: ApiKey, *, cookie: str = "") -> str:
    client = browser_of(reader)
    if cookie:
        client.cookies["clock"] = cookie
    return text(client.get(reverse("key", args=[key.key_id])))


class TestATimeOnAPage:
    def test_is_in_the_zone_and_hours_that_pumble_tells_with_utc_in_the_title(
        self, alice: Member, key: ApiKey
    ) -> None:
        Member.objects.filter(pk=alice.pk).update(time_zone="America/New_York", time_format=12)

        page = key_page(alice, key, cookie="Europe/Madrid|24")

        assert ' title="9 Jul 2026, 22:04:05 UTC">9 Jul 2026, 6:04 PM EDT</time>' in page

    def test_is_on_the_browsers_clock_if_pumble_tells_none(self, alice: Member, key: ApiKey) -> None:
        assert "10 Jul 2026, 00:04 CEST" in key_page(alice, key, cookie="Europe/Madrid|24")
        assert "10 Jul 2026, 12:04 AM CEST" in key_page(alice, key, cookie="Europe/Madrid|12")

    def test_is_on_the_browsers_clock_for_operators(self, key: ApiKey) -> None:
        operator = Member.objects.create_superuser("root", "a long password of an operator")
        client = browser_of(operator, backend="portal.signin.OperatorSignIn")
        client.cookies["clock"] = "Asia/Tokyo|24"

        assert "10 Jul 2026, 07:04 JST" in text(client.get(f"/admin/keys/apikey/{key.pk}/change/"))

    @pytest.mark.parametrize(
        "cookie", ["Mars/Olympus|24", "|", "America|12|12", "../../etc/passwd|24", "é|x"]
    )
    def test_is_in_utc_if_the_zone_does_not_exist(self, alice: Member, key: ApiKey, cookie: str) -> None:
        assert "9 Jul 2026, " in (page := key_page(alice, key, cookie=cookie))
        assert "UTC</time>" in page

    def test_is_in_utc_if_pumble_tells_a_zone_that_does_not_exist(self, alice: Member, key: ApiKey) -> None:
        Member.objects.filter(pk=alice.pk).update(time_zone="Mars/Olympus")

        assert "9 Jul 2026, 22:04 UTC" in key_page(alice, key)

    def test_needs_no_database_where_no_time_is_shown(self) -> None:
        client = Client()
        client.cookies["sessionid"] = "x" * 32
        assert client.get("/healthz").status_code == 200


class TestTheLastDayOfAKey:
    @pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
    def test_may_be_the_last_of_the_calendar(
        self, alice: Member, olivia: Member, key: ApiKey, zone: str
    ) -> None:
        Member.objects.filter(pk=alice.pk).update(time_zone=zone)
        Member.objects.filter(pk=olivia.pk).update(time_zone="Europe/Madrid")
        client, address = browser_of(alice), reverse("renew", args=[key.key_id])
        nonce = client.get(address).context["nonce"]

        renewed = client.post(
            address, {"expiry": "day", "until": "9999-12-31", "grace": "24h", "nonce": nonce}
        )

        assert renewed.status_code == 200
        assert "pmb_" in text(renewed)
        assert browser_of(olivia).get("/admin/keys/apikey/").status_code == 200
        assert client.get("/").status_code == 200


class TestWhatAKeyCanDo:
    def test_speaks_of_you_to_its_holder_and_names_the_holder_to_others(
        self, alice: Member, olivia: Member, key: ApiKey
    ) -> None:
        assert "Can do everything as you" in key_page(alice, key)
        page = words(browser_of(olivia).get(f"/admin/keys/apikey/{key.pk}/change/"))
        assert "Can do everything as alice" in page
        assert "as you" not in page

    def test_speaks_of_you_to_an_administrator_whose_key_it_is(self, olivia: Member) -> None:
        own = make_key(olivia, "own")

        page = words(browser_of(olivia).get(f"/admin/keys/apikey/{own.pk}/change/"))

        assert "Can do everything as you" in page

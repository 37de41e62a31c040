"""Stopping keys in the admin so that they are stopped: with successors, and all keys of a member."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from keys import lifecycle
from keys.models import ApiKey, AuditEvent, Member
from tests.portal.dashboard import browser_of, by, make_key, text, used, words

pytestmark = pytest.mark.django_db

State = ApiKey.State


@pytest.fixture
def owner(olivia: Member) -> Client:
    return browser_of(olivia)


@pytest.fixture
def pair(alice: Member) -> tuple[ApiKey, ApiKey]:
    """A key that is being replaced, and its successor."""
    old, now = make_key(alice), timezone.now()
    new, _ = lifecycle.rotate(key=old, grace=timedelta(days=1), by=by(alice), now=now)
    return old, lifecycle.confirm(key=new, by=by(alice), now=now)


def states(*keys: ApiKey) -> list[ApiKey.State]:
    for key in keys:
        key.refresh_from_db()
    return [key.state(timezone.now()) for key in keys]


class TestAKeyThatIsBeingReplaced:
    def test_shows_both_last_uses_on_either_page(self, owner: Client, pair: tuple[ApiKey, ApiKey]) -> None:
        for key in pair:
            page = owner.get(f"/admin/keys/apikey/{key.pk}/change/")

            assert "Rotation in progress" in words(page)
            assert "Old key, last used" in words(page)
            assert {f"/admin/keys/apikey/{one.pk}/change/" for one in pair} <= set(
                re.findall(r'href="([^"]+)"', text(page))
            )

    @pytest.mark.parametrize(
        ("action", "sent", "expected"),
        [
            ("revoke", {"with_successor": "on"}, [State.REVOKED, State.REVOKED]),
            ("revoke", {}, [State.REVOKED, State.ACTIVE]),
            ("disable", {"with_successor": "on"}, [State.DISABLED, State.DISABLED]),
            ("disable", {}, [State.DISABLED, State.ACTIVE]),
        ],
    )
    def test_is_stopped_with_its_successor_unless_that_is_unticked(
        self,
        owner: Client,
        pair: tuple[ApiKey, ApiKey],
        action: str,
        sent: dict[str, str],
        expected: list[State],
    ) -> None:
        old, new = pair
        asked = text(owner.get(f"/admin/keys/apikey/{action}/?key={old.key_id}"))
        assert re.search(r'name="with_successor"[^>]*checked', asked)
        assert f"Also {action} the successor {new.masked}" in asked

        done = owner.post(
            f"/admin/keys/apikey/{action}/",
            {"key": old.key_id, "reason": "lost laptop"} | sent,
            follow=True,
        )

        assert states(*pair) == expected
        stopped = "2 keys are" if sent else f"“{old.name}” is"
        assert f"{stopped} {action}d." in words(done)

    def test_asks_for_the_name_where_its_successor_is_in_use(
        self, owner: Client, pair: tuple[ApiKey, ApiKey]
    ) -> None:
        used(pair[1])

        answer = owner.post(
            "/admin/keys/apikey/revoke/",
            {"key": pair[0].key_id, "reason": "lost laptop", "with_successor": "on"},
        )

        assert answer.status_code == 400
        assert states(*pair) == [State.RETIRING, State.ACTIVE]

    def test_selected_together_with_its_successor_offers_nothing_more(
        self, owner: Client, pair: tuple[ApiKey, ApiKey]
    ) -> None:
        asked = owner.get("/admin/keys/apikey/revoke/", {"key": [key.key_id for key in pair]})

        assert "with_successor" not in text(asked)


class TestStopAllKeys:
    def page(self, member: Member) -> str:
        return f"/admin/keys/member/{member.pk}/stop/"

    def test_is_offered_on_the_page_of_a_member_with_keys(
        self, owner: Client, pair: tuple[ApiKey, ApiKey], alice: Member, bob: Member
    ) -> None:
        assert self.page(alice) in text(owner.get(f"/admin/keys/member/{alice.pk}/change/"))
        assert self.page(bob) not in text(owner.get(f"/admin/keys/member/{bob.pk}/change/"))
        assert "This member has no live keys." in words(owner.get(self.page(bob)))

    @pytest.mark.parametrize(("how", "state"), [("disable", State.DISABLED), ("revoke", State.REVOKED)])
    def test_stops_each_with_the_reason_and_no_key_of_others(
        self,
        owner: Client,
        pair: tuple[ApiKey, ApiKey],
        alice: Member,
        bob: Member,
        olivia: Member,
        how: str,
        state: State,
    ) -> None:
        other, colleagues = make_key(alice, "ci"), make_key(bob)

        done = owner.post(self.page(alice), {"how": how, "reason": "lost laptop", "typed": "3"}, follow=True)

        assert f"3 keys are {how}d." in words(done)
        assert states(*pair, other, colleagues) == [state] * 3 + [State.ACTIVE]
        events = AuditEvent.objects.filter(type=f"key.{how}d")
        assert {(event.surface, event.actor, event.detail["note"]) for event in events} == {
            ("ADMIN", olivia, "lost laptop")
        }

    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            ({"how": "revoke", "typed": "2"}, "Enter a reason."),
            ({"how": "revoke", "typed": "1", "reason": "x"}, "Type exactly 2."),
            ({"how": "burn", "typed": "2", "reason": "x"}, "Select a valid choice"),
            ({"typed": "2", "reason": "x"}, "This field is required."),
        ],
    )
    def test_says_what_is_missing_and_stops_nothing(
        self, owner: Client, pair: tuple[ApiKey, ApiKey], alice: Member, sent: dict[str, str], said: str
    ) -> None:
        answer = owner.post(self.page(alice), sent)

        assert answer.status_code == 400
        assert said in words(answer)
        assert states(*pair) == [State.RETIRING, State.ACTIVE]

    def test_is_not_there_for_members_and_other_workspaces(
        self, pair: tuple[ApiKey, ApiKey], alice: Member, mallory: Member
    ) -> None:
        for other in (alice, mallory):
            sent = {"how": "revoke", "reason": "x", "typed": "2"}
            assert browser_of(other).post(self.page(alice), sent).status_code in {403, 404}
        assert states(*pair) == [State.RETIRING, State.ACTIVE]


class TestAPageWithManyKeys:
    @pytest.mark.parametrize("page", ["stop", "disable"])
    def test_needs_no_more_queries_than_one_with_few(self, owner: Client, alice: Member, page: str) -> None:
        made = [make_key(alice, f"unused {number}") for number in range(3)]

        def count() -> int:
            query = "&".join(f"key={key.key_id}" for key in made)
            address = {
                "stop": f"/admin/keys/member/{alice.pk}/stop/",
                "disable": f"/admin/keys/apikey/disable/?{query}",
            }[page]
            with CaptureQueriesContext(connection) as queries:
                assert words(owner.get(address)).count("unused") >= len(made)
            return len(queries)

        few = count()
        made += [make_key(alice, f"unused {number}") for number in range(3, 12)]

        assert count() <= few

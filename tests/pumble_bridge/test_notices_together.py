"""What happens to many keys of one person at once is one notice, and it says of each key what changed."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from keys import lifecycle, policies
from keys.background import BackgroundTask
from keys.models import ApiKey, Member
from pumble_bridge.chat import notices
from pumble_bridge.chat.notices import sender
from pumble_bridge.client import PumbleClient
from pumble_bridge.models import Notice
from tests import pumble
from tests.pumble import Person
from tests.pumble_bridge.received import DAY, START, actor_for, member, messages_to, new_key
from tests.pumble_bridge.test_notices import POSTING, Reason, revoke

pytestmark = pytest.mark.django_db(transaction=True)


def keys_of(person: Person, number: int, *, lives: timedelta | None = None) -> list[ApiKey]:
    return [new_key(person, f"key-{n:02}", lives=lives)[0] for n in range(number)]


class TestManyKeysThatWereStopped:
    def test_are_one_notice_with_a_link(self, ana: Person, ben: Person) -> None:
        for key in keys_of(ben, 57):
            revoke(key, ana, note="the build server was sold")

        notices.send_queued(START)

        (said,) = messages_to(ben)
        assert said.startswith("Ana Kovač revoked 57 of your API keys. Calls with them are now refused.")
        assert (said.count("• key-"), "and 37 more." in said) == (20, True)
        assert said.count("“the build server was sold”") == 1
        assert f"/#notice-{Notice.objects.earliest('pk').pk}" in said
        assert set(Notice.objects.values_list("state", flat=True)) == {"SENT"}

    def test_are_told_apart_by_who_did_it_and_why(self, ana: Person, ben: Person) -> None:
        first, second, third, fourth = keys_of(ben, 4)
        revoke(first, ana, note="one")
        revoke(second, ana, note="two")
        lifecycle.disable(key=third, by=actor_for(ana), now=START)
        lifecycle.disable(key=fourth, by=actor_for(ana), now=START)

        notices.send_queued(START)

        said = messages_to(ben)
        assert len(said) == 3
        assert any("Ana Kovač disabled 2 of your API keys" in text for text in said)

    def test_of_two_people_are_two_notices(self, ana: Person, ben: Person) -> None:
        for key in (*keys_of(ben, 2), *keys_of(ana, 2)):
            lifecycle.revoke(
                key=key,
                by=actor_for(ben if key.owner == member(ana) else ana),
                reason=Reason.BY_ADMINISTRATOR,
                now=START,
            )

        notices.send_queued(START)

        assert (len(messages_to(ana)), len(messages_to(ben))) == (1, 1)

    def test_are_in_the_language_of_their_reader(self, ana: Person, ben: Person) -> None:
        Member.objects.filter(pk=member(ben).pk).update(language="es")
        for key in keys_of(ben, 3):
            revoke(key, ana)

        notices.send_queued(START)

        assert messages_to(ben)[0].startswith("Ana Kovač ha revocado 3 de tus claves de API.")

    def test_leave_out_what_is_no_longer_true(self, ana: Person, ben: Person) -> None:
        keys = keys_of(ben, 3)
        for key in keys:
            lifecycle.disable(key=key, by=actor_for(ana), now=START)
        lifecycle.enable(key=keys[1], by=actor_for(ana), now=START)

        notices.send_queued(START)

        (said,) = messages_to(ben)
        assert "disabled 2 of your API keys" in said
        assert "key-01" not in said


class TestManyKeysThatExpire:
    def test_are_one_notice_with_the_date_of_each(self, ben: Person) -> None:
        new_key(ben, "first", lives=30 * DAY)
        new_key(ben, "second", lives=31 * DAY)

        notices.enqueue_due(START + 25 * DAY)
        notices.send_queued(START + 25 * DAY)

        (said,) = messages_to(ben)
        assert "2 of your API keys expire soon" in said
        assert "expires in 5 days, on 31 March" in said
        assert "expires in 6 days, on 1 April" in said


class TestManyKeysWithFewerPermissions:
    def test_are_one_notice_with_what_changed_of_each(self, ana: Person, ben: Person) -> None:
        keys = [new_key(ben, "forever")[0], new_key(ben, "ending", lives=7 * DAY)[0]]
        workspace = member(ana).workspace
        assert workspace is not None
        values = policies.PolicyValues(
            allowed_scopes=["messages:read", "messages:write"], max_lifetime=30 * DAY
        )
        policy = policies.change_policy(workspace=workspace, values=values, by=actor_for(ana), now=START)
        for key in keys:
            lifecycle.enforce_policy(key=key, revision=policy.revision, by=actor_for(ana), now=START)

        notices.send_queued(START)

        (said,) = messages_to(ben)
        forever, ending = (
            next(line for line in said.split("\n") if name in line) for name in ("forever", "ending")
        )
        assert "it loses channels:list" in forever
        assert "it expires on 31 March" in forever
        assert "it loses channels:list" in ending
        assert "expires" not in ending


class TestAMessageOfManyNotices:
    @pytest.mark.parametrize("fault", ["status:500", "rate_limit:1", "status:403"])
    def test_that_pumble_refused_is_sent_again_as_one(self, ana: Person, ben: Person, fault: str) -> None:
        for key in keys_of(ben, 3):
            revoke(key, ana)
        pumble.faults({"match": POSTING, "do": fault, "times": 1})

        notices.send_queued(START)
        for minutes in (3, 6):
            notices.reconcile(START + timedelta(minutes=minutes))
            notices.send_queued(START + timedelta(minutes=minutes))

        assert [said.split(".")[0] for said in messages_to(ben)] == ["Ana Kovač revoked 3 of your API keys"]

    def test_that_arrived_in_spite_of_a_timeout_is_not_sent_again(self, ana: Person, ben: Person) -> None:
        for key in keys_of(ben, 3):
            revoke(key, ana)
        pumble.faults({"match": POSTING, "do": "lose", "times": 1})
        notices.send_queued(START)
        assert set(Notice.objects.values_list("state", flat=True)) == {"SENDING"}

        notices.reconcile(START + timedelta(hours=1))
        notices.send_queued(START + timedelta(hours=1))

        assert len(messages_to(ben)) == 1

    def test_that_another_process_sends_again_is_not_queued_meanwhile(
        self, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for key in keys_of(ben, 2):
            revoke(key, ana)
        pumble.faults({"match": POSTING, "do": "drop", "times": 1})
        notices.send_queued(START)
        later, has_arrived, post = (
            START + timedelta(minutes=3),
            sender._has_arrived,
            PumbleClient.post_message,
        )

        def post_and_pause(*args: Any, **kwargs: Any) -> Any:
            post(*args, **kwargs)
            raise SystemExit

        def send_meanwhile(bot: PumbleClient, bot_user_id: str, notice: Notice) -> bool | None:
            arrived = has_arrived(bot, bot_user_id, notice)
            if notice.sent_with_id:
                with monkeypatch.context() as other:
                    other.setattr(PumbleClient, "post_message", post_and_pause)
                    with pytest.raises(SystemExit):
                        notices.send_queued(later)
            return arrived

        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(sender, "_has_arrived", send_meanwhile)
            notices.reconcile(later)
        for minutes in (6, 9):
            notices.send_queued(START + timedelta(minutes=minutes))
            notices.reconcile(START + timedelta(minutes=minutes))

        (said,) = messages_to(ben)
        assert "revoked 2 of your API keys" in said
        assert set(Notice.objects.values_list("state", flat=True)) == {"SENT"}


class TestTheBackground:
    def test_waits_until_no_more_keys_are_changed(
        self, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch, settings: object
    ) -> None:
        settings.SEND_NOTICES_IN_BACKGROUND = True  # type: ignore[attr-defined]
        worker = BackgroundTask(
            "notices", sender._send_fresh, debounce=0.5, max_debounce=20, on_stop=sender._send_fresh
        )
        monkeypatch.setattr(sender, "worker", worker)
        for key in keys_of(ben, 8):
            revoke(key, ana, now=timezone.now())
        worker.stop()

        assert [said.split(".")[0] for said in messages_to(ben)] == ["Ana Kovač revoked 8 of your API keys"]

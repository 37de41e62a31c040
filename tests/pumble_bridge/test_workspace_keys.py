"""Workspace keys in chat: created with a flag, listed for their responsible person, told of when nobody is responsible."""

import io

import pytest
from django.core.management import call_command
from django.utils import timezone

from keys import audit, lifecycle, membership
from keys.models import ApiKey, Member
from pumble_bridge.chat import notices
from pumble_bridge.hooks import events
from pumble_bridge.hooks.payloads import Event
from pumble_bridge.models import HomeTab, Notice
from tests import pumble
from tests.pumble import Person

pytestmark = pytest.mark.django_db(transaction=True)


def member(person: Person) -> Member:
    return Member.objects.get(pumble_user_id=person.id)


@pytest.fixture
def key(portal: str, ben: Person) -> ApiKey:
    """For which Ben is responsible."""
    options = ("--workspace=Acme", "--workspace-key", f"--member={ben.email}", "--name=ci")
    call_command("create_key", *options, stdout=io.StringIO())
    return ApiKey.objects.select_related("owner__workspace", "responsible").get()


def sent_to(person: Person) -> str:
    """What the bot has written to the person."""
    notices.send_queued(timezone.now())
    for workspace in pumble.get("workspaces"):
        for channel in workspace["channels"]:
            screen = person.screen(channel["id"]) if person.id in channel["users"] else {"messages": []}
            if any("#notice-" in str(message) for message in screen["messages"]):
                return "\n".join(message["text"] for message in screen["messages"])
    return ""


class TestGenerate:
    def test_with_the_flag_creates_a_key_of_the_workspace(self, ana: Person, general: str) -> None:
        screen = ana.type(general, "/api-keys generate ci --post --workspace")

        key = ApiKey.objects.get()
        assert (key.owner.is_bot, key.responsible, key.confirmed_at is not None) == (True, member(ana), True)
        reply = screen["ephemeral"][-1]["text"]
        assert f"pmb_{key.key_id}" in reply
        assert "Workspace key · Responsible: Ana Kovač. Can post as the app's bot" in reply

    def test_is_refused_to_who_is_no_administrator(self, carla: Person, general: str) -> None:
        pumble.act("authorize", userId=carla.id)
        call_command("seed", stdout=io.StringIO())

        screen = carla.type(general, "/api-keys generate ci --workspace")

        assert "Only owners and administrators" in screen["ephemeral"][-1]["text"]
        assert not ApiKey.objects.exists()


class TestTheResponsiblePerson:
    def test_finds_the_key_in_the_list_and_may_rotate_it(
        self, key: ApiKey, ana: Person, ben: Person, general: str
    ) -> None:
        assert (
            "Workspace key · Responsible: Ben" in ben.type(general, "/api-keys list")["ephemeral"][-1]["text"]
        )
        assert "ci" not in ana.type(general, "/api-keys list")["ephemeral"][-1]["text"]

        ben.type(general, "/api-keys rotate ci")
        assert ApiKey.objects.filter(replaces=key, confirmed_at__isnull=False).exists()

    def test_is_told_who_made_them_responsible(self, key: ApiKey, ana: Person, ben: Person) -> None:
        by = audit.Actor(member(ben), audit.Surface.WEB)
        lifecycle.replace_responsible(key=key, responsible=member(ana), by=by, now=timezone.now())

        told = sent_to(ana)
        assert "made you responsible for the workspace key “ci”" in told
        assert "?next=/workspace-keys/#notice-" in told

    def test_is_told_that_the_key_was_revoked(self, key: ApiKey, ana: Person, ben: Person) -> None:
        by = audit.Actor(member(ana), audit.Surface.WEB)
        reason = ApiKey.RevokeReason.BY_ADMINISTRATOR
        lifecycle.revoke(key=key, by=by, reason=reason, now=timezone.now())

        told = sent_to(ben)
        assert "revoked your API key “ci”" in told
        assert "“ci” is a workspace key. You are responsible for it." in told

    def test_may_not_rotate_a_key_with_a_private_channel_of_others(
        self, portal: str, ana: Person, carla: Person, general: str
    ) -> None:
        pumble.act("authorize", userId=carla.id)
        call_command("seed", stdout=io.StringIO())
        ops = pumble.channel(ana.workspace_id, "ops")
        options = ("--workspace=Acme", "--workspace-key", f"--member={ana.email}", "--name=ci")
        call_command("create_key", *options, f"--channel={ops}=ops", stdout=io.StringIO())
        key = ApiKey.objects.get()
        lifecycle.replace_responsible(
            key=key, responsible=member(carla), by=audit.OPERATOR, now=timezone.now()
        )

        screen = carla.type(general, "/api-keys rotate ci")

        assert "Only a member of a private channel" in screen["ephemeral"][-1]["text"]
        assert ApiKey.objects.count() == 1


class TestAPersonWhoLeaves:
    def test_leaves_a_key_that_works_and_of_which_the_owners_are_told(
        self, key: ApiKey, ana: Person, ben: Person
    ) -> None:
        pumble.act("unauthorize", userId=ben.id)
        pumble.settle(1)

        key.refresh_from_db()
        assert (key.responsible, key.state(timezone.now())) == (None, ApiKey.State.ACTIVE)
        assert "“ci” has no responsible person any more. It still works." in sent_to(ana)

    def test_leaves_its_later_notices_to_the_owners(self, key: ApiKey, ana: Person, ben: Person) -> None:
        membership.end_authorization(member=member(ben), by=audit.PUMBLE, now=timezone.now())
        key.refresh_from_db()

        lifecycle.disable(key=key, by=audit.OPERATOR, now=timezone.now())

        told = sent_to(ana)
        assert "disabled your API key “ci”" in told
        assert "No person is responsible for it" in told


class TestTheBot:
    def test_has_no_home_tab_and_gets_no_notice(self, key: ApiKey) -> None:
        lifecycle.disable(key=key, by=audit.OPERATOR, now=timezone.now())
        key.refresh_from_db()

        assert not HomeTab.objects.filter(member__is_bot=True).exists()
        assert not Notice.objects.filter(member__is_bot=True).exists()

    @pytest.mark.parametrize("event", ["APP_UNAUTHORIZED", "WORKSPACE_USER_UPDATED"])
    def test_is_no_person_for_whom_an_event_could_end_keys(self, key: ApiKey, event: str) -> None:
        bot = key.owner
        body = {"workspaceUser": bot.pumble_user_id, "uId": bot.pumble_user_id, "st": "DEACTIVATED"}
        assert bot.workspace is not None
        hook = Event(
            type=event,
            workspace_id=bot.workspace.pumble_id,
            user_ids=(str(bot.pumble_user_id),),
            body=body,
            request_id="r",
        )
        events.handle(hook, request_id="r", now=timezone.now())

        key.refresh_from_db()
        assert key.state(timezone.now()) == ApiKey.State.ACTIVE

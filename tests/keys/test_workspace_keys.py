"""Keys that belong to the workspace: who is responsible for them, and what happens when people leave."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from keys import audit, key_cache, lifecycle, membership, permissions, policies, rights, selectors
from keys.audit import OPERATOR, Actor, Surface
from keys.exceptions import (
    CannotWidenRights,
    CreationNotAllowed,
    NotAllowed,
    OwnerNotAuthorized,
    ResponsibleInvalid,
    TooManyKeys,
    WorkspaceKeysNotAllowed,
)
from keys.membership import Profile
from keys.models import ApiKey, AuditEvent, Member, RequestLog, Workspace
from keys.policies import PolicyValues
from pumble_bridge.models import Authorization
from tests.conftest import BOT_USER_ID, NOW, make_member, make_workspace_key

HOUR = timedelta(hours=1)
CHANNEL = {"c" * 24: "ops"}
Type = AuditEvent.Type


def bot_of(workspace: Workspace) -> Member:
    return membership.record_bot(workspace=workspace, user_id=BOT_USER_ID, now=NOW)


def issue_again(key: ApiKey, by: Actor) -> object:
    responsible = key.responsible
    return lifecycle.issue(owner=key.owner, responsible=responsible, name=None, by=by, now=NOW)


class TestTheResponsiblePerson:
    def test_can_be_missing_and_those_who_manage_the_key_still_see_it(
        self, acme: Workspace, alice: Member, olivia: Member, mallory: Member
    ) -> None:
        key = make_workspace_key(acme, None)
        adam = make_member(acme, "adam", role="ADMINISTRATOR")
        root = Member.objects.create_superuser("root", "p@ssw0rd-of-a-test")
        everybody = [alice, olivia, adam, mallory, root]

        assert [one for one in everybody if key in selectors.list_keys(one)] == [olivia, adam, root]

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            ({"role": "GUEST_SINGLE_CHANNEL"}, "guest"),
            ({"role": "SOMETHING_NEW"}, "guest"),
            ({"is_active": False}, "inactive"),
            ({"authorized_at": None}, "not_authorized"),
        ],
    )
    def test_is_an_active_person_who_authorized_the_app_and_no_guest(
        self, acme: Workspace, bob: Member, olivia: Member, change: dict[str, object], problem: str
    ) -> None:
        key = make_workspace_key(acme, olivia)
        Member.objects.filter(pk=bob.pk).update(**change)

        attempts: list[Callable[[], object]] = [
            lambda: lifecycle.replace_responsible(
                key=key, responsible=bob, by=Actor(olivia, Surface.WEB), now=NOW
            ),
            lambda: make_workspace_key(acme, bob, name="other"),
        ]
        for attempt in attempts:
            with pytest.raises(ResponsibleInvalid) as refusal:
                attempt()
            assert refusal.value.problem == problem
        assert ApiKey.objects.get().responsible == olivia

    def test_is_of_the_same_workspace_and_no_bot(
        self, acme: Workspace, olivia: Member, mallory: Member
    ) -> None:
        for stranger in (
            mallory,
            bot_of(acme),
            Member.objects.create_superuser("root", "p@ssw0rd-of-a-test"),
        ):
            with pytest.raises(ResponsibleInvalid) as refusal:
                make_workspace_key(acme, stranger)
            assert refusal.value.problem == "unknown"

    def test_no_key_of_a_person_has_one(self, alice: Member, bob: Member) -> None:
        with pytest.raises(ResponsibleInvalid):
            lifecycle.issue(owner=alice, responsible=bob, name="x", by=OPERATOR, now=NOW)

    def test_who_takes_over_is_recorded_and_gets_the_rights_of_the_one_before(
        self, acme: Workspace, alice: Member, bob: Member
    ) -> None:
        key = make_workspace_key(acme, alice)
        by_alice = Actor(alice, Surface.WEB)

        lifecycle.replace_responsible(key=key, responsible=bob, by=by_alice, now=NOW)

        event = AuditEvent.objects.get(type=Type.KEY_RESPONSIBLE_REPLACED)
        assert (event.detail["before"], event.detail["after"], event.actor) == (
            alice.pumble_user_id,
            bob.pumble_user_id,
            alice,
        )
        assert key not in selectors.list_keys(alice)
        with pytest.raises(NotAllowed):
            lifecycle.rename(key=key, name="mine", by=by_alice, now=NOW)
        lifecycle.rename(key=key, name="theirs", by=Actor(bob, Surface.WEB), now=NOW)

    def test_follows_a_rotation_that_was_under_way(self, acme: Workspace, alice: Member, bob: Member) -> None:
        key = make_workspace_key(acme, alice)
        successor, _ = lifecycle.rotate(key=key, grace=HOUR, by=OPERATOR, now=NOW)
        lifecycle.replace_responsible(key=key, responsible=bob, by=OPERATOR, now=NOW)

        assert lifecycle.confirm(key=successor, by=OPERATOR, now=NOW).responsible == bob

    def test_sees_the_calls_of_the_key(self, acme: Workspace, alice: Member, bob: Member) -> None:
        key = make_workspace_key(acme, alice)
        RequestLog.objects.create(
            key=key, at=NOW, operation="myInfo", outcome="ok", status=200, duration_ms=1
        )

        assert RequestLog.objects.for_viewer(alice).count() == 1
        assert RequestLog.objects.for_viewer(bob).count() == 0


def leave(member: Member, how: str) -> None:
    if how == "unauthorized":
        membership.end_authorization(member=member, by=audit.PUMBLE, now=NOW)
        return
    profile = Profile(
        user_id=str(member.pumble_user_id),
        name=member.name,
        email=member.email,
        role="GUEST_MULTI_CHANNEL" if how == "guest" else member.role,
        is_active=how != "deactivated",
    )
    membership.record_profile(workspace=member.workspace, profile=profile, by=audit.PUMBLE, now=NOW)  # type: ignore[arg-type]


class TestAPersonWhoLeaves:
    @pytest.mark.parametrize("how", ["deactivated", "unauthorized", "guest"])
    def test_leaves_the_workspace_key_alive_without_a_responsible_person(
        self, acme: Workspace, alice: Member, how: str
    ) -> None:
        key = make_workspace_key(acme, alice)

        leave(alice, how)

        key.refresh_from_db()
        assert (key.state(NOW), key.responsible) == (ApiKey.State.ACTIVE, None)
        record = key_cache.load(key.key_id)
        assert record is not None
        assert permissions.can_act(
            record.owner_is_active, record.owner_authorized_at, record.workspace_installed_at
        )
        event = AuditEvent.objects.get(type=Type.KEY_RESPONSIBLE_REPLACED)
        assert (event.detail["before"], event.detail["after"]) == (alice.pumble_user_id, "")
        assert key not in selectors.list_keys(alice)

    def test_takes_their_own_keys_along(self, acme: Workspace, alice: Member) -> None:
        own, _ = lifecycle.issue(owner=alice, name="own", by=OPERATOR, now=NOW)
        key = make_workspace_key(acme, alice)

        leave(alice, "deactivated")

        assert ApiKey.objects.get(pk=own.pk).revoked_reason == ApiKey.RevokeReason.DEACTIVATED
        assert ApiKey.objects.get(pk=key.pk).revoked_at is None

    @pytest.mark.parametrize(
        "change", [{"is_active": False}, {"role": "GUEST_MULTI_CHANNEL"}, {"authorized_at": None}]
    )
    def test_is_noticed_later_where_a_release_without_workspace_keys_let_them_go(
        self, acme: Workspace, alice: Member, bob: Member, change: dict[str, object]
    ) -> None:
        key, other = make_workspace_key(acme, alice), make_workspace_key(acme, bob, name="other")
        Member.objects.filter(pk=alice.pk).update(**change)

        assert (lifecycle.release_abandoned(now=NOW), lifecycle.release_abandoned(now=NOW)) == (1, 0)

        assert ApiKey.objects.get(pk=key.pk).responsible is None
        assert ApiKey.objects.get(pk=other.pk).responsible == bob

    def test_whose_token_pumble_rejects_stays_responsible(self, acme: Workspace, alice: Member) -> None:
        key = make_workspace_key(acme, alice)
        Authorization.objects.create(member=alice, encrypted_access_token=b"x", rejected_at=NOW)

        membership.suspend_authorization(member=alice, by=audit.PUMBLE, now=NOW)
        lifecycle.release_abandoned(now=NOW)

        assert ApiKey.objects.get(pk=key.pk).responsible == alice

    def test_stopping_all_keys_of_a_person_stops_no_workspace_key(
        self, acme: Workspace, alice: Member, olivia: Member
    ) -> None:
        key = make_workspace_key(acme, alice)

        lifecycle.stop_all(owner=alice, by=Actor(olivia, Surface.ADMIN), now=NOW)

        assert ApiKey.objects.get(pk=key.pk).state(NOW) == ApiKey.State.ACTIVE


class TestTheBot:
    def test_is_no_person(self, acme: Workspace, alice: Member, olivia: Member) -> None:
        bot = bot_of(acme)

        assert bot not in Member.objects.people()
        assert bot not in Member.objects.for_viewer(olivia)
        assert not bot.is_staff

    def test_stays_as_it_is_whatever_pumble_says_of_its_user(self, acme: Workspace, alice: Member) -> None:
        key = make_workspace_key(acme, alice)
        bot = key.owner

        leave(bot, "deactivated")

        bot.refresh_from_db()
        key.refresh_from_db()
        assert (bot.name, bot.role, bot.is_active, key.revoked_at) == ("API", "USER", True, None)

    def test_keeps_its_row_when_a_new_installation_has_another_bot(self, acme: Workspace) -> None:
        first = bot_of(acme)

        second = membership.record_bot(workspace=acme, user_id="1" * 24, now=NOW)

        assert (second.pk, second.pumble_user_id) == (first.pk, "1" * 24)

    def test_ends_with_the_installation_and_its_keys_too(self, acme: Workspace, alice: Member) -> None:
        key = make_workspace_key(acme, alice)

        membership.end_installation(workspace=acme, by=audit.PUMBLE, now=NOW)

        key.refresh_from_db()
        assert key.revoked_reason == ApiKey.RevokeReason.UNINSTALLED
        assert not permissions.is_entitled(Member.objects.get(is_bot=True))
        assert {event.member for event in AuditEvent.objects.filter(type=Type.MEMBER_UNAUTHORIZED)} == {alice}
        with pytest.raises(OwnerNotAuthorized):
            make_workspace_key(Workspace.objects.get(), alice, name="again")


class TestThePolicy:
    def test_can_forbid_workspace_keys(self, acme: Workspace, alice: Member, olivia: Member) -> None:
        key = make_workspace_key(acme, alice)
        by = Actor(olivia, Surface.ADMIN)
        policies.change_policy(
            workspace=acme, values=PolicyValues(workspace_keys_allowed=False), by=by, now=NOW
        )

        attempts: list[Callable[[], object]] = [
            lambda: make_workspace_key(acme, alice, name="other"),
            lambda: issue_again(key, by),
            lambda: lifecycle.rotate(key=key, grace=HOUR, by=by, now=NOW),
        ]
        for attempt in attempts:
            with pytest.raises(WorkspaceKeysNotAllowed) as refusal:
                attempt()
            assert isinstance(refusal.value, CreationNotAllowed)
        assert ApiKey.objects.get().state(NOW) == ApiKey.State.ACTIVE

    def test_bounds_the_number_of_workspace_keys(self, acme: Workspace, alice: Member) -> None:
        policies.change_policy(workspace=acme, values=PolicyValues(max_keys=1), by=OPERATOR, now=NOW)
        make_workspace_key(acme, alice)

        with pytest.raises(TooManyKeys):
            make_workspace_key(acme, alice, name="other")


class TestNarrowing:
    def test_a_channel_list_would_extend_a_workspace_key_that_has_none(
        self, acme: Workspace, alice: Member
    ) -> None:
        key = make_workspace_key(acme, alice)
        listed = rights.make(scopes_wanted=key.scopes, channels=CHANNEL)

        with pytest.raises(CannotWidenRights) as refusal:
            lifecycle.narrow(key=key, rights=listed, by=OPERATOR, now=NOW)

        assert refusal.value.field == "channels"

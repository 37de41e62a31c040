"""Whatever is done to keys, in whatever order: rights never widen, the revoked stay revoked, no change goes unrecorded."""

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import SearchStrategy

from keys import audit, lifecycle, membership, permissions, rights, scopes
from keys.audit import Actor, Surface
from keys.exceptions import KeysError
from keys.key_format import Plaintext
from keys.models import ApiKey, AuditEvent, Member, Workspace
from keys.rights import Rights
from tests.authentication import check
from tests.conftest import NOW, make_member

CHANNELS = {letter * 24: letter for letter in "abc"}
NETWORKS = ["10.0.0.0/8", "10.1.0.0/16", "192.0.2.7", "2001:db8::/32"]
_numbers = itertools.count()

some_rights = st.fixed_dictionaries(
    {
        "scopes_wanted": st.lists(
            st.sampled_from(["messages:read", "messages:write", "user:read", scopes.MANAGE]), min_size=1
        ),
        "channels": st.none() | st.sets(st.sampled_from(sorted(CHANNELS)), min_size=1),
        "allowed_addresses": st.lists(st.sampled_from(NETWORKS), max_size=2),
        "calls_per_minute": st.sampled_from([1, 10, 1000]),
        "lifetime": st.none() | st.integers(1, 40),
    }
)


def made(wanted: dict[str, Any], now: datetime) -> dict[str, Any]:
    chosen = wanted["channels"]
    return {
        "scopes_wanted": wanted["scopes_wanted"],
        "channels": None if chosen is None else {channel: CHANNELS[channel] for channel in chosen},
        "allowed_addresses": wanted["allowed_addresses"],
        "calls_per_minute": wanted["calls_per_minute"],
        "expires_at": now + timedelta(hours=wanted["lifetime"]) if wanted["lifetime"] else None,
    }


class Keys(RuleBasedStateMachine):
    keys = Bundle("keys")

    @initialize(target=keys)
    def begin(self) -> MultipleResults[tuple[ApiKey, Plaintext]]:
        number = next(_numbers)
        self.now = NOW
        self.workspace = Workspace.objects.create(
            pumble_id=f"{number:024x}", name="W", installed_at=NOW, created_at=NOW
        )
        self.alice, self.bob = make_member(self.workspace, "alice"), make_member(self.workspace, "bob")
        self.olivia = make_member(self.workspace, "olivia", role="OWNER")
        self.first: dict[int, Rights] = {}
        self.before: dict[int, dict[str, Any]] = {}
        self.revoked: set[int] = set()
        self.events = 0
        self.bot = membership.record_bot(workspace=self.workspace, user_id=f"b{number:023x}", now=self.now)
        first = lifecycle.issue(owner=self.alice, name="a", by=self.by("alice"), now=self.now)
        lifecycle.confirm(key=first[0], by=self.by("alice"), now=self.now)
        of_workspace = lifecycle.issue(
            owner=self.bot, responsible=self.alice, name="a", by=self.by("olivia"), now=self.now
        )
        lifecycle.confirm(key=of_workspace[0], by=self.by("olivia"), now=self.now)
        return multiple(first, of_workspace)

    everybody: SearchStrategy[str] = st.sampled_from(["alice", "bob"])
    people: SearchStrategy[str] = st.sampled_from(["holder", "holder", "holder", "bob", "olivia"])

    def by(self, who: str, pair: tuple[ApiKey, Plaintext] | None = None) -> Actor:
        member: Member = getattr(self, who, self.alice)
        if pair and who == "holder":
            member = ApiKey.objects.get(pk=pair[0].pk).holder or self.alice
        return Actor(member, Surface.WEB, address="10.1.2.3")

    @contextlib.contextmanager
    def attempt(self) -> Iterator[None]:
        """A change, or a refusal that leaves everything as it was."""
        before = self.rows()
        with contextlib.suppress(KeysError):
            yield
            return
        assert self.rows() == before

    def rows(self) -> dict[int, dict[str, Any]]:
        own = ApiKey.objects.filter(owner__workspace=self.workspace)
        return {row["id"]: dict(row) for row in own.values()}

    @rule(target=keys, wanted=some_rights, who=people)
    def issue(self, wanted: dict[str, Any], who: str) -> tuple[ApiKey, Plaintext]:
        arguments = made(wanted, self.now)
        arguments["scopes"] = arguments.pop("scopes_wanted")
        member = self.by(who).member
        assert member is not None
        return lifecycle.issue(owner=member, name=None, by=self.by(who), now=self.now, **arguments)

    @rule(target=keys, pair=keys, wanted=some_rights)
    def issue_by_key(
        self, pair: tuple[ApiKey, Plaintext], wanted: dict[str, Any]
    ) -> MultipleResults[tuple[ApiKey, Plaintext]]:
        """A key creates another. It gives no more than it has, and never the right to manage."""
        manager = ApiKey.objects.get(pk=pair[0].pk)
        arguments = made(wanted, self.now)
        arguments["scopes"] = arguments.pop("scopes_wanted")
        by = Actor(manager.owner, Surface.API, key=manager)
        issued = []
        with self.attempt():
            issued.append(lifecycle.issue(owner=manager.owner, name=None, by=by, now=self.now, **arguments))
        for key, _plaintext in issued:
            assert scopes.MANAGE in manager.scopes
            assert scopes.MANAGE not in key.scopes
            assert key.rights.first_wider_field(manager.rights) is None
            assert not manager.state(self.now).is_over
            assert (key.owner, key.responsible) == (manager.owner, manager.responsible)
        return multiple(*issued)

    @rule(target=keys, pair=keys, other=keys)
    def rotate_by_key(
        self, pair: tuple[ApiKey, Plaintext], other: tuple[ApiKey, Plaintext]
    ) -> MultipleResults[tuple[ApiKey, Plaintext]]:
        """A key rotates itself, or one that it manages."""
        manager, key = ApiKey.objects.get(pk=pair[0].pk), ApiKey.objects.get(pk=other[0].pk)
        by = Actor(manager.owner, Surface.API, key=manager)
        issued = []
        with self.attempt():
            issued.append(lifecycle.rotate(key=key, grace=timedelta(hours=24), by=by, now=self.now))
        assert not issued or self.is_within(key, manager)
        return multiple(*issued)

    @rule(pair=keys, other=keys, what=st.sampled_from(["revoke", "disable", "enable", "rename"]))
    def change_by_key(
        self, pair: tuple[ApiKey, Plaintext], other: tuple[ApiKey, Plaintext], what: str
    ) -> None:
        manager, key = ApiKey.objects.get(pk=pair[0].pk), ApiKey.objects.get(pk=other[0].pk)
        by = Actor(manager.owner, Surface.API, key=manager)
        more: dict[str, Any] = {}
        if what == "revoke":
            more = {"reason": ApiKey.RevokeReason.BY_KEY}
        elif what == "rename":
            more = {"name": "c"}
        was_locked, before = key.is_locked, self.rows()
        with self.attempt():
            getattr(lifecycle, what)(key=key, by=by, now=self.now, **more)
            if self.rows() != before:
                assert self.is_within(key, manager)
                assert not (what == "enable" and was_locked and not key.disabled_reason)

    def is_within(self, key: ApiKey, manager: ApiKey) -> bool:
        """Whether a key may change the other: itself, or one of the same owner with no more rights."""
        return key == manager or (
            scopes.MANAGE in manager.scopes
            and scopes.MANAGE not in key.scopes
            and key.owner == manager.owner
            and key.rights.first_wider_field(manager.rights) is None
        )

    @rule(target=keys, wanted=some_rights, who=people, responsible=everybody)
    def issue_for_workspace(
        self, wanted: dict[str, Any], who: str, responsible: str
    ) -> MultipleResults[tuple[ApiKey, Plaintext]]:
        arguments = made(wanted, self.now)
        arguments["scopes"] = arguments.pop("scopes_wanted")
        person = getattr(self, responsible)
        issued = []
        with self.attempt():
            issued.append(
                lifecycle.issue(
                    owner=self.bot,
                    responsible=person,
                    name=None,
                    by=self.by(who),
                    now=self.now,
                    **arguments,
                )
            )
        return multiple(*issued)

    @rule(pair=keys, who=people, responsible=everybody)
    def hand_over(self, pair: tuple[ApiKey, Plaintext], who: str, responsible: str) -> None:
        with self.attempt():
            lifecycle.replace_responsible(
                key=pair[0], responsible=getattr(self, responsible), by=self.by(who, pair), now=self.now
            )

    @rule(who=everybody, role=st.sampled_from(["GUEST_MULTI_CHANNEL", "USER"]))
    def change_role(self, who: str, role: str) -> None:
        """A person who becomes a guest leaves the workspace keys behind."""
        member: Member = getattr(self, who)
        profile = membership.Profile(
            str(member.pumble_user_id), member.name, member.email, role, is_active=True
        )
        membership.record_profile(workspace=self.workspace, profile=profile, by=audit.PUMBLE, now=self.now)

    @rule(target=keys, pair=keys, grace=st.sampled_from(list(lifecycle.GRACE_PERIODS.values())), who=people)
    def rotate(self, pair: tuple[ApiKey, Plaintext], grace: timedelta, who: str) -> tuple[ApiKey, Plaintext]:
        pairs = [pair]
        with self.attempt():
            pairs.append(lifecycle.rotate(key=pair[0], grace=grace, by=self.by(who, pair), now=self.now))
        return pairs[-1]

    @rule(
        target=keys,
        pair=keys,
        grace=st.sampled_from(list(lifecycle.GRACE_PERIODS.values())),
        who=people,
        hours=st.sampled_from([None, -1, 5, 48]),
    )
    def renew(
        self, pair: tuple[ApiKey, Plaintext], grace: timedelta, who: str, hours: int | None
    ) -> tuple[ApiKey, Plaintext]:
        pairs = [pair]
        end = None if hours is None else self.now + timedelta(hours=hours)
        with self.attempt():
            by = self.by(who, pair)
            pairs.append(lifecycle.renew(key=pair[0], expires_at=end, grace=grace, by=by, now=self.now))
        return pairs[-1]

    @rule(pair=keys, who=people)
    def confirm(self, pair: tuple[ApiKey, Plaintext], who: str) -> None:
        lifecycle.confirm(key=pair[0], by=self.by(who, pair), now=self.now)

    @rule(pair=keys, who=people, wanted=some_rights)
    def ask_for_other_rights(self, pair: tuple[ApiKey, Plaintext], who: str, wanted: dict[str, Any]) -> None:
        with self.attempt():
            other = rights.make(**made(wanted, self.now))
            lifecycle.narrow(key=pair[0], rights=other, by=self.by(who, pair), now=self.now)

    @rule(pair=keys, who=people, what=st.sampled_from(["scopes", "calls_per_minute", "expires_at"]))
    def narrow(self, pair: tuple[ApiKey, Plaintext], who: str, what: str) -> None:
        with self.attempt():
            held = ApiKey.objects.get(pk=pair[0].pk).rights
            less: dict[str, Any] = {
                "scopes": held.scopes[:1],
                "calls_per_minute": 1,
                "expires_at": self.now + timedelta(hours=6),
            }
            fewer = replace(held, **{what: less[what]})
            lifecycle.narrow(key=pair[0], rights=fewer, by=self.by(who, pair), now=self.now)

    @rule(pair=keys, who=people, what=st.sampled_from(["disable", "enable", "finish_rotation"]))
    def switch(self, pair: tuple[ApiKey, Plaintext], who: str, what: str) -> None:
        with self.attempt():
            getattr(lifecycle, what)(key=pair[0], by=self.by(who, pair), now=self.now)

    @rule(pair=keys, who=people, name=st.sampled_from(["a", "b", "A ", ""]))
    def rename(self, pair: tuple[ApiKey, Plaintext], who: str, name: str) -> None:
        with self.attempt():
            lifecycle.rename(key=pair[0], name=name, by=self.by(who, pair), now=self.now)

    @rule(pair=keys, who=people, both=st.booleans())
    def revoke(self, pair: tuple[ApiKey, Plaintext], who: str, both: bool) -> None:
        with self.attempt():
            reason, by = ApiKey.RevokeReason.BY_HOLDER, self.by(who, pair)
            lifecycle.revoke(key=pair[0], by=by, reason=reason, now=self.now, with_successor=both)

    @rule(pair=keys, who=people)
    def disable_with_successor(self, pair: tuple[ApiKey, Plaintext], who: str) -> None:
        with self.attempt():
            lifecycle.disable(key=pair[0], by=self.by(who, pair), now=self.now, with_successor=True)

    @rule(who=people)
    def stop_all(self, who: str) -> None:
        with self.attempt():
            lifecycle.stop_all(owner=self.alice, by=self.by(who), now=self.now)

    @rule(hours=st.sampled_from([1, 5, 24, 24 * 7]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def tidy(self) -> None:
        lifecycle.revoke_stale_pending(now=self.now)

    @rule(pair=keys)
    def present(self, pair: tuple[ApiKey, Plaintext]) -> None:
        key, plaintext = pair
        with contextlib.suppress(KeysError):
            opened = check(plaintext.text.encode(), by=self.by("alice"), now=self.now)
            assert opened == key
            assert key.pk not in self.revoked
            assert opened.disabled_at is None
            assert opened.expires_at is None or opened.expires_at > self.now
            assert opened.retires_at is None or opened.retires_at > self.now

    @invariant()
    def nothing_widens_revives_or_goes_unrecorded(self) -> None:
        event_types: dict[int | None, list[str]] = {}
        events = AuditEvent.objects.filter(workspace=self.workspace).order_by("pk")
        for event in events[self.events :]:
            event_types.setdefault(event.key_id, []).append(event.type)
            self.events += 1
        now = self.rows()
        for key in ApiKey.objects.filter(pk__in=now):
            assert key.rights.first_wider_field(self.first.setdefault(key.pk, key.rights)) is None
            if key.pk in self.before:
                earlier = ApiKey(**self.before[key.pk])
                assert earlier.first_wider_field(key.rights) is None
            if key.owner == self.bot:
                person = key.responsible
                assert (
                    person is None or key.state(self.now).is_over or permissions.keeps_responsibility(person)
                )
            else:
                assert key.responsible is None
            if key.replaces is not None and key.confirmed_at is not None:
                wider = key.rights.first_wider_field(key.replaces.rights)
                assert wider is None or (key.is_renewal and wider == "expires_at")
            # Who created a key passes from a key to its successor, whose event says so.
            earlier_row = self.before.get(key.pk, {}) | {"created_by_key_id": key.created_by_key_id}
            if now[key.pk] != earlier_row:
                assert event_types.get(key.pk), f"{key} changed without an event"
            assert key.pk not in self.revoked or key.revoked_at is not None
            if key.revoked_at is not None:
                self.revoked.add(key.pk)
        names = [
            (key.owner_id, key.name.casefold())
            for key in ApiKey.objects.filter(owner__workspace=self.workspace).current(self.now)
        ]
        assert len(names) == len(set(names)), "two current keys of one owner share a name"
        self.before = now


@pytest.mark.timeout(240)
@pytest.mark.slow
@pytest.mark.django_db
def test_no_sequence_of_changes_widens_rights_revives_a_key_or_goes_unrecorded() -> None:
    run_state_machine_as_test(
        Keys,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

"""What a key may do to keys and people as an actor: never what the role of its owner allows."""

from collections.abc import Callable
from typing import Any

import pytest

from keys import lifecycle, policies
from keys.audit import OPERATOR, Actor, Surface
from keys.exceptions import NotAllowed
from keys.models import ApiKey, AuditEvent, Member
from keys.scopes import ALL, KNOWN
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def live_key(owner: Member, name: str, **options: Any) -> ApiKey:
    key, _ = lifecycle.issue(owner=owner, name=name, by=OPERATOR, now=NOW, **options)
    return lifecycle.confirm(key=key, by=OPERATOR, now=NOW)


def reason() -> Any:
    return ApiKey.RevokeReason.BY_KEY


ATTEMPTS: dict[str, Callable[[Actor, ApiKey], object]] = {
    "stop all": lambda by, key: lifecycle.stop_all(owner=key.owner, by=by, now=NOW),
    "enforce": lambda by, key: lifecycle.enforce_policy(key=key, revision=0, by=by, now=NOW),
    "revoke": lambda by, key: lifecycle.revoke(key=key, by=by, reason=reason(), now=NOW),
    "disable": lambda by, key: lifecycle.disable(key=key, by=by, now=NOW),
    "rename": lambda by, key: lifecycle.rename(key=key, name="x", by=by, now=NOW),
    "narrow": lambda by, key: lifecycle.narrow(key=key, rights=key.rights, by=by, now=NOW),
    "issue": lambda by, key: lifecycle.issue(owner=key.owner, name="x", by=by, now=NOW),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_the_key_of_an_owner_has_no_power_over_other_people(
    alice: Member, olivia: Member, attempt: str
) -> None:
    by = Actor(olivia, Surface.API, key=live_key(olivia, "m", scopes=KNOWN))
    key = live_key(alice, "a", scopes=["user:read"])

    with pytest.raises(NotAllowed):
        ATTEMPTS[attempt](by, key)

    refused = AuditEvent.objects.get(type="rights.refused")
    assert refused.detail["by_key"] == by.key.key_id  # type: ignore[union-attr]


def test_the_key_of_an_owner_does_not_stop_all_of_their_keys(olivia: Member) -> None:
    by = Actor(olivia, Surface.API, key=live_key(olivia, "m", scopes=KNOWN))

    with pytest.raises(NotAllowed):
        lifecycle.stop_all(owner=olivia, by=by, now=NOW)


def test_the_key_of_an_owner_changes_no_policy(olivia: Member) -> None:
    assert olivia.workspace is not None
    by = Actor(olivia, Surface.API, key=live_key(olivia, "m", scopes=KNOWN))

    with pytest.raises(NotAllowed):
        policies.change_policy(workspace=olivia.workspace, values=policies.PolicyValues(), by=by, now=NOW)


@pytest.mark.parametrize(
    "attempt", [attempt for attempt in ATTEMPTS if attempt not in {"stop all", "enforce"}]
)
def test_a_key_without_the_scope_changes_no_other_of_its_owner(alice: Member, attempt: str) -> None:
    by = Actor(alice, Surface.API, key=live_key(alice, "m", scopes=ALL))
    key = live_key(alice, "a", scopes=["user:read"])

    with pytest.raises(NotAllowed):
        ATTEMPTS[attempt](by, key)


def test_the_denied_attempts_of_a_key_hide_none_of_its_owner(alice: Member, bob: Member) -> None:
    by = Actor(alice, Surface.API, key=live_key(alice, "m", scopes=ALL))
    key = live_key(bob, "b")
    for _attempt in range(12):
        with pytest.raises(NotAllowed):
            lifecycle.disable(key=key, by=by, now=NOW)

    with pytest.raises(NotAllowed):
        lifecycle.disable(key=key, by=Actor(alice, Surface.WEB), now=NOW)

    refused = AuditEvent.objects.filter(type="rights.refused")
    assert [event.surface for event in refused.order_by("pk")] == ["API"] * 10 + ["WEB"]

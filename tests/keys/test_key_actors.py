"""A key as an actor: it changes no policy, and its denied attempts are counted apart from those of its owner."""

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


def test_the_key_of_an_owner_changes_no_policy(olivia: Member) -> None:
    assert olivia.workspace is not None
    by = Actor(olivia, Surface.API, key=live_key(olivia, "m", scopes=KNOWN))

    with pytest.raises(NotAllowed):
        policies.change_policy(workspace=olivia.workspace, values=policies.PolicyValues(), by=by, now=NOW)


def test_the_denied_attempts_of_a_key_hide_none_of_its_owner(alice: Member, bob: Member) -> None:
    by = Actor(alice, Surface.API, key=live_key(alice, "m", scopes=ALL))
    key = live_key(bob, "b")
    for _attempt in range(12):
        with pytest.raises(NotAllowed):
            lifecycle.disable(key=key, by=by, now=NOW)

    with pytest.raises(NotAllowed):
        lifecycle.disable(key=key, by=Actor(alice, Surface.WEB), now=NOW)

    refused = AuditEvent.objects.filter(type="rights.refused")
    by_key = [event.detail.get("by_key") for event in refused.order_by("pk")]
    assert by_key == [by.key.key_id] * 10 + [None]  # type: ignore[union-attr]

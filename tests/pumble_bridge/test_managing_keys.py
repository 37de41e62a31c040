"""Keys that manage others, in chat: it never gives that right, and says which key made which."""

from typing import Any

import pytest
from django.utils import timezone

from keys import lifecycle, scopes
from keys.audit import OPERATOR, Actor, Surface
from keys.models import ApiKey, AuditEvent, Member
from tests.pumble import Person
from tests.pumble_bridge.screens import get_member
from tests.pumble_bridge.test_more_commands import say
from tests.pumble_bridge.test_workspace_keys import sent_to

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def made(ana: Person) -> ApiKey:
    """A key that a key of Ana's created."""
    owner, now = get_member(ana), timezone.now()
    rights = ["user:read", scopes.MANAGE]
    manager, _ = lifecycle.issue(owner=owner, name="deployer", by=OPERATOR, now=now, scopes=rights)
    by = Actor(owner, Surface.API, key=lifecycle.confirm(key=manager, by=OPERATOR, now=now))
    key, _ = lifecycle.issue(owner=owner, name="ci", by=by, now=now, scopes=["user:read"])
    return lifecycle.confirm(key=key, by=by, now=now)


@pytest.mark.parametrize("flags", ["--scopes keys:manage", "--scopes user:read,keys:manage"])
def test_chat_gives_no_key_the_right_to_manage(ana: Person, general: str, flags: str) -> None:
    reply = say(ana, general, f"generate x {flags}")

    assert "Only a person in the portal can create a key that manages other keys" in reply
    assert not ApiKey.objects.exists()
    assert AuditEvent.objects.get(type="rights.refused").detail["why"] == "management_not_given"


def test_full_access_in_chat_manages_nothing(ana: Person, general: str) -> None:
    say(ana, general, "generate x --full")

    assert scopes.MANAGE not in ApiKey.objects.get().scopes


def test_a_list_names_the_key_that_made_another(ana: Person, general: str, made: ApiKey) -> None:
    assert "Created by the key “deployer”." in say(ana, general, "list")


def test_deleting_a_key_says_what_ends_with_it(ana: Person, general: str, made: ApiKey) -> None:
    reply = say(ana, general, "delete deployer")

    made.refresh_from_db()
    assert "The 1 key that it created ends with it." in reply
    assert made.revoked_reason == ApiKey.RevokeReason.CREATOR_REVOKED


def test_who_is_responsible_is_told_which_key_ended_a_workspace_key(ana: Person) -> None:
    person, now = get_member(ana), timezone.now()
    bot = Member.objects.get(is_bot=True, workspace=person.workspace)
    options: Any = {"owner": bot, "responsible": person, "by": OPERATOR, "now": now}
    manager, _ = lifecycle.issue(name="deployer", scopes=["user:read", scopes.MANAGE], **options)
    key, _ = lifecycle.issue(name="ci", scopes=["user:read"], **options)
    for one in (manager, key):
        lifecycle.confirm(key=one, by=OPERATOR, now=now)

    by = Actor(bot, Surface.API, key=manager)
    created, _ = lifecycle.issue(owner=bot, name="job 42", by=by, now=now, scopes=["user:read"])
    lifecycle.confirm(key=created, by=by, now=now)
    lifecycle.revoke(key=key, by=by, reason=ApiKey.RevokeReason.BY_KEY, now=now)

    told = sent_to(ana)
    assert "The key “deployer” revoked your API key “ci”" in told
    assert "job 42" not in told

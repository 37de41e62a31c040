"""Who may do what to which key: every function of `keys.lifecycle`, by every kind of actor, to every kind of key.

`RULES` states the rules, in terms of what `relations` finds between an actor and a key.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from django.db import transaction

from keys import authentication, key_cache, lifecycle, policies, selectors
from keys.audit import OPERATOR, Actor, Surface
from keys.exceptions import NotAllowed, ResponsibleInvalid, ScopeMissing
from keys.models import ApiKey, Member, Workspace
from keys.scopes import MANAGE
from pumble_bridge.events import feed
from tests.conftest import NOW
from tests.keys.cast import END, Cast

HOUR = timedelta(hours=1)

# How an actor stands to a key. A person:
HOLDER = "owns the key, or is responsible for it"
MANAGER = "is an owner or administrator of the key's workspace"
COMMAND_LINE = "is an operator on the command line"
ADMIN = "is an operator in the admin"
NOBODY = "is Pumble or maintenance"
# Another key:
ITSELF = "is the key itself"
SIBLING = "is a managing key of the same owner"
COVERS = "is a managing key of the same owner with all rights of the key, which manages none"
MANAGED = "covers the key, and a list of channels has nothing in it that the managing key does not see"

PEOPLE_WHO_STOP = {HOLDER, MANAGER, COMMAND_LINE, ADMIN, NOBODY}
STOP = PEOPLE_WHO_STOP | {MANAGED, ITSELF}
CHANGE_PERSONAL = {HOLDER, COMMAND_LINE, MANAGED}
CHANGE_WORKSPACE = CHANGE_PERSONAL | {MANAGER}

Call = Callable[[ApiKey, Actor], object]


def relations(by: Actor, key: ApiKey) -> set[str]:
    if by.key is not None:
        return _relations_of_key(by.key, key)
    if by.member is None:
        found = {Surface.CLI: COMMAND_LINE, Surface.PUMBLE: NOBODY, Surface.SYSTEM: NOBODY}.get(by.surface)
        return {found} if found else set()
    if by.member.is_superuser:
        return {ADMIN}
    managing = {Member.Role.OWNER, Member.Role.ADMINISTRATOR}
    manages = by.member.role in managing and by.member.workspace == key.owner.workspace
    holds = by.member == (key.responsible if key.owner.is_bot else key.owner)
    return {relation for relation, applies in ((MANAGER, manages), (HOLDER, holds)) if applies}


def _relations_of_key(manager: ApiKey, key: ApiKey) -> set[str]:
    if key == manager:
        return {ITSELF, SIBLING} if MANAGE in manager.scopes else {ITSELF}
    if MANAGE not in manager.scopes or key.owner != manager.owner:
        return set()
    if MANAGE in key.scopes or key.calls_per_minute > manager.calls_per_minute:
        return {SIBLING}
    # The list of a workspace key can have private channels. The managing keys here have no list, so they see none.
    lists_private = key.owner.is_bot and key.channels is not None and key.created_by_key != manager
    return {SIBLING, COVERS} if lists_private else {SIBLING, COVERS, MANAGED}


def see(key: ApiKey, by: Actor) -> object:
    """In the lists of people, and in `listKeys`. Commands have lists of their own."""
    if by.key is not None:
        record = key_cache.load(by.key.key_id)
        assert record is not None
        authentication.require_scope(record, MANAGE)
        visible = key in selectors.list_own_keys(by.key.owner, NOW)
    else:
        visible = by.member is not None and key in selectors.list_keys(by.member)
    if not visible:
        raise NotAllowed
    return key


def open_changes(key: ApiKey, by: Actor) -> object:
    if by.member is None or by.key is not None or key not in ApiKey.objects.changeable_by(by.member):
        raise NotAllowed
    return key


def issue(key: ApiKey, by: Actor) -> object:
    """A key of the same owner with the same rights."""
    return lifecycle.issue(
        owner=key.owner,
        name=None,
        by=by,
        now=NOW,
        scopes=key.scopes,
        channels=key.channels,
        calls_per_minute=key.calls_per_minute,
        expires_at=key.expires_at,
    )


def renew(key: ApiKey, by: Actor, days: int = 0) -> object:
    expires_at = END + timedelta(days=days)
    return lifecycle.renew(key=key, expires_at=expires_at, grace=HOUR, by=by, now=NOW)


def hand_over(key: ApiKey, by: Actor) -> object:
    heir = Member.objects.get(name="heir")
    return lifecycle.replace_responsible(key=key, responsible=heir, by=by, now=NOW)


def enforce(key: ApiKey, by: Actor) -> object:
    revision = policies.get_policy(key.owner.workspace).revision
    return lifecycle.enforce_policy(key=key, revision=revision, by=by, now=NOW)


def enable(key: ApiKey, by: Actor) -> object:
    lifecycle.disable(key=key, by=OPERATOR, now=NOW)
    return lifecycle.enable(key=key, by=by, now=NOW)


def enable_own(key: ApiKey, by: Actor) -> object:
    lifecycle.disable(key=key, by=Actor(key.holder, Surface.WEB), now=NOW)
    return lifecycle.enable(key=key, by=by, now=NOW)


@dataclass(frozen=True)
class Rule:
    """A function, how it is called, and who may with a personal key and with a workspace key."""

    function: str  # of `keys.lifecycle`, or "" for what has its rule elsewhere
    call: Call
    personal: set[str]
    workspace: set[str]

    def allows(self, by: Actor, key: ApiKey) -> bool:
        allowed = self.workspace if key.owner.is_bot else self.personal
        return bool(allowed & relations(by, key))


def both(function: str, call: Call, allowed: set[str]) -> Rule:
    return Rule(function, call, allowed, allowed)


RULES = {
    "see": both("", see, {HOLDER, MANAGER, ADMIN, SIBLING}),
    "open the pages that change it": Rule("", open_changes, {HOLDER}, {HOLDER, MANAGER}),
    "issue": Rule("issue", issue, {HOLDER, COMMAND_LINE, COVERS}, {MANAGER, COMMAND_LINE, ADMIN, COVERS}),
    "rotate": Rule(
        "rotate",
        lambda key, by: lifecycle.rotate(key=key, grace=HOUR, by=by, now=NOW),
        CHANGE_PERSONAL | {ITSELF},
        CHANGE_WORKSPACE | {ITSELF},
    ),
    "finish the rotation": both(
        "finish_rotation", lambda key, by: lifecycle.finish_rotation(key=key, by=by, now=NOW), STOP
    ),
    "renew": Rule("renew", renew, CHANGE_PERSONAL | {ITSELF}, CHANGE_WORKSPACE | {ITSELF}),
    "renew beyond the end of the keys": Rule(
        "renew",
        lambda key, by: renew(key, by, days=1),
        CHANGE_PERSONAL - {MANAGED},
        CHANGE_WORKSPACE - {MANAGED},
    ),
    "rename": Rule(
        "rename",
        lambda key, by: lifecycle.rename(key=key, name="other", by=by, now=NOW),
        CHANGE_PERSONAL,
        CHANGE_WORKSPACE,
    ),
    "change the purpose": Rule(
        "change_purpose",
        lambda key, by: lifecycle.change_purpose(key=key, purpose="other", by=by, now=NOW),
        CHANGE_PERSONAL,
        CHANGE_WORKSPACE,
    ),
    "narrow": Rule(
        "narrow",
        lambda key, by: lifecycle.narrow(
            key=key, rights=replace(key.rights, calls_per_minute=1), by=by, now=NOW
        ),
        CHANGE_PERSONAL,
        CHANGE_WORKSPACE,
    ),
    "replace the responsible person": Rule("replace_responsible", hand_over, set(), CHANGE_WORKSPACE),
    "disable": both("disable", lambda key, by: lifecycle.disable(key=key, by=by, now=NOW), STOP),
    "enable what its holder disabled": both("enable", enable_own, STOP),
    "enable what an operator disabled": both("enable", enable, {MANAGER, COMMAND_LINE, ADMIN, NOBODY}),
    "revoke": both(
        "revoke",
        lambda key, by: lifecycle.revoke(key=key, by=by, reason=ApiKey.RevokeReason.BY_HOLDER, now=NOW),
        STOP,
    ),
    "stop listening": both("", lambda key, by: feed.stop_listening(key, by=by, now=NOW), STOP),
    "stop all keys of the owner": Rule(
        "stop_all",
        lambda key, by: lifecycle.stop_all(owner=key.owner, by=by, now=NOW),
        PEOPLE_WHO_STOP,
        PEOPLE_WHO_STOP - {HOLDER},
    ),
    "enforce the policy": both("enforce_policy", enforce, {MANAGER, COMMAND_LINE, ADMIN}),
}
# They check nobody: the portal calls them after a check, or because of what happened. Nobody asks for them.
WITHOUT_A_RULE = {
    "confirm",
    "reapply_revocations",
    "record_use_after_rotation",
    "rehash",
    "release_keys",
    "revoke_reason",
}


@pytest.mark.parametrize("operation", RULES)
def test_exactly_those_whom_the_rules_name_may(operation: str, acme: Workspace, mallory: Member) -> None:
    rule, cast = RULES[operation], Cast(acme, mallory)
    wrong = []
    for who, by in cast.actors.items():
        for what, key in cast.targets(by).items():
            expected, refusal = rule.allows(by, key), ""
            mark = transaction.savepoint()
            try:
                rule.call(ApiKey.objects.select_related("owner__workspace", "responsible").get(pk=key.pk), by)
            except (NotAllowed, ResponsibleInvalid, ScopeMissing) as error:
                refusal = type(error).__name__
            transaction.savepoint_rollback(mark)
            if expected == bool(refusal):
                wrong.append(f"{who}, {what}: {refusal or 'allowed'}")

    assert wrong == []


def test_each_change_of_a_key_by_somebody_has_a_rule() -> None:
    functions = {
        name
        for name in lifecycle.__all__
        if inspect.isfunction(function := getattr(lifecycle, name))
        and "by" in inspect.signature(function).parameters
    }
    named = {rule.function for rule in RULES.values() if rule.function}

    assert functions == named | WITHOUT_A_RULE

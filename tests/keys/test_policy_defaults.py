from datetime import timedelta
from typing import Any

import pytest

from keys import lifecycle, policies, policy_compliance, scopes
from keys.audit import Actor, Surface
from keys.exceptions import FullAccessNotAllowed, KeysError, PolicyValueInvalid, ScopeNotAllowed, ScopeUnknown
from keys.models import ApiKey, AuditEvent, Member, Policy
from keys.policies import PolicyValues
from keys.texts import error_message
from keys.violations import PolicyRule
from tests.conftest import NOW

DAY = timedelta(days=1)
NO_READING = [scope for scope in scopes.ALL if not scopes.is_read_only(scope)]


def web(member: Member) -> Actor:
    return Actor(member, Surface.WEB)


def set_policy(administrator: Member, **values: Any) -> Policy:
    assert administrator.workspace is not None
    return policies.change_policy(
        workspace=administrator.workspace, values=PolicyValues(**values), by=web(administrator), now=NOW
    )


class TestTheDefaultPermissions:
    @pytest.mark.parametrize(
        ("policy", "elsewhere", "on_a_form"),
        [
            ({}, scopes.ALL, scopes.READ_ONLY),
            ({"default_preset": "post-messages"}, scopes.POST_MESSAGES, scopes.POST_MESSAGES),
            ({"default_preset": "full-access"}, scopes.ALL, scopes.ALL),
            ({"allowed_scopes": ["user:read", "status:write"]}, ["user:read", "status:write"], ["user:read"]),
            ({"allowed_scopes": NO_READING}, NO_READING, NO_READING),
            ({"full_access_forbidden": True}, scopes.READ_ONLY, scopes.READ_ONLY),
            (
                {"full_access_forbidden": True, "default_preset": "full-access"},
                scopes.READ_ONLY,
                scopes.READ_ONLY,
            ),
        ],
    )
    def test_are_those_of_the_policy_and_else_full_access_or_on_a_form_read_only(
        self, policy: dict[str, Any], elsewhere: list[str], on_a_form: list[str]
    ) -> None:
        assert policies.default_scopes(Policy(**policy)) == list(elsewhere)
        assert policies.default_scopes(Policy(**policy), cautious=True) == list(on_a_form)


class TestTheDefaultLifetime:
    @pytest.mark.parametrize(
        ("policy", "elsewhere", "on_a_form"),
        [
            ({}, None, 30 * DAY),
            ({"default_lifetime": 14 * DAY}, 14 * DAY, 14 * DAY),
            ({"max_lifetime": 7 * DAY}, 7 * DAY, 7 * DAY),
            ({"max_lifetime": 90 * DAY}, 90 * DAY, 30 * DAY),
            ({"allows_no_expiry": False}, 365 * DAY, 30 * DAY),
        ],
    )
    def test_is_that_of_the_policy_and_else_the_longest_or_on_a_form_30_days(
        self, policy: dict[str, Any], elsewhere: timedelta | None, on_a_form: timedelta
    ) -> None:
        assert policies.default_lifetime(Policy(**policy)) == elsewhere
        assert policies.default_lifetime(Policy(**policy), cautious=True) == on_a_form


class TestAPolicyWithDefaults:
    def test_is_kept_and_told(self, olivia: Member) -> None:
        set_policy(olivia, default_preset="read-only", default_lifetime=30 * DAY, full_access_forbidden=True)

        kept = Policy.objects.get()
        assert (kept.default_preset, kept.default_lifetime) == ("read-only", 30 * DAY)
        after = AuditEvent.objects.get(type="policy.changed").detail["after"]
        assert after["default_preset"] == "read-only"
        assert (after["default_lifetime_days"], after["full_access_forbidden"]) == (30, True)

    @pytest.mark.parametrize(
        ("values", "refused"),
        [
            ({"default_preset": "everything"}, ScopeUnknown),
            ({"default_preset": "full-access", "full_access_forbidden": True}, FullAccessNotAllowed),
            ({"default_preset": "post-messages", "allowed_scopes": ["user:read"]}, ScopeNotAllowed),
            ({"default_lifetime": 31 * DAY, "max_lifetime": 30 * DAY}, PolicyValueInvalid),
            ({"default_lifetime": timedelta(0)}, PolicyValueInvalid),
            ({"default_lifetime": 3651 * DAY}, PolicyValueInvalid),
        ],
    )
    def test_does_not_contradict_itself(
        self, olivia: Member, values: dict[str, Any], refused: type[KeysError]
    ) -> None:
        with pytest.raises(refused):
            set_policy(olivia, **values)
        assert not Policy.objects.exists()

    def test_of_full_access_may_allow_less(self, olivia: Member) -> None:
        policy = set_policy(olivia, default_preset="full-access", allowed_scopes=["user:read"])

        assert policies.default_scopes(policy) == ["user:read"]


class TestNoFullAccess:
    def test_refuses_a_key_with_every_permission_and_no_other(self, alice: Member, olivia: Member) -> None:
        set_policy(olivia, full_access_forbidden=True)

        with pytest.raises(FullAccessNotAllowed) as refused:
            lifecycle.issue(owner=alice, name="all", by=web(alice), now=NOW)
        assert "full access" in error_message(refused.value)

        lifecycle.issue(owner=alice, name="most", by=web(alice), now=NOW, scopes=scopes.ALL[1:])

    def test_finds_keys_that_have_it_and_disables_them(self, alice: Member, olivia: Member) -> None:
        key, _ = lifecycle.issue(owner=alice, name="all", by=web(alice), now=NOW)
        lifecycle.confirm(key=key, by=web(alice), now=NOW)
        policy = set_policy(olivia, full_access_forbidden=True)
        assert olivia.workspace is not None

        (broken,) = policy_compliance.find_noncompliant_keys(olivia.workspace, NOW)
        assert [violation.rule for violation in broken.violations] == [PolicyRule.FULL_ACCESS]
        lifecycle.enforce_policy(key=key, revision=policy.revision, by=web(olivia), now=NOW)

        key.refresh_from_db()
        assert (key.state(NOW), key.disabled_reason) == (ApiKey.State.DISABLED, "POLICY")

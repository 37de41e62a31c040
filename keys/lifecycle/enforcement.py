"""Enforcement of a workspace's policy on existing keys: on request, and by maintenance for idle keys."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import transaction

from keys import audit, permissions, policies, policy_compliance
from keys.audit import Actor, audit_denials
from keys.exceptions import KeysError, PolicyChanged
from keys.lifecycle.locks import lock_live_rotation_chain, lock_owner
from keys.lifecycle.names import clean_note
from keys.lifecycle.updates import apply_rights, disable_all
from keys.models import ApiKey, Policy
from keys.policy_compliance import NonCompliantKey

MAX_DISABLED_PER_RUN = 500  # so that a maintenance run stays short
_Reason = ApiKey.DisableReason


@audit_denials("bring_in_line")
@transaction.atomic
def enforce_policy(
    *, key: ApiKey, revision: int, by: Actor, now: datetime, note: str = ""
) -> NonCompliantKey | None:
    """Narrow a live key to what the policy of its workspace allows, or disable it if narrowing does not help.

    Args:
        revision: the revision of the policy that the request is based on.
        note: why, in the words of the administrator. The owner gets it.

    Returns:
        The violations of the key and the rights that it keeps; None if it complies.

    Raises:
        NotAllowed, KeyBeingReplaced; PolicyChanged: the policy has another revision by now;
        KeyNotFound: the key is no longer live.
    """
    owner = lock_owner(key.owner)
    chain = lock_live_rotation_chain(key, now)
    permissions.require_can_manage(chain[-1], by)
    policy = policies.get_selected_policy(owner.workspace)
    if policy.revision != revision:
        raise PolicyChanged
    noncompliant = policy_compliance.check_key(policy, chain[-1], now)
    if noncompliant is None:
        return None
    detail: dict[str, Any] = {"breaches": [violation.to_dict() for violation in noncompliant.violations]}
    if note:
        detail["note"] = clean_note(note)
    if noncompliant.compliant_rights is not None:
        apply_rights(
            chain, noncompliant.compliant_rights, by=by, now=now, reason=_Reason.POLICY.value, **detail
        )
    else:
        disable_all(
            chain,
            by=by,
            now=now,
            reason=_Reason.IDLE if noncompliant.is_only_idle else _Reason.POLICY,
            **detail,
        )
    return noncompliant


def find_keys_becoming_idle(within: timedelta, now: datetime) -> Iterator[tuple[ApiKey, datetime]]:
    """Yield the enabled keys that are disabled as idle within the given time unless they are used, each with its deadline."""
    for policy in Policy.objects.filter(idle_days__isnull=False):
        length = timedelta(days=policy.idle_days or 0)
        keys = ApiKey.objects.filter(owner__workspace=policy.workspace_id, disabled_at__isnull=True).current(
            now
        )
        related = ("owner__workspace", "last_use", "replaces__last_use")
        for key in keys.idle_since(now + within - length).select_related(*related).iterator(chunk_size=500):
            deadline = policy_compliance.idle_deadline(policy, key)
            if deadline is not None and deadline <= now + within:
                yield key, deadline


def disable_idle(*, now: datetime) -> int:
    """Disable the keys that were idle for as long as their workspace allows, 500 at most. Return how many."""
    disabled = 0
    for key, _deadline in list(islice(find_keys_becoming_idle(timedelta(0), now), MAX_DISABLED_PER_RUN)):
        try:
            disabled += _disable_if_idle(key, now)
        except KeysError:
            continue  # it was revoked or replaced since the query
    return disabled


@transaction.atomic
def _disable_if_idle(key: ApiKey, now: datetime) -> bool:
    """Disable the key if it is still idle. Return whether it was disabled."""
    owner = lock_owner(key.owner)
    chain = lock_live_rotation_chain(key, now)
    policy = policies.get_selected_policy(owner.workspace)
    deadline = policy_compliance.idle_deadline(policy, chain[-1])
    if chain[-1].disabled_at is not None or deadline is None or deadline > now:
        return False
    idle = {"idle_days": policy.idle_days, "idle_since": chain[-1].idle_since.isoformat()}
    disable_all(chain, by=audit.MAINTENANCE, now=now, reason=_Reason.IDLE, **idle)
    return True

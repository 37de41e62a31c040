"""Keys whom their workspace's policy has overtaken: brought in line when somebody asks, disabled by itself when idle."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction

from keys import audit, permissions, policies
from keys.audit import Actor, audit_denials
from keys.exceptions import KeysError, PolicyChanged
from keys.lifecycle.locks import lock_live_rotation_chain, lock_owner
from keys.lifecycle.updates import apply_rights, disable_all
from keys.models import ApiKey, Policy
from keys.policies import NonCompliantKey

MAX_DISABLED_PER_RUN = 500  # whoever waits for the end of a maintenance run waits for them
_Reason = ApiKey.DisableReason


@audit_denials("bring_in_line")
@transaction.atomic
def enforce_policy(*, key: ApiKey, revision: int, by: Actor, now: datetime) -> NonCompliantKey | None:
    """Leave a live key what its workspace's policy allows, or disable it where narrowing does not help.

    Args:
        revision: of the policy that was looked at.

    Returns:
        What was the matter with the key, and what it was left with; None where nothing was.

    Raises:
        NotAllowed, KeyRetiring; PolicyChanged: the policy has another revision by now;
        KeyNotFound where the key is no longer live.
    """
    owner = lock_owner(key.owner)
    family = lock_live_rotation_chain(key, now)
    permissions.require_can_manage(family[-1], by)
    terms = policies.get_selected_policy(owner.workspace)
    if terms.revision != revision:
        raise PolicyChanged
    broken = policies.check_key(terms, family[-1], now)
    if broken is None:
        return None
    why = {"breaches": [breach.to_dict() for breach in broken.violations]}
    if broken.compliant_rights is not None:
        apply_rights(family, broken.compliant_rights, by=by, now=now, reason=_Reason.POLICY.value, **why)
    else:
        disable_all(
            family, by=by, now=now, reason=_Reason.IDLE if broken.is_only_idle else _Reason.POLICY, **why
        )
    return broken


def find_keys_becoming_idle(within: timedelta, now: datetime) -> Iterator[tuple[ApiKey, datetime]]:
    """Working keys that are disabled for lying idle in `within` or sooner, unless they are used; and when that is."""
    for terms in Policy.objects.filter(idle_days__isnull=False):
        length = timedelta(days=terms.idle_days or 0)
        keys = ApiKey.objects.filter(owner__workspace=terms.workspace_id, disabled_at__isnull=True).current(
            now
        )
        related = ("owner__workspace", "last_use", "replaces__last_use")
        for key in keys.idle_since(now + within - length).select_related(*related).iterator(chunk_size=500):
            end = policies.idle_deadline(terms, key)
            if end is not None and end <= now + within:
                yield key, end


def disable_idle(*, now: datetime) -> int:
    """Disable keys that lay idle for as long as their workspace lets a key, 500 at most; how many."""
    disabled = 0
    for key, _end in list(islice(find_keys_becoming_idle(timedelta(0), now), MAX_DISABLED_PER_RUN)):
        try:
            disabled += _disable_if_idle(key, now)
        except KeysError:
            continue  # over or replaced meanwhile
    return disabled


@transaction.atomic
def _disable_if_idle(key: ApiKey, now: datetime) -> bool:
    """Whether the key, which was idle a moment ago, still was and is disabled now."""
    owner = lock_owner(key.owner)
    family = lock_live_rotation_chain(key, now)
    terms = policies.get_selected_policy(owner.workspace)
    end = policies.idle_deadline(terms, family[-1])
    if family[-1].disabled_at is not None or end is None or end > now:
        return False
    idle = {"idle_days": terms.idle_days, "idle_since": family[-1].idle_since.isoformat()}
    disable_all(family, by=audit.MAINTENANCE, now=now, reason=_Reason.IDLE, **idle)
    return True

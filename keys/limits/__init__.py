"""How much a key, a person, a workspace and a stranger may ask for in a minute, kept before Pumble has to say no.

Pumble's quotas are shared by everything behind one app, so they are shared fairly here: the last tenth of a quota is
only for those who have not had their share of it yet. Alone, a key may take nine tenths of what a workspace shares;
beside others it takes what they leave, and whoever comes next finds room at once. Of the quota of its own person a
lone key may take all.
"""

from keys.limits.backends import backend
from keys.limits.budget import (
    CallBudget,
    hit_failed_auth,
    hit_key_limit,
    hit_key_limit_if_current,
    hit_oauth_step,
    hit_sign_in,
    pumble_quotas,
    workspace_quotas,
)
from keys.limits.windows import LimitName, LimitStatus, PumbleQuota, RateLimit

__all__ = [
    "CallBudget",
    "LimitName",
    "LimitStatus",
    "PumbleQuota",
    "RateLimit",
    "backend",
    "hit_failed_auth",
    "hit_key_limit",
    "hit_key_limit_if_current",
    "hit_oauth_step",
    "hit_sign_in",
    "pumble_quotas",
    "workspace_quotas",
]

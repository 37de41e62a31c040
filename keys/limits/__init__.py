"""How much a key, a person, a workspace and a stranger may ask for in a minute, kept before Pumble has to say no.

Pumble's quotas are shared by everything behind one app, so they are shared fairly here: the last tenth of a quota is
only for those who have not had their share of it yet. Alone, a key may take nine tenths of what a workspace shares;
beside others it takes what they leave, and whoever comes next finds room at once. Of the quota of its own person a
lone key may take all.
"""

from keys.limits.backends import backend
from keys.limits.budget import (
    Allowance,
    count_oauth_step,
    count_refused,
    count_sign_in,
    hit_own,
    hit_own_if_current,
    pumble_quotas,
    workspace_quotas,
)
from keys.limits.windows import PumbleQuota, Standing, Whose, Window

__all__ = [
    "Allowance",
    "PumbleQuota",
    "Standing",
    "Whose",
    "Window",
    "backend",
    "count_oauth_step",
    "count_refused",
    "count_sign_in",
    "hit_own",
    "hit_own_if_current",
    "pumble_quotas",
    "workspace_quotas",
]

"""Rate limits of keys, members, workspaces and anonymous clients, applied before Pumble's own.

All keys of a workspace share Pumble's quotas, so the quotas are shared fairly here. The last tenth of a quota is reserved for
keys that have not had their share. A key alone can use nine tenths of a quota that the workspace shares. Beside others it
can use what they leave, and a new key always finds some left. The quota of a member's own calls has no such reserve for
newcomers, so a key alone can use all of it.
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
    test_key_limit,
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
    "test_key_limit",
    "workspace_quotas",
]

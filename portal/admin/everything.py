"""The site with everything that registers itself there."""

from portal.admin import (
    api_keys,
    audit_events,
    calls,
    front,
    installation,
    lookup,
    members,
    policy,
    workspaces,
)
from portal.admin.site import site

__all__ = [
    "api_keys",
    "audit_events",
    "calls",
    "front",
    "installation",
    "lookup",
    "members",
    "policy",
    "site",
    "workspaces",
]

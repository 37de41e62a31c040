"""The site with everything that registers itself there."""

from portal.admin import api_keys, front, members, policy
from portal.admin.site import site

__all__ = ["api_keys", "front", "members", "policy", "site"]

"""The Django admin of the portal, at /admin/.

Owners and administrators see their workspace. Operators see all workspaces. Only actions change keys. Each list stands in
a module of its own with its filters; `base` has the base class of all lists, and `urls` registers them.
"""

"""The admin, at /admin/: owners and administrators see their workspace, operators every one. Keys change by actions only.

One file per model or page. Each registers itself with `site`; `base` has what they share.
"""

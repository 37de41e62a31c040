"""Lookups of workspaces and members by command-line arguments."""

from django.core.management.base import CommandError

from keys import unicode_text
from keys.models import ApiKey, Member, Workspace


def get_workspace(text: str) -> Workspace:
    """Return the workspace with this Pumble id or exact name.

    Raises:
        CommandError: there is none, or more than one.
    """
    matches = list(Workspace.objects.filter(pumble_id=text)) or list(
        Workspace.objects.filter(unicode_text.matches("name", text))
    )
    if not matches:
        known = ", ".join(sorted(Workspace.objects.values_list("name", flat=True)[:20])) or "none"
        raise CommandError(f"no workspace has the id or exact name {text!r}; the workspaces are: {known}")
    if len(matches) > 1:
        raise CommandError(
            f"more than one workspace has the name {text!r}; use the id: {', '.join(w.pumble_id for w in matches)}"
        )
    return matches[0]


def get_member(workspace: Workspace, email: str) -> Member:
    """Return the member with this e-mail, ignoring case.

    Raises:
        CommandError: there is none, or more than one.
    """
    members = Member.objects.people().filter(workspace=workspace, erased_at__isnull=True)
    matches = list(members.select_related("workspace").filter(unicode_text.matches("email__iexact", email)))
    if not matches:
        raise CommandError(f"{workspace.name} has no member with the e-mail {email!r} who authorized the app")
    if len(matches) > 1:
        raise CommandError(f"more than one member of {workspace.name} has the e-mail {email!r}")
    return matches[0]


def describe_holder(key: ApiKey) -> str:
    """Return the e-mail of the key's owner. Of a workspace key: that it is one, and who is responsible."""
    email = key.holder.email if key.holder else ""
    return f"workspace key ({email or 'without a responsible person'})" if key.is_workspace_key else email

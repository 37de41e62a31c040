"""How the command line names workspaces, members and keys, and how it shows a key."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandError

from keys import unicode_text
from keys.models import ApiKey, Member, Workspace


def get_workspace(text: str) -> Workspace:
    """The workspace with this Pumble id or exact name."""
    found = list(Workspace.objects.filter(pumble_id=text)) or list(
        Workspace.objects.filter(unicode_text.matches("name", text))
    )
    if not found:
        known = ", ".join(sorted(Workspace.objects.values_list("name", flat=True)[:20])) or "none"
        raise CommandError(f"no workspace has the id or exact name {text!r}; there are: {known}")
    if len(found) > 1:
        raise CommandError(
            f"more than one workspace is named {text!r}; give the id: {', '.join(w.pumble_id for w in found)}"
        )
    return found[0]


def get_member(workspace: Workspace, email: str) -> Member:
    """The member with this e-mail, in whatever case."""
    people = Member.objects.filter(workspace=workspace, erased_at__isnull=True)
    found = list(people.select_related("workspace").filter(unicode_text.matches("email__iexact", email)))
    if not found:
        raise CommandError(f"{workspace.name} has no member with the e-mail {email!r} who authorised the app")
    if len(found) > 1:
        raise CommandError(f"more than one member of {workspace.name} has the e-mail {email!r}")
    return found[0]


def describe(key: ApiKey, now: datetime) -> dict[str, Any]:
    """The key as `--json` shows it: never a secret. Times are ISO in UTC, or None. Load `last_use` with the key."""
    workspace = key.owner.workspace
    return {
        "id": key.key_id,
        "name": key.name,
        "workspace": workspace.name if workspace else "",
        "member": key.owner.email,
        "state": key.state(now).value.lower(),
        "scopes": key.scopes,
        "expiresAt": iso(key.expires_at),
        "lastUsedAt": iso(key.last_used_at),
    }


def iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None

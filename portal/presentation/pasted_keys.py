"""Keys that people paste into a form. A key of the workspace is revoked. None is shown again."""

from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from keys import key_format
from keys.audit import Actor
from keys.pasted_keys import revoke_pasted

MESSAGES = {
    "pasted": _(
        "You pasted a complete API key, so the portal revoked it. Use the name or the ID of a key instead."
    ),
    "strange": _(
        "You pasted something that looks like an API key, but it is not a key of this workspace. Never paste a key into a form."
    ),
}


@dataclass(frozen=True)
class PastedKey:
    """A key in a form field. `revoked` if it was a key of this workspace."""

    revoked: bool

    @property
    def message_name(self) -> str:
        return "pasted" if self.revoked else "strange"

    def __str__(self) -> str:
        return str(MESSAGES[self.message_name])


def extract_pasted_keys(
    submitted: QueryDict, *, by: Actor, now: datetime
) -> tuple[QueryDict, dict[str, PastedKey]]:
    """Return the form data without keys, and the fields that contained one. Revoke keys of the workspace."""
    data, pasted = submitted.copy(), {}
    for name in submitted:
        values = [str(value) for value in submitted.getlist(name)]
        keys = [value for value in values if key_format.contains_key_pattern(value)]
        if keys:
            data.setlist(name, [value for value in values if value not in keys])
            pasted[name] = PastedKey(_revoke("\n".join(keys), by=by, now=now))
    return data, pasted


def _revoke(text: str, *, by: Actor, now: datetime) -> bool:
    workspace = by.member.workspace if by.member else None
    if workspace is None:
        return False
    return revoke_pasted(key_format.find_in(text), workspace_id=workspace.pumble_id, by=by, now=now)

"""Keys that were pasted into a form: they are revoked, reported and not shown again."""

from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from keys import key_format
from keys.audit import Actor
from keys.pasted_keys import revoke_pasted

MESSAGES = {
    "pasted": _("That was a full key, so I revoked it. Next time use its name or short id."),
    "strange": _("That looks like a key, but none of this workspace. Keys do not belong in forms."),
}


@dataclass(frozen=True)
class PastedKey:
    """A field's value with the form of a key. `revoked` if it was a key of this workspace."""

    revoked: bool

    @property
    def message_name(self) -> str:
        return "pasted" if self.revoked else "strange"

    def __str__(self) -> str:
        return str(MESSAGES[self.message_name])


def extract_pasted_keys(
    sent: QueryDict, *, by: Actor, now: datetime
) -> tuple[QueryDict, dict[str, PastedKey]]:
    """Return the data without anything of a key's form, and the fields that contained such a thing."""
    data, pasted = sent.copy(), {}
    for name in sent:
        values = [str(value) for value in sent.getlist(name)]
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

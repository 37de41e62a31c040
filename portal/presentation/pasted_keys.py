"""Keys that people paste into a form. They are named, and neither kept, shown again nor revoked: nobody else saw them."""

from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.utils.translation import gettext as _

from keys import key_format
from keys.audit import Actor
from keys.models import ApiKey, Member
from keys.pasted_keys import identify
from keys.permissions import is_holder


@dataclass(frozen=True)
class PastedKey:
    """A key in a form field. `key` is None if it is no key that `viewer` may see."""

    key: ApiKey | None
    viewer: Member | None = None

    def __str__(self) -> str:
        if self.key is None:
            return unknown_key_message()
        if self.key.is_workspace_key:
            name = {"name": self.key.name}
            return _("This is the workspace key “%(name)s”. The field did not keep it.") % name
        if self.key.owner == self.viewer:
            return _("This is “%(name)s”. The field did not keep it.") % {"name": self.key.name}
        return _("This is “%(name)s” of %(holder)s. The field did not keep it.") % {
            "name": self.key.name,
            "holder": self.key.owner.name,
        }

    def can_be_rotated(self, now: datetime) -> bool:
        """Return whether the viewer can rotate the key."""
        key = self.key
        return key is not None and is_holder(key, self.viewer) and key.state(now) == ApiKey.State.ACTIVE


def unknown_key_message() -> str:
    return _(
        "This looks like an API key, but it is none that you may see. The field did not keep it. Use the name or the ID of a key."
    )


def extract_pasted_keys(
    submitted: QueryDict, *, by: Actor, now: datetime
) -> tuple[QueryDict, dict[str, PastedKey]]:
    """Return the form data without keys, and the fields that contained one."""
    data, pasted = submitted.copy(), {}
    for name in submitted:
        values = [str(value) for value in submitted.getlist(name)]
        texts = [value for value in values if key_format.contains_key_pattern(value)]
        if texts:
            data.setlist(name, [value for value in values if value not in texts])
            viewer = by.member
            key = identify("\n".join(texts), viewer=viewer, by=by, now=now) if viewer else None
            pasted[name] = PastedKey(key, viewer)
    return data, pasted

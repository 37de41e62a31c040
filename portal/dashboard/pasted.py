"""Keys that were pasted into a form: revoked, said, and not repeated."""

from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict

from keys import authentication, keyformat, lifecycle
from keys.audit import Actor
from keys.models import ApiKey
from portal.dashboard.notices import notice


@dataclass(frozen=True)
class Pasted:
    """Something of a key's form that stood in a field; `revoked` if it was a key of this workspace."""

    revoked: bool

    @property
    def notice(self) -> str:
        return "pasted" if self.revoked else "strange"

    def __str__(self) -> str:
        return notice(self.notice)


def take_out(sent: QueryDict, *, by: Actor, now: datetime) -> tuple[QueryDict, dict[str, Pasted]]:
    """What was sent without anything of a key's form, and the fields that had such a thing in them."""
    rest, found = sent.copy(), {}
    for name in sent:
        values = [str(value) for value in sent.getlist(name)]
        keys = [value for value in values if keyformat.looks_like_key(value)]
        if keys:
            rest.setlist(name, [value for value in values if value not in keys])
            found[name] = Pasted(_revoke("\n".join(keys), by=by, now=now))
    return rest, found


def _revoke(text: str, *, by: Actor, now: datetime) -> bool:
    """Whether a key of the person's workspace was there and is revoked: whoever pasted it holds its plaintext."""
    revoked = False
    for plaintext in keyformat.find_in(text):
        key = authentication.find_by_plaintext(plaintext)
        if key is not None and by.member and key.owner.workspace_id == by.member.workspace_id:
            lifecycle.revoke(key=key, by=by, reason=ApiKey.RevokeReason.PASTED, now=now)
            revoked = True
    return revoked

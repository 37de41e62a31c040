"""A whole key that somebody holds: whose it is. It is neither kept nor repeated, and goes no further than this."""

from django.utils import timezone

from keys import audit, authentication, keyformat
from keys.audit import Actor
from keys.models import ApiKey, AuditEvent, Member


def find(text: str, viewer: Member, *, by: Actor) -> ApiKey | None:
    """The key of which `text` has the plaintext, if `viewer` may see it. That it was looked for is audited with it."""
    for plaintext in keyformat.find_in(text):
        known = authentication.find_by_plaintext(plaintext)
        key = ApiKey.objects.for_viewer(viewer).filter(pk=known.pk).first() if known else None
        if key is not None and key.owner.workspace is not None:
            audit.record(
                AuditEvent.Type.KEY_IDENTIFIED,
                workspace=key.owner.workspace,
                key=key,
                member=key.owner,
                by=by,
                now=timezone.now(),
            )
            return key
    return None

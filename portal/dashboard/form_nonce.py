"""Forms that count once: each carries a signed nonce of its reader, which is used up with what the form does."""

import secrets
from datetime import datetime

from django.core.signing import BadSignature, TimestampSigner

from keys.models import Member
from portal.models import SentForm

_signer = TimestampSigner(salt="portal.dashboard.once")


class FormAlreadySent(Exception):
    """The form was sent before, or is not one that this member was given within a day."""


def create_nonce(member: Member) -> str:
    return _signer.sign(f"{member.pk}:{secrets.token_urlsafe(16)}")


def consume_nonce(nonce: str, member: Member, *, now: datetime) -> None:
    """Called in the transaction of what the form does, so that a refused form can be mended and sent again.

    Raises:
        FormAlreadySent.
    """
    try:
        member_pk, _separator, value = _signer.unsign(nonce, max_age=SentForm.RETENTION).partition(":")
    except BadSignature as error:
        raise FormAlreadySent from error
    if member_pk != str(member.pk) or not SentForm.consume(value, now=now):
        raise FormAlreadySent

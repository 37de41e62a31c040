"""A signed nonce in each form that creates a key, so that the form works only once."""

import secrets
from datetime import datetime

from django.core.signing import BadSignature, TimestampSigner

from keys.models import Member
from portal.models import SentForm

_signer = TimestampSigner(salt="portal.dashboard.once")  # open forms carry nonces with this salt


class FormAlreadySent(Exception):
    """The form was already sent, is older than a day, or belongs to another member."""


def create(member: Member) -> str:
    return _signer.sign(f"{member.pk}:{secrets.token_urlsafe(16)}")


def consume(nonce: str, member: Member, *, now: datetime) -> None:
    """Mark the nonce as used. Call it in the transaction of the change, so that a refused form can be sent again.

    Raises:
        FormAlreadySent: the nonce was used, is too old, or belongs to another member.
    """
    try:
        member_pk, _separator, value = _signer.unsign(nonce, max_age=SentForm.RETENTION).partition(":")
    except BadSignature as error:
        raise FormAlreadySent from error
    if member_pk != str(member.pk) or not SentForm.consume(value, now=now):
        raise FormAlreadySent

"""Clients for members and bots from their stored tokens, and what happens when Pumble rejects a token."""

import logging
from functools import partial

from django.db import transaction
from django.utils import timezone

from keys import audit, key_cache, lifecycle, membership
from keys.key_cache import KeyRecord
from keys.models import Member
from pumble_bridge import tokens
from pumble_bridge.client import ClientObserver, PumbleClient
from pumble_bridge.models import Authorization, Installation

log = logging.getLogger(__name__)


def client_for_member(authorization: Authorization) -> PumbleClient | None:
    """Return a client that acts as the member, or None if the token cannot be decrypted."""
    member, token = authorization.member, authorization.access_token
    if token is None:
        return None
    rejected = partial(_end_authorization, member.pk, bytes(authorization.encrypted_access_token))
    return PumbleClient(token, None, member.workspace_id, rejected)


def client_for_bot(installation: Installation) -> PumbleClient | None:
    """Return a client that acts as the app's bot, or None if the token cannot be decrypted."""
    token, workspace_pk = installation.bot_token, installation.workspace_id
    if token is None:
        return None
    rejected = partial(_record_rejection, workspace_pk, bytes(installation.encrypted_bot_token))
    return PumbleClient(token, None, workspace_pk, rejected, is_bot=True)


def client_for_key_owner(key: KeyRecord, observer: ClientObserver) -> PumbleClient | None:
    """Return a client that acts as the key's owner, or None if there is no token or it cannot be decrypted.

    The owner of a workspace key is the bot.
    """
    if key.owner_is_bot:
        return client_for_key_bot(key, observer)
    stored = key.encrypted_access_token
    token = _decrypt(key, stored, key.owner_pumble_id, "access")
    if stored is None or token is None:
        return None
    return PumbleClient(token, observer, key.workspace_id, partial(_end_authorization, key.owner_id, stored))


def client_for_key_bot(key: KeyRecord, observer: ClientObserver) -> PumbleClient | None:
    """Return a client that acts as the bot of the key's workspace.

    None if there is no token or it cannot be decrypted.
    """
    stored = key.encrypted_bot_token
    token = _decrypt(key, stored, key.bot_user_id, "bot")
    if stored is None or token is None:
        return None
    return PumbleClient(
        token, observer, key.workspace_id, partial(_record_rejection, key.workspace_id, stored), is_bot=True
    )


def _decrypt(key: KeyRecord, stored: bytes | None, user_id: str, kind: tokens.Kind) -> str | None:
    """Decrypt a token of a cached record.

    Drop the record from the cache if its token cannot be decrypted: the database may have a newer token.
    """
    if stored is None:
        return None
    token = tokens.decrypt(stored, workspace_id=key.workspace_pumble_id, user_id=user_id, kind=kind)
    if token is None:
        key_cache.local_cache.drop(key.key_id)
    return token


@transaction.atomic
def _end_authorization(member_pk: int, token: bytes) -> None:
    """Suspend the member's authorization: their keys are refused, not revoked, until they authorize the app again.

    The member gets a notice. Nothing changes if the token was replaced in the meantime.
    """
    now = timezone.now()
    member = lifecycle.lock_owner(
        Member.objects.get(pk=member_pk)
    )  # the same lock order as `installations.store_grant`
    rejected = Authorization.objects.filter(
        member=member, encrypted_access_token=token, rejected_at__isnull=True
    )
    if rejected.update(rejected_at=now):
        log.warning("authorization.rejected", extra={"member": member_pk})
        membership.suspend_authorization(member=member, by=audit.PUMBLE, now=now)


def _record_rejection(workspace_pk: int, token: bytes) -> None:
    """Record that the bot's token was rejected. The bot can send nothing until the next authorization brings a new token."""
    log.error("installation.rejected", extra={"workspace": workspace_pk})
    rejected = Installation.objects.filter(
        workspace=workspace_pk, encrypted_bot_token=token, rejected_at__isnull=True
    )
    rejected.update(rejected_at=timezone.now())

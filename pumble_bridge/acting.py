"""Pumble as somebody: clients made of the tokens we keep, and what follows when Pumble no longer takes one."""

import logging
from functools import partial

from django.db import transaction
from django.utils import timezone

from keys import audit, lifecycle, membership
from pumble_bridge.client import PumbleClient, Watcher
from pumble_bridge.models import Authorization, Installation

log = logging.getLogger(__name__)


def as_person(authorization: Authorization, watcher: Watcher | None = None) -> PumbleClient | None:
    """Pumble as the member; None where the token cannot be read."""
    token = authorization.access_token
    if token is None:
        return None
    rejected = partial(_end_authorization, authorization)
    return PumbleClient(token, watcher, authorization.member.workspace_id, rejected)


def as_bot(installation: Installation, watcher: Watcher | None = None) -> PumbleClient | None:
    """Pumble as the app's bot; None where the token cannot be read."""
    token = installation.bot_token
    if token is None:
        return None
    return PumbleClient(token, watcher, installation.workspace_id, partial(_note_rejection, installation))


@transaction.atomic
def _end_authorization(authorization: Authorization) -> None:
    """Keys of the member are refused until they authorise the app again; they are not revoked, and the member is told.

    A token that was replaced meanwhile ends nothing.
    """
    now = timezone.now()
    lifecycle.lock_owner(authorization.member)  # as `oauth.store` does
    rejected = Authorization.objects.filter(
        pk=authorization.pk,
        encrypted_access_token=bytes(authorization.encrypted_access_token),
        rejected_at__isnull=True,
    )
    if rejected.update(rejected_at=now):
        log.warning("authorization.rejected", extra={"member": authorization.member_id})
        membership.suspend_authorization(member=authorization.member, by=audit.PUMBLE, now=now)


def _note_rejection(installation: Installation) -> None:
    """For the operator: without a bot nobody can be told in chat. The next authorisation brings a new token."""
    log.error("installation.rejected", extra={"workspace": installation.workspace_id})
    Installation.objects.filter(
        pk=installation.pk,
        encrypted_bot_token=bytes(installation.encrypted_bot_token),
        rejected_at__isnull=True,
    ).update(rejected_at=timezone.now())

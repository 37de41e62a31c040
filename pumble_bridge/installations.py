"""Store and delete installations and authorizations."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from keys import audit, erasure, membership
from keys.audit import Actor
from keys.exceptions import OwnerNotAuthorized
from keys.models import AuditEvent, Member, Workspace
from pumble_bridge import app_scopes, tokens
from pumble_bridge.events import feed
from pumble_bridge.models import Authorization, Installation, Notice, OAuthState
from pumble_bridge.oauth import Grant

_TOKEN_BATCH_SIZE = 500


@transaction.atomic
def store_grant(grant: Grant, *, by: Actor, now: datetime) -> Member:
    """Store workspace, member and both tokens in one transaction, and return the member. Replace earlier tokens.

    No token of a deactivated member is stored. Every exchange returns a bot token. A new one means that the app was
    installed or reinstalled, so its bot has the scopes that this release asks for.
    """
    workspace = membership.record_installation(
        workspace_id=grant.workspace_id,
        workspace_name=grant.workspace_name,
        by=by,
        now=now,
        installer=grant.profile.user_id,
    )
    member = membership.record_authorization(workspace=workspace, profile=grant.profile, by=by, now=now)
    former = Installation.objects.filter(workspace=workspace).first()
    former_token = former.bot_token if former else None
    is_reinstalled = former_token is not None and former_token != grant.bot_token
    values: dict[str, Any] = {
        "bot_user_id": grant.bot_user_id,
        "encrypted_bot_token": tokens.encrypt(
            grant.bot_token, workspace_id=grant.workspace_id, user_id=grant.bot_user_id, kind="bot"
        ),
        "rejected_at": None,
    }
    if former is None or is_reinstalled:
        values["granted_scopes"] = list(app_scopes.BOT_SCOPES)
    Installation.objects.update_or_create(workspace=workspace, defaults=values)
    membership.record_bot(workspace=workspace, user_id=grant.bot_user_id, now=now)
    if is_reinstalled or (former is not None and not member.is_active):  # a new token needs an event
        event, installer = AuditEvent.Type.APP_INSTALLED, grant.profile.user_id
        audit.record(event, workspace=workspace, by=by, now=now, installer=installer, renewed=True)
    if not member.is_active:
        _delete_tokens_and_forms(pk=member.pk)
        return member
    Authorization.objects.update_or_create(
        member=member,
        defaults={
            "encrypted_access_token": tokens.encrypt(
                grant.access_token,
                workspace_id=grant.workspace_id,
                user_id=grant.profile.user_id,
                kind="access",
            ),
            "granted_scopes": list(app_scopes.USER_SCOPES),
            "rejected_at": None,
        },
    )
    return member


def get_bot(workspace: Workspace | None, *, now: datetime) -> Member:
    """Return the member that is the app's bot, which owns the workspace's keys.

    Create it for an installation that a release without workspace keys made.

    Raises:
        OwnerNotAuthorized: the app is not installed.
    """
    installation = Installation.objects.filter(workspace=workspace).first()
    if installation is None or workspace is None:
        raise OwnerNotAuthorized
    return membership.record_bot(workspace=workspace, user_id=installation.bot_user_id, now=now)


@transaction.atomic
def record_member(workspace: Workspace, profile: membership.Profile, *, by: Actor, now: datetime) -> Member:
    """Store the member's profile and return the member. If the member is deactivated, delete their token and kept forms."""
    member = membership.record_profile(workspace=workspace, profile=profile, by=by, now=now)
    if not member.is_active:
        _delete_tokens_and_forms(pk=member.pk)
    return member


@transaction.atomic
def revoke_authorization(member: Member, *, by: Actor, now: datetime) -> None:
    """Delete the member's token and kept forms, revoke their keys and end their sessions."""
    membership.end_authorization(member=member, by=by, now=now)  # locks first, as `store_grant` does
    _delete_tokens_and_forms(pk=member.pk)


@transaction.atomic
def remove_installation(workspace: Workspace, *, by: Actor, now: datetime) -> None:
    """Delete every token and kept form of the workspace and revoke every key, because the app was uninstalled."""
    membership.end_installation(workspace=workspace, by=by, now=now)
    _delete_tokens_and_forms(workspace=workspace)
    feed.clear(workspace)
    Installation.objects.filter(workspace=workspace).delete()


def _delete_tokens_and_forms(**lookups: Any) -> None:
    """Delete access tokens and kept forms of the members that match the lookups."""
    members = Member.objects.filter(**lookups)
    Authorization.objects.filter(member__in=members).delete()
    OAuthState.objects.filter(form_author__in=members).delete()


def erase_member(member: Member, *, by: Actor, now: datetime) -> Iterator[int]:
    """Erase the member in steps, and yield how many rows of the call log each step changed.

    The first step ends keys, token and sessions. Name and e-mail are removed near the end, so that an interrupted
    erasure can find the member again.
    """
    revoke_authorization(member, by=by, now=now)
    yield from erasure.erase_request_addresses(member)
    with transaction.atomic():
        erasure.anonymize(member, by=by, now=now)
        waiting = Notice.objects.filter(member=member, state__in=(Notice.State.QUEUED, Notice.State.SENDING))
        waiting.update(state=Notice.State.DROPPED)
        feed.erase_member(member)
    yield from erasure.erase_request_addresses(member)  # calls that were refused in the meantime


def reencrypt_tokens(*, by: Actor, now: datetime) -> Iterator[bool]:
    """Re-encrypt every stored token with the newest key. Yield for each token whether a key decrypts it.

    Tokens are changed in batches per workspace. Each batch has an audit event, which invalidates cached key records.
    """
    for workspace in Workspace.objects.order_by("pk"):
        for rows, column in _stored_tokens(workspace):
            pks = list(rows.order_by("pk").values_list("pk", flat=True))
            for start in range(0, len(pks), _TOKEN_BATCH_SIZE):
                batch = rows.filter(pk__in=pks[start : start + _TOKEN_BATCH_SIZE])
                yield from _reencrypt(workspace, batch, column, by=by, now=now)


def count_tokens() -> int:
    return Installation.objects.count() + Authorization.objects.count()


@transaction.atomic
def _reencrypt(
    workspace: Workspace, rows: QuerySet[Any], column: str, *, by: Actor, now: datetime
) -> list[bool]:
    Workspace.objects.select_for_update(no_key=True).get(
        pk=workspace.pk
    )  # the same lock order as `store_grant`
    fresh = {pk: tokens.reencrypt(stored) for pk, stored in rows.values_list("pk", column)}
    renewed = {pk: token for pk, token in fresh.items() if token is not None}
    for pk, token in renewed.items():
        rows.filter(pk=pk).update(**{column: token})
    if renewed:
        event = AuditEvent.Type.SECRETS_ROTATED
        audit.record(event, workspace=workspace, by=by, now=now, tokens_reencrypted=len(renewed))
    return [pk in renewed for pk in fresh]


def _stored_tokens(workspace: Workspace) -> list[tuple[QuerySet[Any], str]]:
    return [
        (Installation.objects.filter(workspace=workspace), "encrypted_bot_token"),
        (Authorization.objects.filter(member__workspace=workspace), "encrypted_access_token"),
    ]

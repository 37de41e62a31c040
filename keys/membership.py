"""Workspaces and members as Pumble reports them: installed, authorized, changed, gone.

Call these in the transaction that stores or deletes the Pumble token. Off-boarding revokes keys for good: a new
authorization or installation does not revive them. If Pumble only rejects a token, the keys wait for a new authorization.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from keys import audit, lifecycle, permissions
from keys.audit import Actor
from keys.models import ApiKey, AuditEvent, Member, Workspace

BOT_NAME = "API"  # the app's name in Pumble
REJECTED_BY_PUMBLE = (
    "token_rejected"  # the `reason` of a member.unauthorized event that Pumble's answer caused
)


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as Pumble describes them. `role` is Pumble's value. `is_active` is False if they were deactivated.

    `time_zone` is "" and `time_format` is None if Pumble does not tell them.
    """

    user_id: str
    name: str
    email: str
    role: str
    is_active: bool
    time_zone: str = ""
    time_format: int | None = None


@transaction.atomic
def record_installation(
    *, workspace_id: str, workspace_name: str, by: Actor, now: datetime, installer: str = ""
) -> Workspace:
    """Record that the app is installed in the workspace, and return the workspace.

    Args:
        installer: the Pumble id of the person who installed it.
    """
    Workspace.objects.get_or_create(
        pumble_id=workspace_id, defaults={"name": workspace_name, "created_at": now}
    )
    workspace = Workspace.objects.select_for_update(no_key=True).get(pumble_id=workspace_id)
    newly = workspace.installed_at is None
    workspace.name = workspace_name
    workspace.installed_at = workspace.installed_at or now
    workspace.save(update_fields=["name", "installed_at"])
    if newly:
        audit.record(AuditEvent.Type.APP_INSTALLED, workspace=workspace, by=by, now=now, installer=installer)
    return workspace


@transaction.atomic
def record_bot(*, workspace: Workspace, user_id: str, now: datetime) -> Member:
    """Create the member that is the app's bot, or give it the bot's user id, and return it.

    It owns the workspace's keys. It counts as authorized while the app is installed. A new installation can have another bot.
    """
    workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    values = {
        "username": f"{workspace.pumble_id}.{user_id}",
        "pumble_user_id": user_id,
        "name": BOT_NAME,
        "authorized_at": workspace.installed_at and now,
    }
    bot, is_new = Member.objects.get_or_create(workspace=workspace, is_bot=True, defaults=values)
    if is_new:
        return bot
    if bot.authorized_at is not None and workspace.installed_at is not None:
        values["authorized_at"] = bot.authorized_at
    changed = [name for name, value in values.items() if getattr(bot, name) != value]
    for name in changed:
        setattr(bot, name, values[name])
    if changed:
        bot.save(update_fields=changed)
    return bot


@transaction.atomic
def record_authorization(*, workspace: Workspace, profile: Profile, by: Actor, now: datetime) -> Member:
    """Update the member from the profile, record their authorization if they are active, and return the member.

    Members are found by Pumble's ids only. If the member was already authorized, the event has `renewed`, because there is
    a new token. An erased member becomes a normal member again.
    """
    Member.objects.filter(workspace=workspace, pumble_user_id=profile.user_id).update(erased_at=None)
    member = record_profile(workspace=workspace, profile=profile, by=by, now=now)
    if member.is_active:
        renewed: dict[str, Any] = {"renewed": True} if member.authorized_at else {}
        if member.authorized_at is None:
            member.authorized_at = now
            member.save(update_fields=["authorized_at"])
        by = by if by.member else Actor(member, by.surface, by.address, by.request_id)
        event = AuditEvent.Type.MEMBER_AUTHORIZED
        audit.record(event, workspace=workspace, member=member, by=by, now=now, **renewed)
    return member


@transaction.atomic
def record_profile(*, workspace: Workspace, profile: Profile, by: Actor, now: datetime) -> Member:
    """Create or update the member from the profile, and return the member. Changes of role and activity are audited.

    Deactivation revokes the keys of the member for good and ends their authorization. Workspace keys live on without the
    person who was responsible, also where that person became a guest. An erased member and the bot are not updated.
    """
    Member.objects.get_or_create(
        workspace=workspace,
        pumble_user_id=profile.user_id,
        defaults={
            "username": f"{workspace.pumble_id}.{profile.user_id}",
            "role": profile.role,
            "is_active": profile.is_active,
        },
    )
    member = lifecycle.lock_owner(Member.objects.get(workspace=workspace, pumble_user_id=profile.user_id))
    if member.erased_at is not None or member.is_bot:
        return member
    if member.is_active and (not profile.is_active or member.role != profile.role):
        lifecycle.lock_keys_of(Member.objects.filter(pk=member.pk))
    if member.role != profile.role:
        audit.record(
            AuditEvent.Type.MEMBER_ROLE_CHANGED,
            workspace=workspace,
            member=member,
            by=by,
            now=now,
            before=member.role,
            after=profile.role,
        )
    was_active = member.is_active
    member.name, member.email = profile.name[:200], profile.email[:320]
    member.role, member.is_active = profile.role[:32], profile.is_active
    member.save(update_fields=["name", "email", "role", "is_active"])
    _record_clock(member, profile)
    if was_active and not member.is_active:
        _deactivate(member, workspace, by, now)
    elif member.is_active and not was_active:
        _reactivate(member, workspace, by, now)
    elif not permissions.keeps_responsibility(member):
        lifecycle.release_keys(member, by=by, now=now)
    return member


def _record_clock(member: Member, profile: Profile) -> None:
    clock = (profile.time_zone[:64], profile.time_format)
    if (member.time_zone, member.time_format) != clock:
        member.time_zone, member.time_format = clock
        member.save(update_fields=["time_zone", "time_format"])


@transaction.atomic
def end_authorization(*, member: Member, by: Actor, now: datetime) -> None:
    """Revoke the keys of a member who no longer authorizes the app, and end their sessions. Safe to repeat."""
    member = lifecycle.lock_owner(member)
    lifecycle.lock_keys_of(Member.objects.filter(pk=member.pk))
    if member.authorized_at is not None:
        _unauthorize(member, by, now)
    _revoke_all(ApiKey.RevokeReason.UNAUTHORIZED, by=by, now=now, owner=member)
    lifecycle.release_keys(member, by=by, now=now)


@transaction.atomic
def suspend_authorization(*, member: Member, by: Actor, now: datetime) -> None:
    """End the sessions of a member whose token Pumble rejects. Their keys wait for a new authorization."""
    _unauthorize(lifecycle.lock_owner(member), by, now, reason=REJECTED_BY_PUMBLE)


@transaction.atomic
def end_installation(*, workspace: Workspace, by: Actor, now: datetime) -> None:
    """Revoke every key and end every authorization in a workspace that removed the app. Safe to repeat."""
    workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    members = workspace.members.order_by("pk")
    people = members.filter(is_bot=False)
    authorized = list(people.select_for_update(no_key=True).filter(authorized_at__isnull=False))
    lifecycle.lock_keys_of(members)
    if workspace.installed_at is not None:
        workspace.installed_at = None
        workspace.save(update_fields=["installed_at"])
        audit.record(AuditEvent.Type.APP_UNINSTALLED, workspace=workspace, by=by, now=now)
    members.filter(authorized_at__isnull=False).update(authorized_at=None)
    for member in authorized:
        event = AuditEvent.Type.MEMBER_UNAUTHORIZED
        audit.record(event, workspace=workspace, member=member, by=by, now=now)
    _revoke_all(ApiKey.RevokeReason.UNINSTALLED, by=by, now=now, owner__workspace=workspace)


def _unauthorize(member: Member, by: Actor, now: datetime, **detail: Any) -> None:
    member.authorized_at = None
    member.save(update_fields=["authorized_at"])
    event = AuditEvent.Type.MEMBER_UNAUTHORIZED
    audit.record(event, workspace=member.workspace, member=member, by=by, now=now, **detail)


def _deactivate(member: Member, workspace: Workspace, by: Actor, now: datetime) -> None:
    member.authorized_at = None
    member.save(update_fields=["authorized_at"])
    live = ApiKey.objects.filter(owner=member, confirmed_at__isnull=False).live(now)
    stopped = list(live.order_by("pk").values_list("key_id", flat=True))
    event = AuditEvent.Type.MEMBER_DEACTIVATED
    audit.record(event, workspace=workspace, member=member, by=by, now=now, keys=stopped)
    _revoke_all(ApiKey.RevokeReason.DEACTIVATED, by=by, now=now, owner=member)
    lifecycle.release_keys(member, by=by, now=now)


def _reactivate(member: Member, workspace: Workspace, by: Actor, now: datetime) -> None:
    event = AuditEvent.Type.MEMBER_REACTIVATED
    audit.record(event, workspace=workspace, member=member, by=by, now=now)


def _revoke_all(
    reason: ApiKey.RevokeReason, *, by: Actor, now: datetime, **owner: Member | Workspace
) -> None:
    for key in ApiKey.objects.filter(revoked_at__isnull=True, **owner).select_related("owner__workspace"):
        lifecycle.revoke(key=key, by=by, reason=reason, now=now, with_created=False)


@transaction.atomic
def sign_out_everywhere(member: Member, *, by: Actor, now: datetime) -> None:
    """End every session of the member, in every browser."""
    Member.objects.filter(pk=member.pk).update(signed_out_at=now)
    event = AuditEvent.Type.MEMBER_SIGNED_OUT
    audit.record(event, workspace=member.workspace, member=member, by=by, now=now, everywhere=True)


def set_language(member: Member, language: str) -> None:
    """Set the language of chat and pages for the member."""
    member.language = language
    member.save(update_fields=["language"])

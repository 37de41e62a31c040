"""Update stored members from Pumble's list of users, in case events were lost."""

import logging
from datetime import datetime

from django.core.cache import caches
from redis.exceptions import RedisError

from keys import audit
from keys.membership import Profile
from keys.models import Member
from pumble_bridge import clients, deadline, installations, oauth
from pumble_bridge.exceptions import PumbleError
from pumble_bridge.models import Installation

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 3600
CALL_TIMEOUT = 9.0


def sync_members(now: datetime) -> int:
    """Update the members of each workspace at most once an hour. Return how many had changed."""
    installations = Installation.objects.filter(workspace__installed_at__isnull=False)
    return sum(
        _sync_workspace(installation, now)
        for installation in installations.select_related("workspace")
        if _is_due(installation)
    )


def _is_due(installation: Installation) -> bool:
    """Return whether no process updated this workspace in the last hour. Without Redis, only this process counts."""
    name = f"roster-of-{installation.workspace_id}"
    try:
        return caches["default"].add(name, "read", INTERVAL_SECONDS)
    except RedisError:
        return caches["local"].add(name, "read", INTERVAL_SECONDS)


def _sync_workspace(installation: Installation, now: datetime) -> int:
    workspace, bot = installation.workspace, clients.client_for_bot(installation)
    if bot is None:
        return 0
    try:
        with deadline.within(CALL_TIMEOUT):
            users = bot.list_users()
    except PumbleError as error:
        log.info("roster.not_read", extra={"reason": type(error).__name__})
        return 0
    profiles = {user["id"]: oauth.parse_profile(user) for user in users}
    changed = 0
    members = Member.objects.people().filter(workspace=workspace, erased_at__isnull=True)
    for member in members.filter(pumble_user_id__in=profiles):
        profile = profiles[member.pumble_user_id or ""]
        if _stored(member) != _told(profile):
            installations.record_member(workspace, profile, by=audit.PUMBLE, now=now)
            changed += 1
    return changed


def _stored(member: Member) -> tuple[object, ...]:
    return (
        member.name,
        member.email,
        member.role,
        member.is_active,
        member.time_zone,
        member.time_format,
    )


def _told(profile: Profile) -> tuple[object, ...]:
    return (
        profile.name[:200],
        profile.email[:320],
        profile.role[:32],
        profile.is_active,
        profile.time_zone[:64],
        profile.time_format,
    )

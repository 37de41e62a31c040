"""The channels to which a member can restrict a key: those that Pumble lists for the member."""

import logging

from keys.models import Member
from pumble_bridge import clients, deadline, resilience
from pumble_bridge.exceptions import PumbleError
from pumble_bridge.models import Authorization

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 1.5  # the form works without channels


def list_member_channels(member: Member) -> dict[str, str] | None:
    """Return ids and names, sorted by name. Return None if Pumble does not answer."""
    authorization = Authorization.objects.select_related("member__workspace").filter(member=member).first()
    pumble = clients.client_for_member(authorization) if authorization else None
    if pumble is None:
        return None
    try:
        with deadline.within(_TIMEOUT_SECONDS), resilience.PAGES.slot(member.workspace_id):
            channels = pumble.list_channels(["PUBLIC", "PRIVATE"])
    except PumbleError:
        log.warning("dashboard.no_channels", exc_info=True)
        return None
    names = {
        info["channel"]["id"]: str(info["channel"].get("name") or "")
        for info in channels
        if member.pumble_user_id in info["users"] and not info["channel"].get("isArchived")
    }
    return dict(sorted(names.items(), key=lambda item: item[1].casefold()))

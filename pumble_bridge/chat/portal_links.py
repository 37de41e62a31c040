"""Links from chat to pages of the portal. Who is not signed in there signs in with Pumble on the way."""

from urllib.parse import urlencode

from django.conf import settings
from django.utils.translation import gettext as _

from keys.models import Member
from pumble_bridge.app_scopes import SIGN_IN_PATH
from pumble_bridge.chat.blocks import Element, link


def portal_url(path: str = "/") -> str:
    """Return the URL that leads to a page of the portal, through the sign-in if that is needed."""
    return f"{settings.PUBLIC_URL}{SIGN_IN_PATH}?{urlencode({'next': path}, safe='/')}"


def admin_links(member: Member) -> list[Element | str]:
    """Return a link to the admin behind a separator, for owners and administrators; else nothing."""
    return [" · ", link(portal_url("/admin/"), _("Open the admin"))] if member.is_workspace_admin else []

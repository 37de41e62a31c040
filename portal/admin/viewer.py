"""The viewer of the admin, and what everybody else gets."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from keys.audit import Actor, Surface
from keys.models import Member
from portal.accounts import kept_forms
from portal.accounts.sessions import request_actor
from portal.error_pages import error_page


def get_viewer(request: HttpRequest) -> Member:
    """Return the signed-in member. Call it only in views wrapped by `admin_view`."""
    return cast(Member, request.user)


def get_actor(request: HttpRequest) -> Actor:
    """Return the viewer as an actor on the surface ADMIN."""
    return request_actor(request, surface=Surface.ADMIN, member=get_viewer(request))


def handle_no_permission(request: HttpRequest) -> HttpResponse:
    """Let a visitor sign in and come back. Refuse a member who is neither owner nor administrator."""
    if isinstance(request.user, Member):
        return error_page(
            request,
            status=403,
            title=_("Only owners and administrators can open this page"),
            advice=_(
                "You have neither role in Pumble. Your own keys are on the start page. For everything else, ask an owner of your workspace."
            ),
        )
    return kept_forms.require_sign_in(request, sign_in="admin:login")

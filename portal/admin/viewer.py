"""Who looks at the admin, and who is turned away from it."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from keys.audit import Actor, Surface
from keys.models import Member
from portal.accounts import kept_forms
from portal.accounts.sessions import request_actor
from portal.error_pages import error_page


def get_viewer(request: HttpRequest) -> Member:
    """Whoever is signed in; asked only behind the admin's door."""
    return cast(Member, request.user)


def get_actor(request: HttpRequest) -> Actor:
    """The viewer, who acts through the admin."""
    return request_actor(request, surface=Surface.ADMIN, member=get_viewer(request))


def handle_no_permission(request: HttpRequest) -> HttpResponse:
    """Strangers sign in and come back; members who are neither owner nor administrator are told so."""
    if isinstance(request.user, Member):
        return error_page(
            request,
            status=403,
            title=_("Only owners and administrators come in here"),
            advice=_(
                "Your role in Pumble is neither. Your own keys are on the start page; for everything else ask an owner of your workspace."
            ),
        )
    return kept_forms.require_sign_in(request, sign_in="admin:login")

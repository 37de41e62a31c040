"""Who looks at the admin, and who is turned away from it."""

from typing import cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from keys.audit import Actor, Surface
from keys.models import Member
from portal.pages import problem
from portal.signin import actor_of
from pumble_bridge.oauth import own_path


def viewer_of(request: HttpRequest) -> Member:
    """Whoever is signed in; asked only behind the admin's door."""
    return cast(Member, request.user)


def actor(request: HttpRequest) -> Actor:
    """The viewer, who acts through the admin."""
    return actor_of(request, surface=Surface.ADMIN, member=viewer_of(request))


def turn_away(request: HttpRequest) -> HttpResponse:
    """Strangers sign in and come back; members who are neither owner nor administrator are told so."""
    if isinstance(request.user, Member):
        return problem(
            request,
            status=403,
            title=_("Only owners and administrators come in here"),
            advice=_(
                "Your role in Pumble is neither. Your own keys are on the start page; for everything else ask an owner of your workspace."
            ),
        )
    asked = request.get_full_path() if request.method in {"GET", "HEAD"} else ""
    back = own_path(asked, otherwise=reverse("admin:index"))
    return redirect(f"{reverse('admin:login')}?{urlencode({'next': back})}")

"""The start page: what this is for strangers, one's own keys for members."""

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import set_language

from keys import inventory, membership
from keys.models import Member


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    member = request.user
    if not isinstance(member, Member):
        return render(request, "dashboard/welcome.html", {"public_url": settings.PUBLIC_URL})
    now = timezone.now()
    keys = [
        {
            "name": key.name,
            "key_id": key.key_id,
            "preview": key.preview,
            "state": key.state(now).label,
            "created_at": key.created_at,
        }
        for key in inventory.list_own_keys(member, now)
    ]
    return render(request, "dashboard/keys.html", {"keys": keys, "member": member})


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Pages speak the chosen language from now on; chat too, to a member who is signed in."""
    response = set_language(request)
    chosen = request.POST.get("language", "")
    if isinstance(request.user, Member) and check_for_language(chosen):
        membership.choose_language(request.user, chosen)
    return response


@require_POST
def signout(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("/")

"""The start page: what this is for strangers, one's own keys for members."""

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from keys import inventory
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
def signout(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("/")

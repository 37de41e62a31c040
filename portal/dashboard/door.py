"""The door to every page of the dashboard: it starts from the signed-in member, and shows them their own keys only."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from keys import inventory, keyformat
from keys.audit import Actor
from keys.models import ApiKey, Member
from portal.dashboard.notices import notice
from portal.dashboard.pasted import Pasted, take_out
from portal.pages import problem
from portal.signin import actor_of

_OVER = {ApiKey.State.REVOKED, ApiKey.State.EXPIRED, ApiKey.State.ROTATED}


class MemberView(View):
    """A page of a member.

    Attributes:
        sent: what the form held, without keys that were pasted into it.
        pasted: the fields that had one.
    """

    member: Member
    by: Actor
    now: datetime
    sent: QueryDict
    pasted: dict[str, Pasted]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        member = request.user
        if not isinstance(member, Member):
            return self.turn_away()
        if member.is_superuser:
            return redirect("admin:index")  # an operator has no keys and no workspace
        self.member, self.now = member, timezone.now()
        self.by = actor_of(request, member=member)
        self.sent, self.pasted = take_out(request.POST, by=self.by, now=self.now)
        return super().dispatch(request, *args, **kwargs)

    def turn_away(self) -> HttpResponse:
        """Nobody is signed in: sign in and come back."""
        back = self.come_back_to()
        back = back if keyformat.is_free_of_keys(back) else "/"
        return redirect(f"{reverse('signin')}?{urlencode({'next': back})}")

    def come_back_to(self) -> str:
        return self.request.path

    def own_key(self, key_id: str) -> ApiKey:
        """The member's key of that id, in whatever state.

        Raises:
            Http404: there is none, or it is somebody else's: nobody can tell which.
        """
        key = inventory.list_keys(self.member).filter(owner=self.member, key_id=key_id).first()
        if key is None:
            raise Http404
        return key

    def is_over(self, key: ApiKey) -> bool:
        """Whether the key is revoked, expired or replaced for good."""
        return key.state(self.now) in _OVER

    def page(self, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        said = notice(self.request.GET.get("done", "")) if status == 200 else ""
        shared = {"member": self.member, "now": self.now, "notice": said}
        return render(self.request, f"dashboard/{template}", shared | context, status=status)

    def refuse(self, text: str) -> HttpResponse:
        """What was asked for is not possible; nothing was changed."""
        return problem(self.request, status=409, title=_("That did not work"), advice=text)

    def already_sent(self) -> HttpResponse:
        return problem(
            self.request,
            status=409,
            title=_("This form was sent already"),
            advice=_(
                "A key was made and shown when it was sent first. If you did not see it, delete that key in your list and make another."
            ),
        )

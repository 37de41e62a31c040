"""The door to every page of the dashboard: it starts from the signed-in member, and shows them their own keys only."""

from datetime import datetime
from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from keys import selectors
from keys.audit import Actor
from keys.models import ApiKey, Member
from portal.accounts import kept_forms
from portal.accounts.kept_forms import FormPage
from portal.accounts.sessions import actor_of
from portal.error_pages import problem
from portal.presentation import pasted_keys
from portal.presentation.pasted_keys import Pasted, take_out

FLASH_MESSAGES = {
    "deleted": gettext_lazy("The key is deleted. Anything that uses it is refused from now on."),
    "disabled": gettext_lazy(
        "The key is disabled. Programs that use it are refused until you enable it again."
    ),
    "enabled": gettext_lazy("The key is enabled and works again."),
    "renamed": gettext_lazy("The key has its new name."),
    "narrowed": gettext_lazy("The key can do less from now on."),
    "ends": gettext_lazy("The key expires in due time from now on."),
    "finished": gettext_lazy("The old key no longer works. Only the new one does."),
    **pasted_keys.MESSAGES,
}


def flash_message(name: str) -> str:
    return str(FLASH_MESSAGES.get(name, ""))


class MemberView(View):
    """A page of a member.

    Attributes:
        sent: what the form held, without keys that were pasted into it.
        pasted: the fields that had one.
        kept: what the member typed into the form of this page before they had to sign in again.
        form_page: where the form of this view stands, and what of it is kept.
    """

    form_page: ClassVar[FormPage] = FormPage()

    member: Member
    by: Actor
    now: datetime
    sent: QueryDict
    pasted: dict[str, Pasted]
    kept: QueryDict | None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        member = request.user
        if not isinstance(member, Member):
            return self.turn_away()
        if member.is_superuser:
            return redirect("admin:index")  # an operator has no keys and no workspace
        self.member, self.now = member, timezone.now()
        self.by = actor_of(request, member=member)
        if request.method == "POST":
            kept_forms.forget(request)
        self.kept = kept_forms.kept(request)
        self.sent, self.pasted = take_out(request.POST, by=self.by, now=self.now)
        return super().dispatch(request, *args, **kwargs)

    def turn_away(self) -> HttpResponse:
        """Nobody is signed in: sign in and come back."""
        return kept_forms.turn_away(self.request)

    def own_key(self, key_id: str) -> ApiKey:
        """The member's key of that id, in whatever state.

        Raises:
            Http404: there is none, or it is somebody else's: nobody can tell which.
        """
        key = selectors.list_keys(self.member).filter(owner=self.member, key_id=key_id).first()
        if key is None:
            raise Http404
        return key

    def is_over(self, key: ApiKey) -> bool:
        """Whether the key is revoked, expired or replaced for good."""
        return key.state(self.now).is_over

    def page(self, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        said = flash_message(self.request.GET.get("done", "")) if status == 200 else ""
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

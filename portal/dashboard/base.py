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
from portal.accounts.sessions import request_actor
from portal.error_pages import error_page
from portal.presentation import pasted_keys
from portal.presentation.pasted_keys import PastedKey, extract_pasted_keys

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
        form_data: what the form held, without keys that were pasted into it.
        pasted_keys: the fields that had one.
        kept_data: what the member typed into the form of this page before they had to sign in again.
        form_page: where the form of this view stands, and what of it is kept.
    """

    form_page: ClassVar[FormPage] = FormPage()

    member: Member
    actor: Actor
    now: datetime
    form_data: QueryDict
    pasted_keys: dict[str, PastedKey]
    kept_data: QueryDict | None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        member = request.user
        if not isinstance(member, Member):
            return self.handle_no_permission()
        if member.is_superuser:
            return redirect("admin:index")  # an operator has no keys and no workspace
        self.member, self.now = member, timezone.now()
        self.actor = request_actor(request, member=member)
        if request.method == "POST":
            kept_forms.drop_kept_form(request)
        self.kept_data = kept_forms.get_kept_form(request)
        self.form_data, self.pasted_keys = extract_pasted_keys(request.POST, by=self.actor, now=self.now)
        return super().dispatch(request, *args, **kwargs)

    def handle_no_permission(self) -> HttpResponse:
        """Nobody is signed in: sign in and come back."""
        return kept_forms.require_sign_in(self.request)

    def get_key(self, key_id: str) -> ApiKey:
        """The member's key of that id, in whatever state.

        Raises:
            Http404: there is none, or it is somebody else's: nobody can tell which.
        """
        key = selectors.list_keys(self.member).filter(owner=self.member, key_id=key_id).first()
        if key is None:
            raise Http404
        return key

    def has_ended(self, key: ApiKey) -> bool:
        """Whether the key is revoked, expired or replaced for good."""
        return key.state(self.now).is_over

    def render(self, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        message = flash_message(self.request.GET.get("done", "")) if status == 200 else ""
        shared = {"member": self.member, "now": self.now, "notice": message}
        return render(self.request, f"dashboard/{template}", shared | context, status=status)

    def conflict(self, text: str) -> HttpResponse:
        """What was asked for is not possible; nothing was changed."""
        return error_page(self.request, status=409, title=_("That did not work"), advice=text)

    def form_already_sent(self) -> HttpResponse:
        return error_page(
            self.request,
            status=409,
            title=_("This form was sent already"),
            advice=_(
                "A key was made and shown when it was sent first. If you did not see it, delete that key in your list and make another."
            ),
        )

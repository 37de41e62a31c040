"""The base class of the dashboard's pages.

A page starts from the signed-in member and shows only that member's keys, and the workspace keys that the member may change.
"""

from datetime import datetime
from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from keys import selectors
from keys.audit import Actor
from keys.models import ApiKey, Member
from portal.accounts import kept_forms
from portal.accounts.kept_forms import FormPage
from portal.accounts.sessions import request_actor
from portal.dashboard import confirmations
from portal.error_pages import error_page
from portal.presentation.pasted_keys import PastedKey, extract_pasted_keys


class MemberView(View):
    """A page for a signed-in member.

    Attributes:
        form_data: the submitted form without pasted keys.
        pasted_keys: the fields that contained a key.
        kept_data: what the member typed into this form before the session ended, or None.
        form_page: the page of this view's form, and the fields that are kept.
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
            return redirect("admin:index")  # operators have no keys and no workspace
        self.member, self.now = member, timezone.now()
        self.actor = request_actor(request, member=member)
        if request.method == "POST":
            kept_forms.drop_kept_form(request)
        self.kept_data = kept_forms.get_kept_form(request)
        self.form_data, self.pasted_keys = self.extract_pasted_keys(request.POST)
        return super().dispatch(request, *args, **kwargs)

    def extract_pasted_keys(self, data: QueryDict) -> tuple[QueryDict, dict[str, PastedKey]]:
        """Return the form without pasted keys, and the fields that contained one."""
        return extract_pasted_keys(data, by=self.actor, now=self.now)

    def handle_no_permission(self) -> HttpResponse:
        """Let a visitor sign in and come back."""
        return kept_forms.require_sign_in(self.request)

    def get_key(self, key_id: str) -> ApiKey:
        """Return the key with this id that the member may change, in any state.

        Raises:
            Http404: there is no such key, or it belongs to somebody else. The answer is the same for both.
        """
        key = selectors.list_keys(self.member).changeable_by(self.member).filter(key_id=key_id).first()
        if key is None:
            raise Http404
        return key

    def has_ended(self, key: ApiKey) -> bool:
        """Return whether the key is revoked, expired or replaced."""
        return key.state(self.now).is_over

    def render(self, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        message = self._confirmation(context.get("key")) if status == 200 else ""
        shared = {
            "member": self.member,
            "now": self.now,
            "notice": message,
            "has_workspace_keys": self.member.is_workspace_admin
            or ApiKey.objects.filter(responsible=self.member).exists(),
        }
        return render(self.request, f"dashboard/{template}", shared | context, status=status)

    def _confirmation(self, key: ApiKey | None) -> str:
        """Return what was done to the key of the page, or to the member's key that the URL names."""
        done, key_id = self.request.GET.get("done", ""), self.request.GET.get("key", "")
        if done and key is None and key_id.isascii() and key_id.isalnum():
            key = ApiKey.objects.changeable_by(self.member).filter(key_id=key_id).first()
        return confirmations.confirm(done, key)

    def conflict(self, text: str) -> HttpResponse:
        """Return an error page: the action is not possible and changed nothing."""
        return error_page(self.request, status=409, title=_("Nothing was changed"), advice=text)

    def form_already_sent(self) -> HttpResponse:
        return error_page(
            self.request,
            status=409,
            title=_("This form was already sent"),
            advice=_(
                "The first time, it created a key and showed it. If you did not see the key, delete it in your list and create another."
            ),
        )

"""The language of a visitor, and the sign-out."""

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from keys import key_format, membership
from keys.models import AuditEvent, Member
from portal.accounts import kept_forms
from portal.accounts.sessions import record_operator_event, request_actor
from portal.dashboard.base import MemberView
from portal.dashboard.trial_keys import revoke_trial_keys
from pumble_bridge import oauth


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Set the language of the pages. For a signed-in member, also of the chat."""
    response = set_language(request)
    if not key_format.is_free_of_keys(response.get("Location", "")):
        response["Location"] = "/"
    language = request.POST.get("language", "")
    if not check_for_language(language):
        return response
    if isinstance(request.user, Member):
        membership.set_language(request.user, language)
    with translation.override(language):
        return kept_forms.language_response(request, response)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, Member) and request.user.is_superuser:
        record_operator_event(request, AuditEvent.Type.OPERATOR_SIGNED_OUT, request.user)
    elif isinstance(request.user, Member):
        member = request.user
        by, now = request_actor(request, member=member), timezone.now()
        revoke_trial_keys(request, member, by=by, now=now)
        oauth.record_sign_out(member, by=by, now=now)
    logout(request)
    return redirect("/")


class SignOutEverywhere(MemberView):
    """GET: ask for a confirmation. POST: end all sessions of the member, say so, and let the member sign in again."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render("sign_out_everywhere.html", {})

    def post(self, request: HttpRequest) -> HttpResponse:
        revoke_trial_keys(request, self.member, by=self.actor, now=self.now)
        membership.sign_out_everywhere(self.member, by=self.actor, now=self.now)
        logout(request)
        return redirect("/?done=signed-out-everywhere")

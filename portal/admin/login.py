"""The sign-in of operators: by password, throttled and audited. All others sign in with Pumble."""

import logging
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from keys import key_format, limits
from keys.exceptions import RateLimited
from keys.models import AuditEvent, Member
from portal.accounts import kept_forms
from portal.accounts.backends import OperatorSignIn
from portal.accounts.kept_forms import FormPage, form_page
from portal.accounts.sessions import record_operator_event, request_actor, sign_in
from portal.presentation.forms import BaseForm
from pumble_bridge.oauth import safe_redirect_path

log = logging.getLogger(__name__)

_MAX_PASSWORD_LENGTH = 1024


class OperatorLoginForm(BaseForm):
    username = forms.CharField(
        label=gettext_lazy("Username"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=_MAX_PASSWORD_LENGTH,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def clean_username(self) -> str:
        name = str(self.cleaned_data["username"])
        if key_format.contains_key_pattern(name):
            self.data = {}
            raise forms.ValidationError(
                _("This is an API key, not a username. Never enter a key in this form.")
            )
        return name


@form_page(FormPage(public=True))
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Show the ways to sign in, or sign in an operator. Then redirect to the page that was asked for."""
    return_path = safe_redirect_path(request.GET.get("next", ""), default=reverse("admin:index"))
    state = request.GET.get("state", "")
    if request.method != "POST":
        if isinstance(request.user, Member) and request.user.is_staff:
            return redirect(return_path)
        return _page(request, OperatorLoginForm(), return_path)
    form = OperatorLoginForm(request.POST)
    if not form.is_valid():
        return _page(request, form, return_path, status=400)
    try:
        limits.hit_sign_in(request_actor(request).address, form.cleaned_data["username"])
    except RateLimited as error:
        log.warning("operator.sign_in_throttled", extra={"retry_after": error.retry_after})
        form.add_error(None, _("Too many attempts. Try again in %(n)s seconds.") % {"n": error.retry_after})
        response = _page(request, form, return_path, status=429)
        response["Retry-After"] = str(error.retry_after)
        return response
    operator = OperatorSignIn().authenticate(request, **form.cleaned_data)
    if operator is None:
        record_operator_event(request, AuditEvent.Type.OPERATOR_SIGN_IN_REFUSED)
        form.add_error(None, _("The username or the password is incorrect."))
        return _page(request, form, return_path, status=403)
    sign_in(request, operator)
    record_operator_event(request, AuditEvent.Type.OPERATOR_SIGNED_IN, operator)
    return redirect(kept_forms.resume_after_password(request, operator, state=state, default=return_path))


def _page(
    request: HttpRequest, form: OperatorLoginForm, return_path: str, *, status: int = 200
) -> HttpResponse:
    state = request.GET.get("state", "")
    query = urlencode({"next": return_path} | ({"state": state} if state else {}))
    return render(request, "admin/login.html", {"form": form, "query": query}, status=status)

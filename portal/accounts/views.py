"""The OAuth views: redirect to Pumble, handle its callback, sign the member in or show an error page."""

import logging
import re
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from keys import limits, membership
from keys.audit import Surface
from keys.exceptions import RateLimited
from keys.models import Member
from keys.permissions import is_entitled
from portal.accounts import kept_forms
from portal.accounts.sessions import (
    BROWSER_COOKIE,
    get_browser_secret,
    request_actor,
    set_browser_cookie,
    sign_in,
)
from portal.client_ip import get_client_ip
from portal.error_pages import error_page
from pumble_bridge import app_scopes, deadline, installations, oauth, resilience
from pumble_bridge.exceptions import PumbleError
from pumble_bridge.models import OAuthState

log = logging.getLogger(__name__)

View = Callable[[HttpRequest], HttpResponse]
_ON_PUBLIC_URL = "public"
_CODE = re.compile(r"[\x21-\x7e]{1,2000}")


def _throttled(view: View) -> View:
    """Limit OAuth requests per client address."""

    @wraps(view)
    def throttled(request: HttpRequest) -> HttpResponse:
        try:
            limits.hit_oauth_step(get_client_ip(request.META))
        except RateLimited as error:
            advice = ngettext(
                "Try again in %(seconds)d second.", "Try again in %(seconds)d seconds.", error.retry_after
            )
            response = error_page(
                request,
                status=429,
                title=_("Too many sign-ins from your network"),
                advice=advice % {"seconds": error.retry_after},
            )
            response["Retry-After"] = str(error.retry_after)
            return response
        return view(request)

    return throttled


@require_GET
@_throttled
def signin(request: HttpRequest) -> HttpResponse:
    """Redirect to Pumble. A link with `next` leads members who are signed in to that page at once."""
    member = request.user
    if isinstance(member, Member) and is_entitled(member) and "next" in request.GET:
        return redirect(oauth.safe_redirect_path(request.GET["next"], default="/"))
    return _redirect_to_pumble(request, OAuthState.Purpose.SIGN_IN)


@require_GET
@_throttled
def install(request: HttpRequest) -> HttpResponse:
    """Redirect to Pumble. With `reinstall`, the bot gets the scopes that it lacks."""
    purposes = OAuthState.Purpose
    is_update = app_scopes.REINSTALL in request.GET
    return _redirect_to_pumble(request, purposes.REINSTALL if is_update else purposes.INSTALL)


@require_GET
@_throttled
def callback(request: HttpRequest) -> HttpResponse:
    """Handle Pumble's redirect. Sign in only with a valid state of this browser and a code that Pumble accepts."""
    now = timezone.now()
    try:
        flow = oauth.finish(
            state=request.GET.get("state", ""),
            browser_secret=request.COOKIES.get(BROWSER_COOKIE, ""),
            now=now,
        )
    except oauth.InvalidState:
        log.info("oauth.state_refused")
        return error_page(
            request,
            status=400,
            title=_("This sign-in is no longer valid"),
            advice=_(
                "It was already used, is older than ten minutes, or was started in another browser. Start again here."
            ),
            action="sign-in",
        )
    action = "sign-in" if flow.purpose == OAuthState.Purpose.SIGN_IN else "install"
    if request.GET.get("error"):
        return error_page(
            request,
            status=403,
            title=_("You did not allow the API app"),
            advice=_(
                "Without your consent the app cannot act for you. Nothing was stored. You can start again at any time."
            ),
            action=action,
        )
    code = request.GET.get("code", "")
    if not _CODE.fullmatch(code):
        return error_page(
            request,
            status=400,
            title=_("Pumble sent no code"),
            advice=_(
                "Nothing was stored. Start again. If the error stays, give your administrator the request id."
            ),
            action=action,
        )
    try:
        with deadline.within(10), resilience.PAGES.slot(None):
            grant = oauth.exchange(code)
    except oauth.InvalidCode:
        log.info("oauth.code_refused")
        return error_page(
            request,
            status=400,
            title=_("Pumble did not accept the code"),
            advice=_("The code was already used or has expired. Nothing was stored. Start again."),
            action=action,
        )
    except PumbleError:
        log.warning("oauth.pumble_failed", exc_info=True)
        return error_page(
            request,
            status=502,
            title=_("Pumble does not answer"),
            advice=_("Nothing was stored. Wait a minute and start again."),
            action=action,
        )
    member = installations.store_grant(grant, by=request_actor(request, surface=Surface.WEB), now=now)
    if not is_entitled(member):
        return error_page(
            request,
            status=403,
            title=_("Your Pumble account is deactivated"),
            advice=_("Ask an owner of your workspace to activate it again."),
        )
    if not member.language or settings.LANGUAGE_COOKIE_NAME in request.COOKIES:  # the person chose it here
        membership.set_language(member, translation.get_language() or settings.LANGUAGE_CODE)
    sign_in(request, member)
    oauth.record_sign_in(member, by=request_actor(request, member=member), now=now)
    return redirect(kept_forms.resume(request, member, flow))


def _redirect_to_pumble(request: HttpRequest, purpose: OAuthState.Purpose) -> HttpResponse:
    """Redirect to Pumble's consent screen, from the host of PUBLIC_URL, because cookies belong to one host."""
    now, secret, return_to = timezone.now(), get_browser_secret(request), request.GET.get("next", "/")
    if len(return_to) > oauth.MAX_URL_LENGTH:
        return error_page(
            request,
            status=400,
            title=_("This address is too long"),
            advice=_("It is too long for a return after sign-in. Sign in first, then open it again."),
            action="sign-in",
        )
    public = urlsplit(settings.PUBLIC_URL)
    if urlsplit(f"//{request.get_host()}").hostname != public.hostname and _ON_PUBLIC_URL not in request.GET:
        # The parameter prevents a redirect loop behind a proxy that changes the Host header.
        query = request.GET.copy()
        query[_ON_PUBLIC_URL] = "1"
        return HttpResponseRedirect(f"{settings.PUBLIC_URL}{request.path}?{query.urlencode()}")
    url = oauth.start_prepared(state=request.GET.get("state", ""), browser_secret=secret, now=now)
    if url is None or purpose != OAuthState.Purpose.SIGN_IN:
        url = oauth.start(
            purpose=purpose,
            browser_secret=secret,
            return_to=return_to,
            now=now,
            workspace_id=request.GET.get("workspace", ""),
        )
    response = HttpResponseRedirect(url)
    set_browser_cookie(request, response)
    return response

"""Keep the fields of a form that arrives without a session, until its author signs in again.

The form is not carried out. The response is a page and not a redirect to the sign-in: that redirects to Pumble, which
`form-action 'self'` forbids, so the browser would stay on the old page without a message.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from keys import key_format, limits
from keys.exceptions import RateLimited
from keys.models import Member
from portal.accounts.sessions import get_browser_secret, set_browser_cookie
from portal.client_ip import get_client_ip
from portal.error_pages import accepts_html, error_page
from pumble_bridge import oauth
from pumble_bridge.models import OAuthState

MAX_FORM_BYTES = 64 * 1024
MAX_FORMS_PER_MEMBER = 20
AUTHOR_FIELD = "author"
_MAX_PAGE_AGE = timedelta(days=8)  # a session lasts seven
_IN_SESSION = "kept_form"
# Views that do not require a session.
_PUBLIC = {"start", "api-docs", "api-docs-plain", "redirect", "admin:login"}

View = TypeVar("View", bound=Callable[..., Any])
_signer = TimestampSigner(salt="portal.kept_forms")


@dataclass(frozen=True)
class FormPage:
    """The page that shows the form of a view, and the fields to keep.

    Attributes:
        address: returns the page's URL for the view's arguments. None: the page has the view's URL.
        fields: the fields that are kept. All others are dropped, such as tokens, nonces and passwords.
        query: the fields that belong to the query of the page's URL.
        public: the view does not require a session.
    """

    address: Callable[..., str] | None = None
    fields: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    public: bool = False


_START = FormPage(lambda **_arguments: "/", public=True)


@dataclass(frozen=True)
class _KeepResult:
    state: str = ""
    advice: str = ""


def form_page(page: FormPage) -> Callable[[View], View]:
    """Set the form page of a view function. View classes have an attribute `form_page`."""

    def mark(view: View) -> View:
        view.form_page = page  # type: ignore[attr-defined]
        return view

    return mark


def sign_author(member: Member) -> str:
    """Return the value of the hidden field that names the author of a form."""
    return _signer.sign(str(member.pk))


def require_sign_in(request: HttpRequest, *, sign_in: str = "signin") -> HttpResponse:
    """Return a response that leads to the sign-in, and from there back to this page or its form.

    Args:
        sign_in: the name of the sign-in URL.
    """
    if request.method not in {"GET", "HEAD"}:
        return _session_ended(request, sign_in)
    back = return_address(request)
    address = _sign_in_url(sign_in, back)
    if len(address) <= oauth.MAX_URL_LENGTH:
        return redirect(address)
    # The URL is too long for a query parameter. It is stored in the database.
    state = _prepare(request, back)
    advice = (
        _("You return to this page after you sign in.")
        if state
        else _("This page's address is too long for a return. Open it again after you sign in.")
    )
    return _error_page(
        request, _("Sign in to continue"), advice, _sign_in_url(sign_in, "", state), state=state
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form with a wrong CSRF token. The session or the cookies have changed. Django calls this."""
    page = _form_page_of(request)
    if not page.public and not request.user.is_authenticated:
        in_admin = request.path.startswith(reverse("admin:index"))
        return _session_ended(request, "admin:login" if in_admin else "signin")
    back = return_address(request)
    advice = _("Nothing was changed. Open the page again and send the form from there.")
    text = _kept_fields(request, page)
    if text and _author_pk(request) == request.user.pk and _size(request, page) <= MAX_FORM_BYTES:
        _put_in_session(request, back, text)
        advice = _("Nothing was changed. Open the form again. Your input is still there.")
    return _error_page(request, _("This form is out of date"), advice, back, label=_("Open the form again"))


def language_response(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return `response`, or a sign-in page if the person is not signed in and the next page requires it."""
    if "Location" not in response:
        return response  # a program's request has no page to return to
    back = urlsplit(response.headers["Location"])._replace(scheme="", netloc="").geturl()
    if request.user.is_authenticated or not _needs_sign_in(back):
        return response
    page = _error_page(
        request,
        _("Your session has ended"),
        _("The language is changed. Sign in to continue."),
        _sign_in_url("signin", back),
        status=200,
    )
    page.cookies = response.cookies
    return page


def resume(request: HttpRequest, member: Member, flow: OAuthState) -> str:
    """Return the URL where `member` continues after sign-in. Put the kept form into the session."""
    if flow.form_author_id not in {None, member.pk}:
        return "/"
    if flow.form:
        _put_in_session(request, flow.return_to, flow.form)
    return flow.return_to


def resume_after_password(request: HttpRequest, operator: Member, *, state: str, default: str) -> str:
    """Do the same for an operator, who signs in without Pumble. `state` is that of the prepared sign-in, or ""."""
    try:
        flow = oauth.finish(state=state, browser_secret=get_browser_secret(request), now=timezone.now())
    except oauth.InvalidState:
        return default
    return resume(request, operator, flow)


def get_kept_form(request: HttpRequest) -> QueryDict | None:
    """Return the kept fields of this page's form, or None."""
    stored = request.session.get(_IN_SESSION)
    if stored is None:
        return None
    if stored["until"] <= timezone.now().timestamp():
        del request.session[_IN_SESSION]
        return None
    return QueryDict(stored["form"]) if stored["path"] == request.path else None


def drop_kept_form(request: HttpRequest) -> None:
    """Drop the kept fields of this page's form, because it is sent again."""
    if request.session.get(_IN_SESSION, {}).get("path") == request.path and "preview" not in request.POST:
        del request.session[_IN_SESSION]


def return_address(request: HttpRequest) -> str:
    """Return the URL of the page with the form of this request, or of the page itself, without any API key."""
    page, match = _form_page_of(request), request.resolver_match
    path = request.path if page.address is None or match is None else page.address(**match.kwargs)
    query = QueryDict(mutable=True)
    sent = {name: request.POST.getlist(name) for name in page.query if name in request.POST}
    for name, values in {**dict(request.GET.lists()), **sent}.items():
        clean = [str(value) for value in values if key_format.is_free_of_keys(f"{name}={value}")]
        if any(clean):
            query.setlist(name, clean)
    if not key_format.is_free_of_keys(path):
        return "/"
    return f"{path}?{query.urlencode()}" if query else path


def _session_ended(request: HttpRequest, sign_in: str) -> HttpResponse:
    back = return_address(request)
    stored = _keep(request, back)
    advice = _("Nothing was changed.") + " " + stored.advice
    address, state = _sign_in_url(sign_in, back, stored.state), stored.state
    if len(address) > oauth.MAX_URL_LENGTH:
        state = _prepare(request, back)
        address = _sign_in_url(sign_in, "", state)
    return _error_page(request, _("Your session has ended"), advice, address, state=state)


def _keep(request: HttpRequest, back: str) -> _KeepResult:
    """Keep the fields if the author is known. Return the state of the sign-in and the advice for the page."""
    page = _form_page_of(request)
    text = _kept_fields(request, page)
    if not text:
        return _KeepResult(advice=_("Sign in to return to the page with this form."))
    if _size(request, page) > MAX_FORM_BYTES:
        message = _("Your input is larger than 64 kB and could not be kept.")
        return _KeepResult(advice=message + " " + _("Go back and copy it before you sign in."))
    author = Member.objects.filter(pk=_author_pk(request) or 0).first()
    state = _prepare(request, back, text, author) if author and accepts_html(request) else ""
    if not state:
        message = _("Your input could not be kept.")
        return _KeepResult(advice=message + " " + _("Go back and copy it before you sign in."))
    return _KeepResult(state, _("Sign in to return to the form with your input. It is kept for an hour."))


def _prepare(request: HttpRequest, back: str, text: str = "", author: Member | None = None) -> str:
    """Return the state of a new sign-in that leads back, or "" if there are too many."""
    now = timezone.now()
    waiting = OAuthState.objects.filter(form_author=author, expires_at__gt=now) if author else None
    if waiting is not None and waiting.count() >= MAX_FORMS_PER_MEMBER:
        return ""
    try:
        limits.hit_oauth_step(get_client_ip(request.META))
    except RateLimited:
        return ""
    secret = get_browser_secret(request)
    return oauth.prepare_sign_in(
        browser_secret=secret, return_to=back, form=text, form_author=author, now=now
    )


def _kept_fields(request: HttpRequest, page: FormPage) -> str:
    """Return the kept fields as a query string without API keys, or "" if all are empty."""
    data = QueryDict(mutable=True)
    for name in page.fields:
        if name in request.POST:
            data.setlist(name, [key_format.redact(str(value)) for value in request.POST.getlist(name)])
    return data.urlencode() if any(any(values) for _name, values in data.lists()) else ""


def _size(request: HttpRequest, page: FormPage) -> int:
    return sum(len(str(value).encode()) for name in page.fields for value in request.POST.getlist(name))


def _author_pk(request: HttpRequest) -> int | None:
    """Return the primary key of the form's author from its signature, or None."""
    try:
        return int(_signer.unsign(request.POST.get(AUTHOR_FIELD, ""), max_age=_MAX_PAGE_AGE))
    except BadSignature:
        return None


def _put_in_session(request: HttpRequest, address: str, text: str) -> None:
    until = timezone.now() + OAuthState.FORM_LIFETIME
    path = urlsplit(address).path
    request.session[_IN_SESSION] = {"path": path, "form": text, "until": until.timestamp()}


def _form_page_of(request: HttpRequest) -> FormPage:
    view = request.resolver_match.func if request.resolver_match else None
    return cast(FormPage, getattr(getattr(view, "view_class", view), "form_page", _START))


def _needs_sign_in(address: str) -> bool:
    try:
        return resolve(urlsplit(address).path).view_name not in _PUBLIC
    except Resolver404:
        return False


def _sign_in_url(name: str, back: str, state: str = "") -> str:
    query = {"state": state} if state else {}
    if back and not (state and len(back) > 2000):  # the state alone is enough
        query["next"] = back
    return f"{reverse(name)}?{urlencode(query)}"


def _error_page(
    request: HttpRequest,
    title: str,
    advice: str,
    address: str,
    *,
    label: str = "",
    state: str = "",
    status: int = 403,
) -> HttpResponse:
    link = (address, label or _("Sign in"))
    response = error_page(request, status=status, title=title, advice=advice, link=link)
    if state:
        set_browser_cookie(request, response)
    return response

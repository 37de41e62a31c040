"""Sessions of members, who sign in with Pumble, and of operators, who sign in with a password."""

from django.conf import settings
from django.contrib.auth import get_user, login
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from keys import audit
from keys.audit import Actor, Surface
from keys.models import AuditEvent, Member
from portal.client_ip import get_client_ip
from pumble_bridge import oauth
from pumble_bridge.models import OAuthState

PUMBLE_BACKEND, OPERATOR_BACKEND = settings.AUTHENTICATION_BACKENDS
SIGNED_IN_AT = "signed_in_at"
MAX_SESSION_SECONDS = 7 * 24 * 3600
BROWSER_COOKIE = "__Host-oauth" if settings.SESSION_COOKIE_SECURE else "oauth"


class SessionStore(db.SessionStore):
    """Django's session store. A database failure is not mistaken for a session that ended."""

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - as Django has it
        """
        Raises:
            UpdateError: the session was ended by another request.
            OperationalError, InterfaceError: the database cannot be reached.
        """
        try:
            super().save(must_create)
        except UpdateError as error:
            if isinstance(error.__context__, OperationalError | InterfaceError):
                raise error.__context__ from None
            raise


def sign_in(request: HttpRequest, member: Member) -> None:
    """Start a session of `member` under a new session key."""
    request.session.flush()
    login(request, member, backend=OPERATOR_BACKEND if member.is_superuser else PUMBLE_BACKEND)
    request.session[SIGNED_IN_AT] = timezone.now().timestamp()


def get_session_user(request: HttpRequest) -> AbstractBaseUser | AnonymousUser:
    """Return the member of this session. A session ends after 12 idle hours, and at the latest 7 days after sign-in."""
    signed_in_at = request.session.get(SIGNED_IN_AT, 0)
    if timezone.now().timestamp() - signed_in_at > MAX_SESSION_SECONDS:
        return AnonymousUser()
    user = get_user(request)
    if user.is_authenticated:
        request.session.modified = True  # save it, which restarts the idle time
    return user


def get_browser_secret(request: HttpRequest) -> str:
    """Return the secret that binds a sign-in to this browser. `set_browser_cookie` sends a new one."""
    secret = request.COOKIES.get(BROWSER_COOKIE, "")
    if len(secret) < 32:
        secret = request.COOKIES[BROWSER_COOKIE] = oauth.new_browser_secret()
    return secret


def set_browser_cookie(request: HttpRequest, response: HttpResponse) -> None:
    """Set the cookie with the browser's secret. It lasts as long as a kept form, and longer than a started sign-in."""
    response.set_cookie(
        BROWSER_COOKIE,
        get_browser_secret(request),
        max_age=int(OAuthState.FORM_LIFETIME.total_seconds()),
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def request_actor(
    request: HttpRequest, *, surface: Surface = Surface.WEB, member: Member | None = None
) -> Actor:
    """Return the actor of this request for the audit log: member, surface, IP address and request id."""
    return Actor(
        member=member,
        surface=surface,
        address=get_client_ip(request.META),
        request_id=getattr(request, "request_id", ""),
    )


def record_operator_event(
    request: HttpRequest, event: AuditEvent.Type, operator: Member | None = None
) -> None:
    """Record a sign-in, a refused sign-in or a sign-out of an operator in the installation's audit log."""
    by = request_actor(request, surface=Surface.ADMIN, member=operator)
    audit.record(event, workspace=None, member=operator, by=by, now=timezone.now())

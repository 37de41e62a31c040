"""Who is signed in: sessions of members that began with Pumble, and of operators that began with a password."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user, login
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from keys import audit
from keys.audit import Actor, Surface
from keys.models import AuditEvent, Member
from keys.policy import is_entitled
from portal.addresses import client_address
from pumble_bridge import oauth
from pumble_bridge.models import OAuthState

SIGNED_IN_AT = "signed_in_at"
MAX_SESSION_SECONDS = 7 * 24 * 3600
BROWSER_COOKIE = "__Host-oauth" if settings.SESSION_COOKIE_SECURE else "oauth"


class PumbleSignIn(BaseBackend):
    """Authenticates nobody by itself: a session begins in `sign_in`. It ends when the member is no longer entitled."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> Member | None:
        return None

    def get_user(self, user_id: int) -> Member | None:
        member = Member.objects.select_related("workspace").filter(pk=user_id).first()
        return member if member is not None and is_entitled(member) else None


class OperatorSignIn(BaseBackend):
    """Operators, and nobody else: who belongs to a workspace has no password that would count."""

    def authenticate(
        self, request: HttpRequest | None, username: str = "", password: str = "", **credentials: Any
    ) -> Member | None:
        """The operator of that name and password. A name that nobody has takes as long as a wrong password."""
        operator = self._operators().filter(username=username).first()
        if operator is None:
            make_password(password)
            return None
        return operator if operator.check_password(password) else None

    def get_user(self, user_id: int) -> Member | None:
        return self._operators().filter(pk=user_id).first()

    def _operators(self) -> QuerySet[Member]:
        return Member.objects.filter(is_superuser=True, workspace=None, is_active=True)


def sign_in(request: HttpRequest, member: Member) -> None:
    """Begin a session of `member` under a new session key."""
    request.session.flush()
    backend = OperatorSignIn if member.is_superuser else PumbleSignIn
    login(request, member, backend=f"{backend.__module__}.{backend.__qualname__}")
    request.session[SIGNED_IN_AT] = timezone.now().timestamp()


def signed_in(request: HttpRequest) -> AbstractBaseUser | AnonymousUser:
    """The member of this session. It ends after 12 idle hours, and 7 days after sign-in whatever happens."""
    began = request.session.get(SIGNED_IN_AT, 0)
    if timezone.now().timestamp() - began > MAX_SESSION_SECONDS:
        return AnonymousUser()
    user = get_user(request)
    if user.is_authenticated:
        request.session.modified = True  # saved anew, so that the idle time begins again
    return user


def browser_secret_of(request: HttpRequest) -> str:
    """The secret that ties a sign-in to this browser. One without gets a new one, which `bind_browser` hands out."""
    secret = request.COOKIES.get(BROWSER_COOKIE, "")
    if len(secret) < 32:
        secret = request.COOKIES[BROWSER_COOKIE] = oauth.new_browser_secret()
    return secret


def bind_browser(request: HttpRequest, response: HttpResponse) -> None:
    """Let the browser keep its secret for as long as a form is kept; a started sign-in ends earlier by itself."""
    response.set_cookie(
        BROWSER_COOKIE,
        browser_secret_of(request),
        max_age=int(OAuthState.FORM_LIFETIME.total_seconds()),
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def actor_of(request: HttpRequest, *, surface: Surface = Surface.WEB, member: Member | None = None) -> Actor:
    """Who acts in this request, and from where."""
    return Actor(
        member=member,
        surface=surface,
        address=client_address(request.META),
        request_id=getattr(request, "request_id", ""),
    )


def note_operator(request: HttpRequest, event: AuditEvent.Type, operator: Member | None = None) -> None:
    """Record that an operator came or went, or that somebody tried, in the installation's own audit log."""
    by = actor_of(request, surface=Surface.ADMIN, member=operator)
    audit.record(event, workspace=None, member=operator, by=by, now=timezone.now())

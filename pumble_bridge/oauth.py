"""Installation and sign-in by Pumble's OAuth: from the consent screen to a checked grant.

Pumble's exchange has no PKCE and does not check the redirect URL, so `state` gives all of the protection. It is random,
stored as a digest, bound to the browser, the purpose and the return path, and valid once, for ten minutes.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.utils.http import url_has_allowed_host_and_scheme

from keys import audit, key_format, membership
from keys.audit import Actor
from keys.models import AuditEvent, Member
from keys.pumble_ids import is_pumble_id
from pumble_bridge import app_scopes, client, manifest
from pumble_bridge.client import Json, PumbleClient
from pumble_bridge.exceptions import PumbleError, PumbleRefused, PumbleUnavailable
from pumble_bridge.models import OAuthState

MAX_URL_LENGTH = 8000  # gunicorn and nginx refuse a request line of more than 8,190 bytes

_TOKEN = re.compile(r"[\x21-\x7e]{1,8000}")
Purpose = OAuthState.Purpose


class InvalidState(Exception):
    """The state belongs to no open flow of this browser."""


class InvalidCode(PumbleError):
    """Pumble rejected the code, or its responses contradict each other."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The checked result of a code exchange: workspace, member and both tokens."""

    workspace_id: str
    workspace_name: str
    profile: membership.Profile
    access_token: str
    bot_user_id: str
    bot_token: str

    def __repr__(self) -> str:
        return f"Grant(workspace {self.workspace_id}, member {self.profile.user_id})"


def new_browser_secret() -> str:
    """Return a random value for the cookie that binds a flow to its browser."""
    return secrets.token_urlsafe(32)


def safe_redirect_path(address: str, *, default: str) -> str:
    """Return `address` if it is a path of the portal that is safe to redirect to, otherwise `default`."""
    path = address.partition("?")[0]  # Django's check accepts at most 2,048 characters
    is_local = url_has_allowed_host_and_scheme(path, allowed_hosts=set()) and path.startswith("/")
    is_oauth_path = address.startswith("/pumble/")  # these would redirect to Pumble again
    is_valid = (
        address.isprintable() and len(address) <= MAX_URL_LENGTH and key_format.is_free_of_keys(address)
    )
    return address if is_local and is_valid and not is_oauth_path else default


def start(
    *,
    purpose: OAuthState.Purpose,
    browser_secret: str,
    return_to: str,
    now: datetime,
    workspace_id: str = "",
) -> str:
    """Start a flow and return the URL of Pumble's consent screen.

    The flow returns to "/" if `return_to` is not a safe path of the portal.

    Args:
        workspace_id: the Pumble id of the workspace that the consent screen proposes, if any.
    """
    state = secrets.token_urlsafe(32)
    OAuthState.objects.create(
        digest=_digest(state),
        browser_digest=_digest(browser_secret),
        purpose=purpose,
        return_to=safe_redirect_path(return_to, default="/"),
        expires_at=now + OAuthState.LIFETIME,
    )
    return _consent_url(state, reinstall=purpose == Purpose.REINSTALL, workspace_id=workspace_id)


def prepare_sign_in(
    *, browser_secret: str, return_to: str, form: str = "", form_author: Member | None = None, now: datetime
) -> str:
    """Store a sign-in for `start_prepared` and return its state. `form` holds what `form_author` typed, without keys."""
    state = secrets.token_urlsafe(32)
    OAuthState.objects.create(
        digest=_digest(state),
        browser_digest=_digest(browser_secret),
        purpose=Purpose.SIGN_IN,
        return_to=safe_redirect_path(return_to, default="/"),
        expires_at=now + OAuthState.FORM_LIFETIME,
        form=form,
        form_author=form_author,
    )
    return state


def start_prepared(*, state: str, browser_secret: str, now: datetime) -> str | None:
    """Return the URL of Pumble's consent screen for a prepared sign-in, or None if this browser has no such sign-in.

    An open state can be started again, because people go back and click a second time.
    """
    prepared = OAuthState.objects.filter(
        digest=_digest(state),
        browser_digest=_digest(browser_secret),
        purpose=Purpose.SIGN_IN,
        expires_at__gt=now,
    )
    updated = prepared.update(expires_at=now + OAuthState.LIFETIME)
    return _consent_url(state) if updated else None


def _consent_url(state: str, *, reinstall: bool = False, workspace_id: str = "") -> str:
    """Return the URL of the consent screen for all scopes of the manifest.

    Source: Pumble app platform reference, 2.1. `isReinstall` gives the bot new scopes and a new token, if an owner or
    administrator allows it. For others it has no effect.
    """
    scopes = [*app_scopes.USER_SCOPES, *(f"bot:{scope}" for scope in app_scopes.BOT_SCOPES)]
    query = {
        "redirectUrl": settings.PUBLIC_URL + manifest.REDIRECT_PATH,
        "clientId": settings.PUMBLE_APP_ID,
        "state": state,
        "scopes": ",".join(scopes),
    }
    if reinstall:
        query["isReinstall"] = "true"
    if is_pumble_id(workspace_id):
        query["defaultWorkspaceId"] = workspace_id
    return f"{settings.PUMBLE_CONSENT_SCREEN_URL}?{urlencode(query)}"


def finish(*, state: str, browser_secret: str, now: datetime) -> OAuthState:
    """Delete and return the flow that `state` identifies. A flow can be finished once.

    Raises:
        InvalidState: no such open flow in this browser. A state from another browser is deleted.
    """
    with transaction.atomic():
        flow = OAuthState.objects.select_for_update(no_key=True).filter(digest=_digest(state)).first()
        removed = flow is not None and OAuthState.objects.filter(pk=flow.pk).delete()[0] == 1
    if flow is None or not removed or flow.expires_at <= now:
        raise InvalidState
    if not browser_secret or not hmac.compare_digest(_digest(browser_secret), flow.browser_digest):
        raise InvalidState
    return flow


def exchange(code: str) -> Grant:
    """Exchange `code` for tokens and return a grant with the profile that Pumble has for them.

    Raises:
        InvalidCode: Pumble rejected the code, or its responses name different workspaces or users.
        PumbleError: a call failed.
    """
    form = {
        "client-id": settings.PUMBLE_APP_ID,
        "client-secret": settings.PUMBLE_APP_CLIENT_SECRET,
        "code": code,
    }
    try:
        data = client.call("POST", "/oauth2/access", form=form)
    except PumbleRefused as error:
        raise InvalidCode from error
    names = ("accessToken", "botToken", "userId", "botId", "workspaceId")
    if not isinstance(data, dict) or not all(
        isinstance(data.get(name), str) and data[name] for name in names
    ):
        raise PumbleUnavailable("response of an unexpected shape")
    if not all(is_pumble_id(data[name]) for name in ("userId", "botId", "workspaceId")):
        raise PumbleUnavailable("response of an unexpected shape")
    if not all(_TOKEN.fullmatch(data[name]) for name in ("accessToken", "botToken")):
        raise PumbleUnavailable("a token that no header can carry")
    if data["userId"] == data["botId"]:
        raise InvalidCode("the bot is no person")
    pumble = PumbleClient(data["accessToken"])
    me = pumble.get_me()
    if (me["workspaceId"], me["workspaceUserId"]) != (data["workspaceId"], data["userId"]):
        raise InvalidCode("exchange and profile disagree")
    return Grant(
        workspace_id=data["workspaceId"],
        workspace_name=str(me.get("workspaceName") or data["workspaceId"])[:200],
        profile=parse_profile(pumble.get_user(data["userId"])),
        access_token=data["accessToken"],
        bot_user_id=data["botId"],
        bot_token=data["botToken"],
    )


def record_sign_in(member: Member, *, by: Actor, now: datetime) -> None:
    event = AuditEvent.Type.MEMBER_SIGNED_IN
    audit.record(event, workspace=member.workspace, member=member, by=by, now=now)


def record_sign_out(member: Member, *, by: Actor, now: datetime) -> None:
    types = AuditEvent.Type
    ended = types.MEMBER_SIGNED_OUT if member.workspace else types.OPERATOR_SIGNED_OUT
    audit.record(ended, workspace=member.workspace, member=member, by=by, now=now)


def parse_profile(user: Json) -> membership.Profile:
    """Return the profile for a WorkspaceUser of Pumble. Missing and null fields become ""."""
    return membership.Profile(
        user_id=user["id"],
        name=str(user.get("name") or ""),
        email=str(user.get("email") or ""),
        role=str(user.get("role") or Member.Role.USER),
        is_active=user.get("status") != "DEACTIVATED",
        time_zone=str(user.get("timeZoneId") or ""),
        time_format=_time_format(user.get("timeFormat")),
    )


def _time_format(value: object) -> int | None:
    return next((hours for hours in (12, 24) if value == hours), None)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

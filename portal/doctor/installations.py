"""Each installation: the bot's token works, has its permissions, and the people with keys authorize the app.

Nothing is changed: a rejected token is reported, not recorded.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from keys.models import ApiKey, Member
from portal.doctor import network
from portal.doctor.findings import Finding, Status, failure, ok, warning
from pumble_bridge import app_scopes, deadline
from pumble_bridge.client import Json, PumbleClient
from pumble_bridge.exceptions import PumbleError, PumbleRefused, TokenRejected
from pumble_bridge.models import Authorization, Installation

MAX_SECONDS = 60  # for all installations
_CHANNEL_TYPES = ("PUBLIC", "PRIVATE", "DIRECT")


def check() -> Iterator[Finding]:
    until = time.monotonic() + MAX_SECONDS
    installed = list(
        Installation.objects.exclude(workspace__installed_at=None).select_related("workspace").order_by("pk")
    )
    tried = 0
    has_worked = False
    for installation in installed:
        if time.monotonic() > until:
            break
        tried += 1
        for finding in _check_installation(installation):
            has_worked |= finding.check == "installation.token" and finding.status is Status.OK
            yield replace(finding, workspace=installation.workspace.pumble_id)
    if tried < len(installed):
        yield warning(
            "installation",
            _("Installations that were not tried: %(left)s."),
            _("Run doctor again when Pumble answers faster."),
            left=len(installed) - tried,
        )
    if has_worked:
        yield ok("pumble.app_key", _("Pumble accepts PUMBLE_APP_KEY."))
    elif not installed:
        yield warning(
            "pumble.app_key",
            _("PUMBLE_APP_KEY cannot be tried before an installation."),
            _("Install the app in a workspace: open %(url)s."),
            url=_install_url(),
        )


def _check_installation(installation: Installation) -> Iterator[Finding]:
    name = installation.workspace.name
    token = installation.bot_token
    if token is None:
        yield _failed_token(_("The bot's token of %(workspace)s cannot be decrypted."), name)
        return
    client = PumbleClient(token, workspace=installation.workspace_id)
    try:
        with deadline.within(network.SECONDS):
            me = client.get_me()
    except TokenRejected:
        yield failure(
            "installation.token",
            _("Pumble refuses the bot's token of %(workspace)s, or PUMBLE_APP_KEY."),
            _(
                "Check PUMBLE_APP_KEY. If it is right, an owner of the workspace installs the app again: open %(url)s."
            ),
            workspace=name,
            url=_install_url(),
        )
        return
    except PumbleError as error:
        yield _not_tried("installation.token", name, error)
        return
    if (me["workspaceId"], me["workspaceUserId"]) != (
        installation.workspace.pumble_id,
        installation.bot_user_id,
    ):
        yield _failed_token(_("The stored token of %(workspace)s is not that of its bot."), name)
        return
    yield ok("installation.token", _("The bot's token of %(workspace)s works."), workspace=name)
    yield _check_scopes(client, installation)
    yield _check_people(installation)


def _install_url() -> str:
    return settings.PUBLIC_URL + app_scopes.INSTALL_PATH


def _failed_token(message: str, workspace: str) -> Finding:
    cure = _("An owner of the workspace installs the app again: open %(url)s.")
    return failure("installation.token", message, cure, workspace=workspace, url=_install_url())


def _not_tried(check: str, workspace: str, error: PumbleError) -> Finding:
    return warning(
        check,
        _(
            "The installation in %(workspace)s could not be tried: Pumble did not answer as expected (%(reason)s)."
        ),
        _("An operator runs doctor again when Pumble answers."),
        workspace=workspace,
        reason=error.reason,
    )


def _check_scopes(client: PumbleClient, installation: Installation) -> Finding:
    """Compare what the installation asked for with what the app needs, and try the permissions that only read.

    Pumble tells no app what was granted, and to try the others would change something.
    """
    check = "installation.scopes"
    values: dict[str, str | int] = {
        "workspace": installation.workspace.name,
        "url": app_scopes.update_url(installation.workspace),
    }
    refused = []
    try:
        for scope, call in _trials(client, installation.bot_user_id):
            with deadline.within(network.SECONDS):
                if not _is_granted(call):
                    refused.append(scope)
    except PumbleError as error:
        return _not_tried(check, installation.workspace.name, error)
    cure = _("An owner of the workspace updates the app's permissions: open %(url)s.")
    if refused:
        message = _("Pumble refuses the bot in %(workspace)s these permissions: %(scopes)s.")
        return failure(check, message, cure, scopes=", ".join(refused), **values)
    if missing := app_scopes.missing_bot_scopes(installation.granted_scopes):
        message = _("The installation in %(workspace)s did not ask for these permissions: %(scopes)s.")
        return warning(check, message, cure, scopes=", ".join(missing), **values)
    return ok(check, _("The bot in %(workspace)s has its permissions."), **values)


def _trials(client: PumbleClient, bot_user_id: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield a call for each permission. Only a channel of the bot can be read, so without one two are left out."""
    channels: list[Json] = []
    yield "users:list", client.list_users
    yield "user:read", lambda: client.get_user(bot_user_id)
    yield "channels:list", lambda: channels.extend(client.list_channels(_CHANNEL_TYPES))
    channels.sort(
        key=lambda info: info["channel"].get("channelType") != "PUBLIC"
    )  # rather than what few people read
    own = [info["channel"]["id"] for info in channels if bot_user_id in info["users"]]
    if own:
        yield "channels:read", lambda: client.get_channel(own[0])
        yield "messages:read", lambda: client.list_messages(own[0], limit=1, strategy="BEFORE", cursor=None)


def _is_granted(call: Callable[[], object]) -> bool:
    """Return whether Pumble does not refuse the call for a missing permission."""
    try:
        call()
    except PumbleRefused as error:
        return error.status not in {401, 403}
    return True


def _check_people(installation: Installation) -> Finding:
    """Count those whose keys are refused, because they do not authorize the app."""
    check, workspace = "installation.people", installation.workspace
    members = Member.objects.filter(workspace=workspace, is_active=True, is_bot=False)
    values: dict[str, str | int] = {
        "workspace": workspace.name,
        "authorized": members.exclude(authorized_at=None).count(),
        "total": members.count(),
    }
    live = ApiKey.objects.live(timezone.now()).filter(owner__in=members)
    refused = live.filter(owner__authorized_at=None).values("owner").distinct().count()
    if refused:
        return warning(
            check,
            _("People in %(workspace)s who have keys but do not authorize the app: %(refused)s."),
            _("They sign in at %(url)s. Until then their keys are refused."),
            refused=refused,
            url=settings.PUBLIC_URL,
            **values,
        )
    grants = Authorization.objects.filter(member__in=members).values_list("granted_scopes", flat=True)
    if outdated := sum(bool(app_scopes.missing_user_scopes(granted)) for granted in grants):
        return warning(
            check,
            _(
                "People in %(workspace)s whose authorization is from before the app needed more: %(outdated)s."
            ),
            _("They sign in once more at %(url)s. Until then Pumble refuses some calls of their keys."),
            outdated=outdated,
            url=settings.PUBLIC_URL,
            **values,
        )
    message = _("%(authorized)s of %(total)s known people in %(workspace)s authorize the app.")
    return ok(check, message, **values)

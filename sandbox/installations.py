"""Installing and authorizing apps, and the end of both. Source: Pumble app platform reference, 1.5."""

import secrets

from django.db import transaction

from sandbox import app_registry, channels, clock, ids, messages
from sandbox.exceptions import ActError
from sandbox.hooks import events
from sandbox.manifest import Manifest
from sandbox.models import HUMAN, App, Authorization, GrantCode, HomeView, Installation, Person

CODE_LIFETIME_MS = 10 * 60 * 1000
MAY_NOT_INSTALL = "Only an owner or administrator of {workspace} can install {app}. Ask one of them."
NEVER_REACHED = "{app} cannot be reached, and its manifest was never fetched."
MAY_NOT_AUTHORIZE = "Single-channel guests cannot authorize apps."


def grant(
    app: App, manifest: Manifest | None, person: Person, scopes: list[str], *, reinstall: bool = False
) -> str:
    """Allow the app for this person and return a code that works once, for ten minutes.

    Installs the app if it is not installed. A repeated consent keeps the person's token and adds the scopes.

    Args:
        manifest: None is enough if the app is installed and is not reinstalled.
        scopes: as in the consent URL, bot scopes with the prefix `bot:`.
        reinstall: renew the bot's token and scopes. It has no effect for people who may not install.

    Raises:
        ActError: the person may not do this, or the manifest is needed and unknown.
    """
    bot_scopes = [scope.removeprefix("bot:") for scope in scopes if scope.startswith("bot:")]
    user_scopes = [scope for scope in scopes if not scope.startswith("bot:")]
    with transaction.atomic():
        installation = Installation.objects.filter(app=app, workspace_id=person.workspace_id).first()
        is_first, is_new = installation is None, installation is None or not installation.active
        if is_new and not person.may_install:
            name = app_registry.display_name(app)
            raise ActError(MAY_NOT_INSTALL.format(workspace=person.workspace.name, app=name), 403)
        if not person.may_authorize:
            raise ActError(MAY_NOT_AUTHORIZE, 403)
        if is_new or (reinstall and person.may_install):
            if manifest is None:
                raise ActError(NEVER_REACHED.format(app=app_registry.display_name(app)), 409)
            if is_new:
                installation = _install(app, manifest, person, bot_scopes, installation)
            elif installation is not None:
                _renew_bot(installation, manifest, bot_scopes)
        authorization = _authorize(app, person, user_scopes)
        code = secrets.token_urlsafe(24)
        GrantCode.objects.filter(expires_ms__lt=clock.now_ms()).delete()
        GrantCode.objects.create(
            code=code, authorization=authorization, expires_ms=clock.now_ms() + CODE_LIFETIME_MS
        )
    if is_first and installation is not None and manifest is not None:
        _open_direct_channels(installation, manifest)
    return code


def exchange_code(code: str) -> dict[str, str]:
    """Use up a code and return its tokens.

    Returns:
        `accessToken`, `userId`, `workspaceId`, and with a bot `botToken` and `botId`. Empty for an invalid code.
    """
    with transaction.atomic():
        grant = GrantCode.objects.select_related("authorization__person").filter(pk=code).first()
        if grant is None:
            return {}
        grant.delete()
        authorization = grant.authorization
        if grant.expires_ms < clock.now_ms() or not authorization.active or not authorization.token:
            return {}
        installation = Installation.objects.get(
            app_id=authorization.app_id, workspace_id=authorization.person.workspace_id
        )
    answer = {
        "accessToken": authorization.token,
        "userId": authorization.person_id,
        "workspaceId": installation.workspace_id,
    }
    if installation.bot_id and installation.bot_token:
        answer |= {"botToken": installation.bot_token, "botId": installation.bot_id}
    return answer


def app_id_of_code(code: str) -> str | None:
    return GrantCode.objects.filter(pk=code).values_list("authorization__app_id", flat=True).first()


def unauthorize(authorization: Authorization) -> None:
    """Revoke the person's token and send APP_UNAUTHORIZED."""
    installation = Installation.objects.get(
        app_id=authorization.app_id, workspace_id=authorization.person.workspace_id
    )
    _revoke_token(authorization)
    events.app_unauthorized(authorization, installation)


def uninstall(installation: Installation) -> None:
    """Revoke all tokens of the app in this workspace and send APP_UNINSTALLED once."""
    with transaction.atomic():
        installation.active = False
        installation.number += 1
        installation.bot_token = None
        installation.save()
        for authorization in Authorization.objects.filter(
            app_id=installation.app_id, person__workspace_id=installation.workspace_id, active=True
        ):
            _revoke_token(authorization)
        HomeView.objects.filter(
            app_id=installation.app_id, person__workspace_id=installation.workspace_id
        ).delete()
    events.app_uninstalled(installation)


def _install(
    app: App, manifest: Manifest, person: Person, bot_scopes: list[str], former: Installation | None
) -> Installation:  # fmt: skip
    installation = former or Installation(id=ids.new_id(), app=app, workspace_id=person.workspace_id)
    installation.installed_by_id = person.id
    installation.active = True
    _renew_bot(installation, manifest, bot_scopes, renumber=False)
    return installation


def _renew_bot(
    installation: Installation, manifest: Manifest, bot_scopes: list[str], *, renumber: bool = True
) -> None:
    """Give the bot a new token. The bot keeps its id."""
    installation.number += 1 if renumber else 0
    if manifest.has_bot and installation.bot is None:
        installation.bot = Person.objects.create(
            id=ids.new_id(),
            workspace_id=installation.workspace_id,
            app=installation.app,
            name=manifest.display_name[:80],
            title=str(manifest.raw.get("botTitle") or "")[:80],
        )
    installation.bot_scopes = bot_scopes
    installation.bot_token = installation.current_bot_token() if manifest.has_bot else None
    installation.save()


def _authorize(app: App, person: Person, scopes: list[str]) -> Authorization:
    authorization = Authorization.objects.filter(app=app, person=person).first()
    if authorization is None:
        authorization = Authorization(id=ids.new_id(), app=app, person=person, scopes=[])
    elif not authorization.active:
        authorization.scopes = []
    authorization.scopes = list(dict.fromkeys([*authorization.scopes, *scopes]))
    authorization.active = True
    # Keep a valid token: after a rotation of the secret, a different one would be derived.
    authorization.token = authorization.token or authorization.current_token()
    authorization.save()
    return authorization


def _revoke_token(authorization: Authorization) -> None:
    authorization.active = False
    authorization.number += 1
    authorization.token = None
    authorization.save()


def _open_direct_channels(installation: Installation, manifest: Manifest) -> None:
    """Open the app's direct channel for everybody, with its welcome message."""
    bot = installation.bot
    if bot is None:
        return
    for person in Person.objects.filter(
        HUMAN, workspace_id=installation.workspace_id, status=Person.Status.ACTIVATED
    ):
        channel, _ = channels.get_or_create_direct(bot, {bot.id, person.id})
        if manifest.welcome_message:
            messages.post(bot, channel, messages.Draft(manifest.welcome_message))

"""Registering, installing, authorising apps, and the end of each."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from sandbox import app_registry, http_client, installations, manifest
from sandbox.acts.endpoint import Act
from sandbox.consent import path_to, redirect_with
from sandbox.exceptions import ActRefused
from sandbox.hooks import delivery
from sandbox.manifest import Manifest
from sandbox.models import App, Authorization, Installation


def register(act: Act) -> dict[str, Any]:
    """Another app, by its manifest or the manifest's address."""
    url, raw = act.text("manifestUrl", ""), act.value("manifest")
    if bool(url) is (raw is not None):
        raise ActRefused("either manifestUrl or manifest is needed")
    try:
        read = app_registry.fetch(url, delivery.deadline()) if url else manifest.check(raw, "")
    except http_client.Unreachable as exc:
        raise ActRefused(f"the manifest cannot be fetched: {exc}", 422) from None
    except manifest.BadManifest as exc:
        raise ActRefused(str(exc), 422) from None
    app = app_registry.register(read, url)
    return {
        "id": app.id,
        "appKey": app.app_key,
        "clientSecret": app.client_secret,
        "signingSecret": app.signing_secret,
    }


def listing(act: Act) -> list[dict[str, Any]]:
    """All apps as "+ Add apps" offers them to this person."""
    person = act.person()
    rows = Installation.objects.filter(workspace_id=person.workspace_id, active=True)
    bots = dict(rows.values_list("app_id", "bot_id"))
    authorized = set(
        Authorization.objects.filter(person=person, active=True).values_list("app_id", flat=True)
    )
    entries = []
    for app in App.objects.order_by("id"):
        read = app_registry.manifest_of(app)
        entries.append(
            {
                "id": app.id,
                "name": read.name if read else app.fallback_name,
                "displayName": app_registry.display_name(app),
                "installed": app.id in bots,
                "botId": bots.get(app.id),
                "authorized": app.id in authorized,
                "installUrl": read and (read.listing_url or path_to(app, read, person.workspace_id)),
                "reinstallUrl": read and _reinstall_url(app, read, person.workspace_id),
            }
        )
    return entries


def commands(act: Act) -> list[dict[str, Any]]:
    """Slash commands of the apps installed in the person's workspace, for completion."""
    return [
        {
            "command": command.get("command", ""),
            "description": command.get("description") or "",
            "usageHint": command.get("usageHint") or "",
            "app": read.display_name,
        }
        for _app_id, read in _installed_manifests(act)
        for command in read.commands
    ]


def shortcuts(act: Act) -> list[dict[str, Any]]:
    """Shortcuts of the apps installed in the person's workspace; `type` is GLOBAL or ON_MESSAGE."""
    return [
        {
            "appId": app_id,
            "type": shortcut.get("shortcutType", ""),
            "name": shortcut.get("name", ""),
            "displayName": shortcut.get("displayName") or shortcut.get("name", ""),
            "description": shortcut.get("description") or "",
            "app": read.display_name,
        }
        for app_id, read in _installed_manifests(act)
        for shortcut in read.shortcuts
    ]


def _installed_manifests(act: Act) -> Iterator[tuple[str, Manifest]]:
    """Yield the id and the manifest of each app that is installed in the person's workspace."""
    rows = Installation.objects.filter(workspace_id=act.person().workspace_id, active=True)
    for installation in rows.select_related("app").order_by("app_id"):
        read = app_registry.manifest_of(installation.app)
        if read is not None:
            yield installation.app_id, read


def install(act: Act) -> dict[str, Any]:
    return _allow(act)


def authorize(act: Act) -> dict[str, Any]:
    person, app = act.person(), act.app()
    if not Installation.objects.filter(app=app, workspace_id=person.workspace_id, active=True).exists():
        raise ActRefused("the app is not installed in this workspace", 409)
    return _allow(act)


def reinstall(act: Act) -> dict[str, Any]:
    return _allow(act, reinstall=True)


def unauthorize(act: Act) -> dict[str, Any]:
    authorization = Authorization.objects.filter(app=act.app(), person=act.person(), active=True).first()
    if authorization is None:
        raise ActRefused("this person has not authorized the app", 409)
    installations.unauthorize(authorization)
    return {}


def uninstall(act: Act) -> dict[str, Any]:
    person = act.person()
    installation = Installation.objects.filter(
        app=act.app(), workspace_id=person.workspace_id, active=True
    ).first()
    if installation is None:
        raise ActRefused("the app is not installed in this workspace", 409)
    if not person.may_install:
        raise ActRefused("only an owner or administrator can uninstall an app", 403)
    installations.uninstall(installation)
    return {}


def _allow(act: Act, *, reinstall: bool = False) -> dict[str, Any]:
    """ "Allow" on the consent screen, with all scopes of the manifest unless `scopes` names some.

    An app that is installed but was never reached gets the scopes it has, and a redirect address on the manifest's
    origin: so what the seed grants can be handed out before the app runs.
    """
    person, app = act.person(), act.app()
    read = app_registry.manifest_of(app)
    declared = read.all_scopes if read else []
    scopes = act.value("scopes")
    if scopes is None:
        scopes = declared
    if not isinstance(scopes, list) or not all(isinstance(one, str) for one in scopes):
        raise ActRefused("scopes must be a list of strings")
    foreign = sorted(set(scopes) - set(declared))
    if foreign:
        raise ActRefused(f"the manifest does not declare {', '.join(foreign)}")
    redirect_urls = read.redirect_urls if read else [urljoin(app.manifest_url, "/")]
    if not redirect_urls:
        raise ActRefused("the manifest has no redirectUrls", 422)
    state = act.text("state", "") if act.value("state") is not None else None
    code = installations.allow(app, read, person, scopes, reinstall=reinstall)
    return {"redirectUrl": redirect_with(redirect_urls[0], state, code=code)}


def _reinstall_url(app: App, read: Manifest, workspace_id: str) -> str | None:
    """The consent screen that renews the bot. An app with a listing starts its consent itself, or would not know it."""
    path = None if read.listing_url else path_to(app, read, workspace_id)
    return path and f"{path}&isReinstall=true"

"""Registering, installing and authorizing apps, and the end of each."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from sandbox import app_registry, http_client, installations
from sandbox.acts.endpoint import ActRequest
from sandbox.consent import consent_path, redirect_url_with
from sandbox.exceptions import ActError
from sandbox.hooks import delivery
from sandbox.manifest import InvalidManifest, Manifest, parse_manifest
from sandbox.models import App, Authorization, Installation


def register(request: ActRequest) -> dict[str, Any]:
    """Register an app by its manifest or by the URL of its manifest, and return its credentials."""
    url, raw = request.text("manifestUrl", ""), request.value("manifest")
    if bool(url) is (raw is not None):
        raise ActError("exactly one of manifestUrl and manifest is required")
    try:
        manifest = (
            app_registry.fetch_manifest(url, delivery.new_deadline()) if url else parse_manifest(raw, "")
        )
    except http_client.Unreachable as exc:
        raise ActError(f"the manifest cannot be fetched: {exc}", 422) from None
    except InvalidManifest as exc:
        raise ActError(str(exc), 422) from None
    app = app_registry.register(manifest, url)
    return {
        "id": app.id,
        "appKey": app.app_key,
        "clientSecret": app.client_secret,
        "signingSecret": app.signing_secret,
    }


def list_apps(request: ActRequest) -> list[dict[str, Any]]:
    """List all apps for the "Add apps" dialog of this person."""
    person = request.person()
    rows = Installation.objects.filter(workspace_id=person.workspace_id, active=True)
    bots = dict(rows.values_list("app_id", "bot_id"))
    authorized = set(
        Authorization.objects.filter(person=person, active=True).values_list("app_id", flat=True)
    )
    entries = []
    for app in App.objects.order_by("id"):
        manifest = app_registry.get_manifest(app)
        entries.append(
            {
                "id": app.id,
                "name": manifest.name if manifest else app.fallback_name,
                "displayName": app_registry.display_name(app),
                "installed": app.id in bots,
                "botId": bots.get(app.id),
                "authorized": app.id in authorized,
                "installUrl": manifest
                and (manifest.listing_url or consent_path(app, manifest, person.workspace_id)),
                "reinstallUrl": manifest and _reinstall_url(app, manifest, person.workspace_id),
            }
        )
    return entries


def commands(request: ActRequest) -> list[dict[str, Any]]:
    """List the slash commands of installed apps, for completion."""
    return [
        {
            "command": command.get("command", ""),
            "description": command.get("description") or "",
            "usageHint": command.get("usageHint") or "",
            "app": manifest.display_name,
        }
        for _app_id, manifest in _installed_manifests(request)
        for command in manifest.commands
    ]


def shortcuts(request: ActRequest) -> list[dict[str, Any]]:
    """List the shortcuts of installed apps; `type` is GLOBAL or ON_MESSAGE."""
    return [
        {
            "appId": app_id,
            "type": shortcut.get("shortcutType", ""),
            "name": shortcut.get("name", ""),
            "displayName": shortcut.get("displayName") or shortcut.get("name", ""),
            "description": shortcut.get("description") or "",
            "app": manifest.display_name,
        }
        for app_id, manifest in _installed_manifests(request)
        for shortcut in manifest.shortcuts
    ]


def _installed_manifests(request: ActRequest) -> Iterator[tuple[str, Manifest]]:
    """Yield the id and the manifest of each app that is installed in the person's workspace."""
    rows = Installation.objects.filter(workspace_id=request.person().workspace_id, active=True)
    for installation in rows.select_related("app").order_by("app_id"):
        manifest = app_registry.get_manifest(installation.app)
        if manifest is not None:
            yield installation.app_id, manifest


def install(request: ActRequest) -> dict[str, Any]:
    return _grant(request)


def authorize(request: ActRequest) -> dict[str, Any]:
    person, app = request.person(), request.app()
    if not Installation.objects.filter(app=app, workspace_id=person.workspace_id, active=True).exists():
        raise ActError("the app is not installed in this workspace", 409)
    return _grant(request)


def reinstall(request: ActRequest) -> dict[str, Any]:
    return _grant(request, reinstall=True)


def unauthorize(request: ActRequest) -> dict[str, Any]:
    authorization = Authorization.objects.filter(
        app=request.app(), person=request.person(), active=True
    ).first()
    if authorization is None:
        raise ActError("this person has not authorized the app", 409)
    installations.unauthorize(authorization)
    return {}


def uninstall(request: ActRequest) -> dict[str, Any]:
    person = request.person()
    installation = Installation.objects.filter(
        app=request.app(), workspace_id=person.workspace_id, active=True
    ).first()
    if installation is None:
        raise ActError("the app is not installed in this workspace", 409)
    if not person.may_install:
        raise ActError("only an owner or an administrator can uninstall an app", 403)
    installations.uninstall(installation)
    return {}


def _grant(request: ActRequest, *, reinstall: bool = False) -> dict[str, Any]:
    """Allow the app as on the consent screen, with all scopes of the manifest unless `scopes` is given.

    An installed app whose manifest was never fetched keeps its scopes and gets a redirect URL at the manifest's origin.
    So the seed's tokens can be used before the app runs.
    """
    person, app = request.person(), request.app()
    manifest = app_registry.get_manifest(app)
    declared = manifest.all_scopes if manifest else []
    scopes = request.value("scopes")
    if scopes is None:
        scopes = declared
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise ActError("scopes must be a list of strings")
    undeclared = sorted(set(scopes) - set(declared))
    if undeclared:
        raise ActError(f"the manifest does not declare {', '.join(undeclared)}")
    redirect_urls = manifest.redirect_urls if manifest else [urljoin(app.manifest_url, "/")]
    if not redirect_urls:
        raise ActError("the manifest has no redirectUrls", 422)
    state = request.text("state", "") if request.value("state") is not None else None
    code = installations.grant(app, manifest, person, scopes, reinstall=reinstall)
    return {"redirectUrl": redirect_url_with(redirect_urls[0], state, code=code)}


def _reinstall_url(app: App, manifest: Manifest, workspace_id: str) -> str | None:
    """Return the consent screen that renews the bot, or None.

    An app with a listing must start its own consent, because it would not recognize this one.
    """
    path = None if manifest.listing_url else consent_path(app, manifest, workspace_id)
    return path and f"{path}&isReinstall=true"

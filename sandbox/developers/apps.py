"""A developer's own apps. Source: Pumble app platform reference, 1.4.

Nothing is published here, so each app can be changed and deleted directly.
"""

from typing import Any

from sandbox import app_registry, installations
from sandbox.consent import InvalidConsentRequest, consent_path, parse_request
from sandbox.developers.endpoint import DeveloperCall
from sandbox.exceptions import ActError, Forbidden, NotFound, ValidationError
from sandbox.manifest import InvalidManifest, Manifest, parse_manifest
from sandbox.models import App, Authorization


def create(call: DeveloperCall) -> dict[str, Any]:
    return _serialize_with_secrets(call, app_registry.register(_manifest_from_body(call), owner=call.person))


def list_apps(call: DeveloperCall) -> list[dict[str, Any]]:
    return [_serialize(call, app) for app in App.objects.filter(owner=call.person).order_by("id")]


def get_app(call: DeveloperCall, app_id: str) -> dict[str, Any]:
    return _serialize_with_secrets(call, _get_own_app(call, app_id))


def update(call: DeveloperCall, app_id: str) -> dict[str, Any]:
    """Replace the manifest. The credentials stay."""
    app = _get_own_app(call, app_id)
    app_registry.store_manifest(app, _manifest_from_body(call))
    return _serialize_with_secrets(call, app)


def delete(call: DeveloperCall, app_id: str) -> None:
    _get_own_app(call, app_id).delete()


def rotate(call: DeveloperCall, app_id: str) -> dict[str, str]:
    app = _get_own_app(call, app_id)
    app_registry.rotate_credentials(app)
    return _secrets(app)


def authorizations(call: DeveloperCall) -> list[dict[str, Any]]:
    rows = Authorization.objects.filter(person=call.person, active=True).order_by("id")
    return [{"app": {"id": row.app_id}} for row in rows]


def grant(call: DeveloperCall) -> dict[str, str]:
    """Consent without the screen, for the developer's own app or any other."""
    try:
        consent = parse_request(call.request.GET.dict())
        code = installations.grant(
            consent.app, consent.manifest, call.person, consent.scopes, reinstall=consent.reinstall
        )
    except InvalidConsentRequest as error:
        raise ValidationError(error.message) from None
    except ActError as error:
        raise Forbidden(error.message) from None
    return {"code": code, "redirectUrl": consent.redirect(code=code)}


def _get_own_app(call: DeveloperCall, app_id: str) -> App:
    app = App.objects.filter(pk=app_id, owner=call.person).first()
    if app is None:
        raise NotFound
    return app


def _manifest_from_body(call: DeveloperCall) -> Manifest:
    """Return the manifest in the body. Fields that only a stored app has are refused."""
    raw = call.body()
    for name in ("blockInteraction", "viewAction"):
        if isinstance(raw.get(name), dict) and not raw[name].get("url"):
            raise ValidationError(f"[{name}.url must not be null]")
    if raw.get("avatar") is not None:
        raise ValidationError("[avatar is read-only]")
    if str(raw.get("listingUrl") or "").startswith("/"):
        raise ValidationError("[listingUrl must be a URL]")
    try:
        return parse_manifest(raw, "")
    except InvalidManifest as exc:
        raise ValidationError(f"[{exc}]") from None


def _serialize(call: DeveloperCall, app: App) -> dict[str, Any]:
    """Serialize a stored app. URLs that are not set are null; without a listing URL, that of the consent screen is used."""
    manifest = Manifest(app.manifest or {})
    return {
        **manifest.raw,
        "id": app.id,
        "published": False,
        "blockInteraction": {"url": manifest.interaction_url or None},
        "viewAction": {"url": manifest.view_url or None},
        "listingUrl": manifest.listing_url or consent_path(app, manifest, call.person.workspace_id),
        "avatar": {"fullPath": "", "scaledPath": ""},
    }


def _secrets(app: App) -> dict[str, str]:
    return {"appKey": app.app_key, "clientSecret": app.client_secret, "signingSecret": app.signing_secret}


def _serialize_with_secrets(call: DeveloperCall, app: App) -> dict[str, Any]:
    return _serialize(call, app) | _secrets(app)

"""One's own apps: create, change, list, delete, rotate their secrets, grant them. Source: Pumble app platform reference, 1.4.

Nothing is ever published here, so every app can be changed and deleted directly.
"""

from typing import Any

from sandbox import app_registry, installations, manifest
from sandbox.consent import BadRequest, parse, path_to
from sandbox.developers.endpoint import Session
from sandbox.exceptions import ActRefused, Forbidden, Invalid, NotFound
from sandbox.manifest import BadManifest, Manifest
from sandbox.models import App, Authorization


def create(session: Session) -> dict[str, Any]:
    return _whole(session, app_registry.register(_read(session), owner=session.person))


def mine(session: Session) -> list[dict[str, Any]]:
    return [_shown(session, app) for app in App.objects.filter(owner=session.person).order_by("id")]


def details(session: Session, app_id: str) -> dict[str, Any]:
    return _whole(session, _mine(session, app_id))


def update(session: Session, app_id: str) -> dict[str, Any]:
    """A full replacement of the manifest; the secrets stay."""
    app = _mine(session, app_id)
    app_registry.store(app, _read(session))
    return _whole(session, app)


def delete(session: Session, app_id: str) -> None:
    _mine(session, app_id).delete()


def rotate(session: Session, app_id: str) -> dict[str, str]:
    app = _mine(session, app_id)
    app_registry.rotate(app)
    return _secrets(app)


def authorizations(session: Session) -> list[dict[str, Any]]:
    rows = Authorization.objects.filter(person=session.person, active=True).order_by("id")
    return [{"app": {"id": row.app_id}} for row in rows]


def grant(session: Session) -> dict[str, str]:
    """Consent without the screen; the developer's own app, or any other, is installed or authorised by it."""
    try:
        asked = parse(session.request.GET.dict())
        code = installations.allow(
            asked.app, asked.read, session.person, asked.scopes, reinstall=asked.reinstall
        )
    except BadRequest as refusal:
        raise Invalid(refusal.message) from None
    except ActRefused as refusal:
        raise Forbidden(refusal.message) from None
    return {"code": code, "redirectUrl": asked.redirect(code=code)}


def _mine(session: Session, app_id: str) -> App:
    app = App.objects.filter(pk=app_id, owner=session.person).first()
    if app is None:
        raise NotFound
    return app


def _read(session: Session) -> Manifest:
    """The manifest in the body. What a stored app shows beyond its manifest is refused when it is sent back."""
    raw = session.body()
    for name in ("blockInteraction", "viewAction"):
        if isinstance(raw.get(name), dict) and not raw[name].get("url"):
            raise Invalid(f"[{name}.url must not be null]")
    if raw.get("avatar") is not None:
        raise Invalid("[avatar is read-only]")
    if str(raw.get("listingUrl") or "").startswith("/"):
        raise Invalid("[listingUrl must be a URL]")
    try:
        return manifest.check(raw, "")
    except BadManifest as exc:
        raise Invalid(f"[{exc}]") from None


def _shown(session: Session, app: App) -> dict[str, Any]:
    """The app as it is stored: addresses that are not set are null, and a listing of its own is made up."""
    read = Manifest(app.manifest or {})
    return {
        **read.raw,
        "id": app.id,
        "published": False,
        "blockInteraction": {"url": read.interaction_url or None},
        "viewAction": {"url": read.view_url or None},
        "listingUrl": read.listing_url or path_to(app, read, session.person.workspace_id),
        "avatar": {"fullPath": "", "scaledPath": ""},
    }


def _secrets(app: App) -> dict[str, str]:
    return {"appKey": app.app_key, "clientSecret": app.client_secret, "signingSecret": app.signing_secret}


def _whole(session: Session, app: App) -> dict[str, Any]:
    return _shown(session, app) | _secrets(app)

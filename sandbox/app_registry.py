"""Registered apps and their manifests. Each process fetches a manifest once, when it first needs it."""

import secrets
import threading
import time
from pathlib import Path

from django.conf import settings

from sandbox import http_client, ids, strict_json
from sandbox.manifest import InvalidManifest, Manifest, parse_manifest
from sandbox.models import App, Person

API_APP = strict_json.load_object((Path(__file__).parent / "app.json").read_bytes())
API_APP_ID = str(API_APP["id"])
FETCH_TIMEOUT = 2.0
_fetched: set[str] = set()
_lock = threading.Lock()


def get_manifest(app: App, deadline: float | None = None) -> Manifest | None:
    """Return the app's manifest, or None if it was never fetched.

    If the app cannot be reached now, use the manifest that an earlier process stored. A failure is not remembered:
    the next call fetches again.

    Args:
        deadline: `time.monotonic()` value; the fetch also has a timeout of its own.
    """
    if app.manifest_url and app.id not in _fetched:
        latest = time.monotonic() + FETCH_TIMEOUT
        try:
            store_manifest(app, fetch_manifest(app.manifest_url, min(latest, deadline or latest)))
        except (http_client.Unreachable, InvalidManifest):
            pass
        else:
            with _lock:
                _fetched.add(app.id)
    return Manifest(app.manifest) if app.manifest else None


def fetch_manifest(url: str, deadline: float) -> Manifest:
    """Fetch and check the manifest at `url`.

    Raises:
        http_client.Unreachable: there is no complete answer before the deadline.
        InvalidManifest: the answer is not a valid manifest.
    """
    reply = http_client.request("GET", url, deadline=deadline, headers={"Accept": "application/json"})
    if reply.status != 200:
        raise InvalidManifest(f"the manifest URL answered with status {reply.status}")
    try:
        return parse_manifest(strict_json.loads(reply.body), url)
    except strict_json.InvalidJson:
        raise InvalidManifest("the manifest is not JSON") from None


def store_manifest(app: App, manifest: Manifest) -> None:
    """Store the manifest. As in Pumble, the bot users take the app's display name."""
    if app.manifest != manifest.raw:
        app.manifest = manifest.raw
        App.objects.filter(pk=app.pk).update(manifest=manifest.raw)
    Person.objects.filter(app=app).exclude(name=manifest.display_name).update(name=manifest.display_name)


def register(manifest: Manifest, manifest_url: str = "", owner: Person | None = None) -> App:
    """Create an app with new credentials. For a known manifest URL, update that app instead."""
    app = App.objects.filter(manifest_url=manifest_url).first() if manifest_url else None
    if app is None:
        app = App.objects.create(
            id=ids.new_id(),
            owner=owner,
            manifest_url=manifest_url,
            fallback_name=manifest.display_name[:80],
            **_credentials(),
        )
    store_manifest(app, manifest)
    with _lock:
        _fetched.add(app.id)
    return app


def rotate_credentials(app: App) -> None:
    """Replace the credentials. Tokens of people and bots stay valid."""
    for name, value in _credentials().items():
        setattr(app, name, value)
    app.save(update_fields=["app_key", "client_secret", "signing_secret"])


def display_name(app: App) -> str:
    return Manifest(app.manifest).display_name if app.manifest else app.fallback_name


def api_app_manifest_url() -> str:
    return f"{settings.PUBLIC_URL}/manifest"


def _credentials() -> dict[str, str]:
    return {
        "app_key": f"xpak-{secrets.token_hex(16)}",
        "client_secret": f"xpcls-{secrets.token_hex(16)}",
        "signing_secret": f"xpss-{secrets.token_hex(16)}",
    }

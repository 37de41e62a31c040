"""The consent screen, on which a person allows or denies an app. Source: Pumble app platform reference, 2.1 and 2.2."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from sandbox import app_registry, installations
from sandbox.exceptions import ActError
from sandbox.manifest import SCOPES, Manifest
from sandbox.middleware import CSP
from sandbox.models import HUMAN, App, Installation, Person

PARAMETERS = ("redirectUrl", "clientId", "state", "defaultWorkspaceId", "isReinstall", "scopes")


class InvalidConsentRequest(Exception):
    """The consent URL is wrong. The message is shown to the person who opened it."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """What an app asks for in the consent URL, checked against its manifest."""

    app: App
    manifest: Manifest
    redirect_url: str
    scopes: list[str]
    state: str | None
    default_workspace_id: str
    reinstall: bool
    params: dict[str, str]

    @property
    def user_scopes(self) -> list[str]:
        return [scope for scope in self.scopes if not scope.startswith("bot:")]

    @property
    def bot_scopes(self) -> list[str]:
        return [scope.removeprefix("bot:") for scope in self.scopes if scope.startswith("bot:")]

    def redirect(self, **answer: str) -> str:
        return redirect_url_with(self.redirect_url, self.state, **answer)


def consent_path(app: App, manifest: Manifest, workspace_id: str) -> str | None:
    """Return the URL path of the consent screen with all scopes, or None without a redirect URL.

    For apps without a listing. Source: Pumble app platform reference, 1.3.
    """
    if not manifest.redirect_urls:
        return None
    query = {
        "redirectUrl": manifest.redirect_urls[0],
        "clientId": app.id,
        "scopes": ",".join(manifest.all_scopes),
        "defaultWorkspaceId": workspace_id,
    }
    return f"/access-request?{urlencode(query)}"


def redirect_url_with(redirect_url: str, state: str | None, **answer: str) -> str:
    """Return the redirect URL with the answer and the unchanged state in its query."""
    parts = urlsplit(redirect_url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *answer.items()]
    if state is not None:
        query.append(("state", state))
    return parts._replace(query=urlencode(query)).geturl()


def parse_request(query: Mapping[str, Any]) -> ConsentRequest:
    """Return the request in the query of a consent URL (reference, 2.1).

    Raises:
        InvalidConsentRequest: the app is unknown, or the redirect URL or a scope is not in its manifest.
    """
    params = {name: str(query[name]) for name in PARAMETERS if name in query}
    app = App.objects.filter(pk=params.get("clientId", "")).first()
    if app is None:
        raise InvalidConsentRequest("No app is registered with this clientId.")
    manifest = app_registry.get_manifest(app)
    if manifest is None:
        raise InvalidConsentRequest(
            f"{app_registry.display_name(app)} cannot be reached, so its manifest is unknown. "
            f"Start the app (its manifest URL is {app.manifest_url}) and reload this page.",
            503,
        )
    scopes = [scope for scope in params.get("scopes", "").split(",") if scope]
    undeclared = [scope for scope in scopes if scope not in manifest.all_scopes]
    if undeclared:
        raise InvalidConsentRequest(
            f"The app asks for scopes that its manifest does not declare: {', '.join(undeclared)[:200]}."
        )
    return ConsentRequest(
        app=app,
        manifest=manifest,
        redirect_url=resolve_redirect_url(params.get("redirectUrl", ""), manifest.redirect_urls),
        scopes=list(dict.fromkeys(scopes)),
        state=params.get("state"),
        default_workspace_id=params.get("defaultWorkspaceId", ""),
        reinstall=params.get("isReinstall") == "true",
        params=params,
    )


def resolve_redirect_url(workspace_id: str, registered: list[str]) -> str:
    """Return the absolute redirect URL if it matches a registered one.

    It matches with the same origin and the same path or a path below. A relative URL is resolved against the registered one.

    Raises:
        InvalidConsentRequest: it is missing or matches none.
    """
    if not workspace_id:
        raise InvalidConsentRequest("The redirectUrl is missing.")
    for item in registered:
        absolute = (
            urljoin(item, workspace_id)
            if workspace_id.startswith("/") and not workspace_id.startswith("//")
            else workspace_id
        )
        try:
            base, target = urlsplit(item), urlsplit(absolute)
        except ValueError:
            continue
        is_below = target.path == base.path or target.path.startswith(base.path.rstrip("/") + "/")
        is_plain = absolute.isprintable() and "\\" not in absolute and "%2e" not in target.path.lower()
        is_clean = is_plain and ".." not in target.path.split("/") and not target.fragment
        same_origin = (target.scheme, target.netloc) == (base.scheme, base.netloc)
        if same_origin and is_below and is_clean:
            return absolute
    raise InvalidConsentRequest("The redirectUrl is not in the app's manifest.")


@csrf_protect
@require_http_methods(["GET", "POST"])
def access_request(request: HttpRequest) -> HttpResponse:
    try:
        consent = parse_request((request.POST if request.method == "POST" else request.GET).dict())
    except InvalidConsentRequest as error:
        return render(request, "sandbox/error.html", {"error": error.message}, status=error.status)
    if request.method == "GET":
        return _page(request, consent, _preselected(request, consent), None)
    person_id = request.POST.get("userId", "")
    if request.POST.get("decision") != "allow":
        # No source documents a denial. This is what OAuth 2 says (reference, 9, row 6).
        return HttpResponseRedirect(consent.redirect(error="access_denied"))
    person = _people().filter(pk=person_id).first()
    if person is None:
        return _page(request, consent, "", "Choose a person first.", status=400)
    try:
        code = installations.grant(
            consent.app, consent.manifest, person, consent.scopes, reinstall=consent.reinstall
        )
    except ActError as error:
        return _page(request, consent, person_id, error.message, status=403)
    return HttpResponseRedirect(consent.redirect(code=code))


def _people() -> Any:
    active = Person.objects.filter(HUMAN, status=Person.Status.ACTIVATED)
    return active.select_related("workspace").order_by("workspace_id", "id")


def _preselected(request: HttpRequest, consent: ConsentRequest) -> str:
    """Return the id of the person to preselect: the chat page's person, or the first of the requested workspace."""
    people = list(_people())
    last_person = next((item for item in people if item.id == request.COOKIES.get("sandbox_person")), None)
    workspace_id = consent.default_workspace_id
    if last_person and workspace_id in {"", last_person.workspace_id}:
        return str(last_person.id)
    return next((str(item.id) for item in people if item.workspace_id == workspace_id), "")


def _page(
    request: HttpRequest, consent: ConsentRequest, person_id: str, error: str | None, status: int = 200
) -> HttpResponse:  # fmt: skip
    installed = set(
        Installation.objects.filter(app=consent.app, active=True).values_list("workspace_id", flat=True)
    )
    people = [
        {
            "id": item.id,
            "name": item.name,
            "email": item.email,
            "role": item.role,
            "workspace": {"id": item.workspace_id, "name": item.workspace.name},
            "installed": item.workspace_id in installed,
            "may_install": item.may_install,
        }
        for item in _people()
    ]
    context = {
        "app": {
            "name": consent.manifest.name,
            "displayName": app_registry.display_name(consent.app),
            "id": consent.app.id,
        },
        "people": people,
        "person_id": person_id,
        "bot_scopes": [{"name": scope, "words": SCOPES[scope]} for scope in consent.bot_scopes],
        "user_scopes": [{"name": scope, "words": SCOPES[scope]} for scope in consent.user_scopes],
        "error": error,
        "params": consent.params,
        "reinstall": consent.reinstall,
    }
    response = render(request, "sandbox/consent.html", context, status=status)
    # Chromium applies form-action also to the redirect after the form, so allow its target.
    target = urlsplit(consent.redirect_url)
    origin = f"{target.scheme}://{target.netloc}"
    response["Content-Security-Policy"] = CSP.replace("form-action 'self'", f"form-action 'self' {origin}")
    return response

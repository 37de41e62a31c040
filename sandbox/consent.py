"""What an app asks for in a consent address, checked against its manifest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from sandbox import app_registry, installations
from sandbox.exceptions import ActRefused
from sandbox.manifest import SCOPES, Manifest
from sandbox.middleware import CSP
from sandbox.models import HUMAN, App, Installation, Person

PARAMETERS = ("redirectUrl", "clientId", "state", "defaultWorkspaceId", "isReinstall", "scopes")


class BadRequest(Exception):
    """A consent address that is wrong; the text is for the person who followed it."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    app: App
    read: Manifest
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
        return redirect_with(self.redirect_url, self.state, **answer)


def path_to(app: App, read: Manifest, workspace_id: str) -> str | None:
    """The consent screen with all scopes, for apps without a listing. Source: Pumble app platform reference, 1.3."""
    if not read.redirect_urls:
        return None
    query = {
        "redirectUrl": read.redirect_urls[0],
        "clientId": app.id,
        "scopes": ",".join(read.all_scopes),
        "defaultWorkspaceId": workspace_id,
    }
    return f"/access-request?{urlencode(query)}"


def redirect_with(redirect_url: str, state: str | None, **answer: str) -> str:
    """The redirect address with the answer and the unchanged state in its query."""
    parts = urlsplit(redirect_url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *answer.items()]
    if state is not None:
        query.append(("state", state))
    return parts._replace(query=urlencode(query)).geturl()


def parse(given: Mapping[str, Any]) -> ConsentRequest:
    """The request behind the parameters of 2.1.

    Raises:
        BadRequest: unknown app, foreign redirect, or a scope that the app never declared.
    """
    params = {name: str(given[name]) for name in PARAMETERS if name in given}
    app = App.objects.filter(pk=params.get("clientId", "")).first()
    if app is None:
        raise BadRequest("No app is registered under this clientId.")
    read = app_registry.manifest_of(app)
    if read is None:
        raise BadRequest(
            f"{app_registry.display_name(app)} cannot be reached, so nobody knows what it asks for. "
            f"Start it (its manifest is expected at {app.manifest_url}) and reload this page.",
            503,
        )
    scopes = [scope for scope in params.get("scopes", "").split(",") if scope]
    foreign = [scope for scope in scopes if scope not in read.all_scopes]
    if foreign:
        raise BadRequest(
            f"The app asks for scopes that its manifest does not declare: {', '.join(foreign)[:200]}."
        )
    return ConsentRequest(
        app=app,
        read=read,
        redirect_url=admitted(params.get("redirectUrl", ""), read.redirect_urls),
        scopes=list(dict.fromkeys(scopes)),
        state=params.get("state"),
        default_workspace_id=params.get("defaultWorkspaceId", ""),
        reinstall=params.get("isReinstall") == "true",
        params=params,
    )


def admitted(wanted: str, registered: list[str]) -> str:
    """`wanted` as an absolute address, if a registered one admits it: same origin, and the same path or one below.

    A relative address is resolved against the registered one.

    Raises:
        BadRequest: none admits it.
    """
    if not wanted:
        raise BadRequest("The redirectUrl is missing.")
    for one in registered:
        absolute = urljoin(one, wanted) if wanted.startswith("/") and not wanted.startswith("//") else wanted
        try:
            base, target = urlsplit(one), urlsplit(absolute)
        except ValueError:
            continue
        below = target.path == base.path or target.path.startswith(base.path.rstrip("/") + "/")
        plain = absolute.isprintable() and "\\" not in absolute and "%2e" not in target.path.lower()
        clean = plain and ".." not in target.path.split("/") and not target.fragment
        same_origin = (target.scheme, target.netloc) == (base.scheme, base.netloc)
        if same_origin and below and clean:
            return absolute
    raise BadRequest("The redirectUrl is not one that the app has registered.")


@csrf_protect
@require_http_methods(["GET", "POST"])
def access_request(request: HttpRequest) -> HttpResponse:
    try:
        asked = parse((request.POST if request.method == "POST" else request.GET).dict())
    except BadRequest as refusal:
        return render(request, "sandbox/error.html", {"error": refusal.message}, status=refusal.status)
    if request.method == "GET":
        return _page(request, asked, _preselected(request, asked), None)
    person_id = request.POST.get("userId", "")
    if request.POST.get("decision") != "allow":
        # Nothing documents a denial; this is what OAuth 2 says (reference, 9, row 6).
        return _go(asked.redirect(error="access_denied"))
    person = _people().filter(pk=person_id).first()
    if person is None:
        return _page(request, asked, "", "Choose who you are first.", status=400)
    try:
        code = installations.allow(asked.app, asked.read, person, asked.scopes, reinstall=asked.reinstall)
    except ActRefused as refusal:
        return _page(request, asked, person_id, refusal.message, status=403)
    return _go(asked.redirect(code=code))


def _people() -> Any:
    active = Person.objects.filter(HUMAN, status=Person.Status.ACTIVATED)
    return active.select_related("workspace").order_by("workspace_id", "id")


def _preselected(request: HttpRequest, asked: ConsentRequest) -> str:
    """Who the visitor is on the chat page, unless the app wants another workspace; then its first installer."""
    people = list(_people())
    remembered = next((one for one in people if one.id == request.COOKIES.get("sandbox_person")), None)
    wanted = asked.default_workspace_id
    if remembered and wanted in {"", remembered.workspace_id}:
        return str(remembered.id)
    return next((str(one.id) for one in people if one.workspace_id == wanted), "")


def _page(
    request: HttpRequest, asked: ConsentRequest, person_id: str, error: str | None, status: int = 200
) -> HttpResponse:  # fmt: skip
    installed = set(
        Installation.objects.filter(app=asked.app, active=True).values_list("workspace_id", flat=True)
    )
    people = [
        {
            "id": one.id,
            "name": one.name,
            "email": one.email,
            "role": one.role,
            "workspace": {"id": one.workspace_id, "name": one.workspace.name},
            "installed": one.workspace_id in installed,
            "may_install": one.may_install,
        }
        for one in _people()
    ]
    context = {
        "app": {
            "name": asked.read.name,
            "displayName": app_registry.display_name(asked.app),
            "id": asked.app.id,
        },
        "people": people,
        "person_id": person_id,
        "bot_scopes": [{"name": scope, "words": SCOPES[scope]} for scope in asked.bot_scopes],
        "user_scopes": [{"name": scope, "words": SCOPES[scope]} for scope in asked.user_scopes],
        "error": error,
        "params": asked.params,
        "reinstall": asked.reinstall,
    }
    response = render(request, "sandbox/consent.html", context, status=status)
    # Chromium applies form-action to the redirect that answers the form, so its target is admitted as well.
    target = urlsplit(asked.redirect_url)
    origin = f"{target.scheme}://{target.netloc}"
    response["Content-Security-Policy"] = CSP.replace("form-action 'self'", f"form-action 'self' {origin}")
    return response


def _go(url: str) -> HttpResponse:
    return HttpResponseRedirect(url)

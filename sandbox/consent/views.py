"""The page on which a person allows an app, or denies it."""

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from sandbox import lifecycle, registry
from sandbox.consent.request import BadRequest, ConsentRequest, parse
from sandbox.errors import ActRefused
from sandbox.manifest import SCOPES
from sandbox.middleware import CSP
from sandbox.models import HUMAN, Installation, Person


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
        code = lifecycle.allow(asked.app, asked.read, person, asked.scopes, reinstall=asked.reinstall)
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
        "app": {"name": asked.read.name, "displayName": registry.display_name(asked.app), "id": asked.app.id},
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

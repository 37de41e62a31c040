"""What a key, a request ID or the link of a message is about, in the workspaces that the viewer may see."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from keys import key_format
from portal.admin.site import site
from portal.admin.view_audit import record_view
from portal.admin.viewer import get_actor, get_viewer
from portal.presentation.lookup import LookupForm, build_context
from pumble_bridge.explanations import Answer, explain


@sensitive_post_parameters("text")
def lookup(request: HttpRequest, looked_up: str = "") -> HttpResponse:
    """GET: the form, or the explanation of the id in the URL. POST: the explanation of the text in the form."""
    if key_format.contains_key_pattern(looked_up):
        return redirect("admin:lookup")
    if request.method != "POST":
        return _answer(request, looked_up) if looked_up else _page(request, Answer())
    form = LookupForm(request.POST)
    if not form.is_valid():
        problem = " ".join(map(str, form.errors["text"]))
        return _page(request, Answer(problem=problem), 400)
    return _answer(request, form.cleaned_data["text"])


def _answer(request: HttpRequest, text: str) -> HttpResponse:
    answer = explain(text, viewer=get_viewer(request), by=get_actor(request), now=timezone.now())
    record_view(request, (item.key.owner.workspace for item in answer.explanations), "lookup")
    return _page(request, answer, 404 if answer.problem else 200)


def _page(request: HttpRequest, answer: Answer, status: int = 200) -> HttpResponse:
    context = build_context(answer, lambda key: reverse("admin:keys_apikey_change", args=[key.pk]))
    shared = site.each_context(request) | {"title": _("Look up")}
    return render(request, "admin/lookup.html", shared | context, status=status)

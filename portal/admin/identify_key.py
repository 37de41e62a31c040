"""The page on which people paste a key to find its holder. The text is not stored and not shown again."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from keys import key_format
from portal.admin.site import site
from portal.admin.view_audit import find_pasted_key
from portal.admin.viewer import get_actor, get_viewer
from portal.presentation.forms import BaseForm

_MAX_TEXT_LENGTH = 100_000


class IdentifyKeyForm(BaseForm):
    text = forms.CharField(
        label=gettext_lazy("A complete key, or a text that contains one"),
        max_length=_MAX_TEXT_LENGTH,
        help_text=gettext_lazy("The text is not stored and not shown again."),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )


@sensitive_post_parameters("text")
def identify_key(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request, IdentifyKeyForm())
    form = IdentifyKeyForm(request.POST)
    if not form.is_valid():
        return _page(request, IdentifyKeyForm(), error=" ".join(map(str, form.errors["text"])), status=400)
    text = form.cleaned_data["text"]
    key = find_pasted_key(text, get_viewer(request), by=get_actor(request))
    if key is not None:
        return redirect("admin:keys_apikey_change", key.pk)
    return _page(request, IdentifyKeyForm(), error=_explain_no_match(text), status=404)


def _explain_no_match(text: str) -> str:
    if key_format.find_in(text):
        return _("The text contains a complete key, but the portal knows no such key, or you may not see it.")
    if key_format.contains_key_pattern(text):
        return _("The text contains an incomplete or mistyped key.")
    return _(
        "The text contains no key. A key has the form pmb_ID_SECRET. To find a key by its ID or name, search the list of keys."
    )


def _page(request: HttpRequest, form: IdentifyKeyForm, *, error: str = "", status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"title": _("Whose key is this?"), "form": form, "error": error}
    return render(request, "admin/identify_key.html", site.each_context(request) | context, status=status)

"""What a key, a request ID or the link of a message is about. The answer of the API to a refused call links here."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from keys import key_format
from keys.models import ApiKey, Member
from portal.dashboard.base import MemberView
from portal.presentation import lookup
from portal.presentation.lookup import LookupForm
from portal.presentation.pasted_keys import PastedKey
from pumble_bridge.explanations import Answer, explain


class Lookup(MemberView):
    """GET: the form, or the explanation of the id in the URL. POST: the explanation of the text in the form."""

    @method_decorator(sensitive_post_parameters("text"))
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if isinstance(request.user, Member) and request.user.is_superuser:
            return HttpResponseRedirect(reverse("admin:lookup", kwargs=kwargs))
        return super().dispatch(request, *args, **kwargs)

    def extract_pasted_keys(self, data: QueryDict) -> tuple[QueryDict, dict[str, PastedKey]]:
        """Leave keys in the form: they are looked up, not revoked."""
        return data, {}

    def get(self, request: HttpRequest, looked_up: str = "") -> HttpResponse:
        if key_format.contains_key_pattern(looked_up):
            return redirect("lookup")
        return self._answer(looked_up) if looked_up else self.render("lookup.html", {"form": LookupForm()})

    def post(self, request: HttpRequest, looked_up: str = "") -> HttpResponse:
        form = LookupForm(self.form_data)
        if not form.is_valid():
            problem = " ".join(map(str, form.errors["text"]))
            context = lookup.build_context(Answer(problem=problem), self._key_url)
            return self.render("lookup.html", context, status=400)
        return self._answer(form.cleaned_data["text"])

    def _answer(self, text: str) -> HttpResponse:
        answer = explain(text, viewer=self.member, by=self.actor, now=self.now)
        context = lookup.build_context(answer, self._key_url)
        return self.render("lookup.html", context, status=404 if answer.problem else 200)

    def _key_url(self, key: ApiKey) -> str:
        if key.is_workspace_key or key.owner_id == self.member.pk:
            return reverse("key", args=[key.key_id])
        return reverse("admin:keys_apikey_change", args=[key.pk])

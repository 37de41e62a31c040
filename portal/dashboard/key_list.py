"""The start page: what this is for strangers, one's own keys for members."""

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import F, OrderBy
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from keys import key_format, selectors
from keys.models import ApiKey
from portal.accounts.kept_forms import FormPage
from portal.dashboard import form_nonce
from portal.dashboard.base import MemberView
from portal.presentation import key_search, usage_charts
from portal.presentation.forms import NameField, PageForm
from portal.templatetags.presentation import SOON

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

KEYS_PER_PAGE = 50
SORTS: "list[tuple[str, StrPromise]]" = [
    ("expiry", _("Expiring soonest")),
    ("used", _("Most recently used")),
    ("created", _("Newest")),
    ("name", _("Name")),
]
_ORDER: "dict[str, tuple[str | OrderBy | Lower, ...]]" = {
    "expiry": (F("expires_at").asc(nulls_last=True), "-created_at"),
    "used": (F("last_use__at").desc(nulls_last=True), "-created_at"),
    "created": ("-created_at", "-pk"),
    "name": (Lower("name"), "-created_at"),
}


class Choice(PageForm):
    """Which keys to show, in which order. What makes no sense counts as not chosen."""

    q = NameField(label=_("Search by name, id or last characters"), required=False, max_length=64)
    state = forms.ChoiceField(label=_("State"), choices=key_search.STATES, required=False)
    sort = forms.ChoiceField(label=_("Sort by"), choices=SORTS, required=False)


class KeyList(MemberView):
    form_page = FormPage(query=("q", "state", "sort"))

    def turn_away(self) -> HttpResponse:
        if self.request.method in {"GET", "HEAD"}:
            return render(self.request, "dashboard/welcome.html", {"public_url": settings.PUBLIC_URL})
        return super().turn_away()

    def get(self, request: HttpRequest) -> HttpResponse:
        own = (
            selectors.list_keys(self.member)
            .filter(owner=self.member)
            .select_related("owner__workspace", "last_use", "revoked_by")
        )
        chosen = self._chosen()
        text, state = chosen["q"], chosen["state"] or "live"
        sort = chosen["sort"] or self._usual_sort()
        # A key in an address is in the history and in other people's logs already, and must not be repeated here.
        holds_key = key_format.looks_like_key(text)
        found = key_search.in_state(own, state, self.now).order_by(*_ORDER[sort])
        if text and not holds_key:
            found = found.filter(key_search.matching(text))
        page = Paginator(found, KEYS_PER_PAGE).get_page(request.GET.get("page"))
        keys = list(page.object_list)
        sparks = usage_charts.sparks(keys, self.now)
        shown = {"q": "" if holds_key else text, "state": state, "sort": sort}
        context = {
            "rows": [{"key": key, "spark": sparks[key.pk], "over": self.is_over(key)} for key in keys],
            "page": page,
            "form": Choice(shown),
            "query": urlencode(shown),
            "nonce": form_nonce.new_nonce(self.member),
            "holds_key": holds_key,
            "has_keys": bool(keys) or own.exists(),
        }
        return self.page("key_list.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        """A search is sent here, so that a key that was pasted into it never becomes part of an address."""
        if self.pasted:
            return redirect(f"/?done={self.pasted.popitem()[1].notice}")
        asked = {name: self.sent.get(name, "") for name in Choice.base_fields if self.sent.get(name)}
        return redirect(f"/?{urlencode(asked)}" if asked else "/")

    def _chosen(self) -> dict[str, str]:
        form = Choice(self.request.GET)
        form.is_valid()
        return {name: form.cleaned_data.get(name) or "" for name in Choice.base_fields}

    def _usual_sort(self) -> str:
        ending = ApiKey.objects.filter(owner=self.member, expires_at__lte=self.now + SOON).live(self.now)
        return "expiry" if ending.exists() else "used"

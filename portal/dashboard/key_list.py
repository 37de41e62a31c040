"""The start page: the member's keys, or a welcome page for visitors."""

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import F, OrderBy
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from keys import key_format, selectors
from keys.models import ApiKey, ApiKeyQuerySet
from portal.accounts.kept_forms import FormPage
from portal.dashboard import form_nonce
from portal.dashboard.base import MemberView
from portal.dashboard.key_changes import key_url
from portal.presentation import key_search, usage_charts
from portal.presentation.forms import BaseForm, NameField
from portal.templatetags.presentation import SOON
from pumble_bridge import app_scopes

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

KEYS_PER_PAGE = 50
SORTS: "list[tuple[str, StrPromise]]" = [
    ("expiry", _("Expiring soonest")),
    ("used", _("Most recently used")),
    ("calls", _("Most calls")),
    ("created", _("Newest")),
    ("name", _("Name")),
]
_ORDERINGS: "dict[str, tuple[str | OrderBy | Lower, ...]]" = {
    "expiry": (F("expires_at").asc(nulls_last=True), "-created_at"),
    "used": (F("last_use__at").desc(nulls_last=True), "-created_at"),
    "calls": ("-calls", "-created_at"),
    "created": ("-created_at", "-pk"),
    "name": (Lower("name"), "-created_at"),
}


class KeyFilterForm(BaseForm):
    """The search, the filter and the order of the list. Invalid values are ignored."""

    q = NameField(label=_("Search by name, ID or last characters"), required=False, max_length=64)
    state = forms.ChoiceField(label=_("State"), choices=key_search.STATES, required=False)
    sort = forms.ChoiceField(label=_("Sort by"), choices=SORTS, required=False)


class KeyList(MemberView):
    form_page = FormPage(query=("q", "state", "sort"))
    template: ClassVar[str] = "key_list.html"
    url_name: ClassVar[str] = "start"

    def handle_no_permission(self) -> HttpResponse:
        if self.request.method in {"GET", "HEAD"}:
            return render(
                self.request,
                "dashboard/welcome.html",
                {
                    "public_url": settings.PUBLIC_URL,
                    "signed_out_everywhere": self.request.GET.get("done") == "signed-out-everywhere",
                },
            )
        return super().handle_no_permission()

    def list_keys(self) -> ApiKeyQuerySet:
        """Return the keys of the page, in any state."""
        return selectors.list_keys(self.member).filter(owner=self.member, is_trial=False)

    def get(self, request: HttpRequest) -> HttpResponse:
        keys_of_page = self.list_keys()
        member_keys = selectors.with_calls(
            keys_of_page.select_related(
                "owner__workspace", "responsible", "last_use", "revoked_by", "created_by_key"
            ),
            usage_charts.first_midnight(self.now),
        )
        filters = self._read_filters()
        text, state = filters["q"], filters["state"] or "live"
        sort = filters["sort"] or self._default_sort(keys_of_page)
        # The browser's history and server logs may have this key. Do not show it again.
        holds_key = key_format.contains_key_pattern(text)
        matches = key_search.filter_by_state(member_keys, state, self.now).order_by(*_ORDERINGS[sort])
        if text and not holds_key:
            matches = matches.filter(key_search.text_query(text))
        page = Paginator(matches, KEYS_PER_PAGE).get_page(request.GET.get("page"))
        keys = list(page.object_list)
        sparklines = usage_charts.build_sparklines(keys, self.now)
        shown_filters = {"q": "" if holds_key else text, "state": state, "sort": sort}
        context = {
            "update_url": app_scopes.update_url_for(self.member),
            "rows": [
                {"key": key, "sparkline": sparklines[key.pk], "over": self.has_ended(key)} for key in keys
            ],
            "page": page,
            "form": KeyFilterForm(shown_filters),
            "query": urlencode(shown_filters),
            "nonce": form_nonce.create(self.member),
            "holds_key": holds_key,
            "has_keys": bool(keys) or member_keys.exists(),
        }
        return self.render(self.template, context | self.more_context())

    def more_context(self) -> dict[str, Any]:
        return {"list_url": reverse(self.url_name)}

    def post(self, request: HttpRequest) -> HttpResponse:
        """Redirect to the search, or to the key whose plaintext was pasted.

        Searches are sent by POST, so that a pasted key never becomes part of a URL.
        """
        if self.pasted_keys:
            key = self.pasted_keys.popitem()[1].key
            changeable = ApiKey.objects.changeable_by(self.member)
            is_own = key is not None and changeable.filter(pk=key.pk).exists()
            return redirect(key_url(key, "pasted") if key and is_own else "/?done=unknown-key")
        query = {
            name: self.form_data.get(name, "")
            for name in KeyFilterForm.base_fields
            if self.form_data.get(name)
        }
        url = reverse(self.url_name)
        return redirect(f"{url}?{urlencode(query)}" if query else url)

    def _read_filters(self) -> dict[str, str]:
        form = KeyFilterForm(self.request.GET)
        form.is_valid()
        return {name: form.cleaned_data.get(name) or "" for name in KeyFilterForm.base_fields}

    def _default_sort(self, keys: ApiKeyQuerySet) -> str:
        expiring = keys.filter(expires_at__lte=self.now + SOON).live(self.now)
        return "expiry" if expiring.exists() else "used"

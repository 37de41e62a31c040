"""The keys of a workspace: who has which, what each may do, when it was used and when it ends."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from keys import scopes
from keys.models import ApiKey
from portal.admin.base import ViewerAdmin
from portal.admin.filters import Choices, Rows, of_workspace
from portal.admin.key_filters import Breadth, Expiry, LastUsed, Owner, Scope, State
from portal.admin.site import site
from portal.templatetags import dashboard as shown


@admin.register(ApiKey, site=site)
class ApiKeys(ViewerAdmin):
    singular, plural, place = _("API key"), _("API keys"), 10
    row_template = "admin/key.html"
    list_display = ("named", "owned_by", "in_state", "used", "ends", "preset")
    list_filter = (
        State,
        Expiry,
        LastUsed,
        Breadth,
        Owner,
        Scope,
        of_workspace("owner__workspace"),
    )
    list_select_related = ("owner__workspace", "last_use")
    search_fields = ("name", "key_id")
    search_help_text = _("Name, id or last characters of a key.")
    ordering = ("-created_at", "-pk")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        if text:
            queryset = queryset.filter(
                Q(name__icontains=text)
                | Q(key_id__startswith=text.removeprefix("pmb_"))
                | Q(last_four=text)
                | Q(owner__name__icontains=text)
                | Q(owner__email__iexact=text)
            )
        return queryset, False

    @admin.display(description=_("Key"), ordering=Lower("name"))
    def named(self, key: ApiKey) -> SafeString:
        return format_html("<bdi>{}</bdi> <code>{}</code>", key.name, key.preview)

    @admin.display(description=_("Holder"), ordering="owner__name")
    def owned_by(self, key: ApiKey) -> str:
        return key.owner.name

    @admin.display(description=_("State"))
    def in_state(self, key: ApiKey) -> SafeString:
        return shown.state_label(key, timezone.now())

    @admin.display(description=_("Last used"), ordering=F("last_use__at").asc(nulls_first=True))
    def used(self, key: ApiKey) -> SafeString | str:
        last = shown.last_use(key)
        return shown.ago(last.at, timezone.now()) if last else str(_("Never used"))

    @admin.display(description=_("Expires"), ordering=F("expires_at").asc(nulls_last=True))
    def ends(self, key: ApiKey) -> SafeString | str:
        return shown.ends(key, timezone.now())

    @admin.display(description=_("May do"))
    def preset(self, key: ApiKey) -> str:
        return wording.preset_name(key.rights)

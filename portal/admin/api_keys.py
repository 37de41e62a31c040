"""The list of keys and the page of one key."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys import scopes, selectors, texts, unicode_text
from keys.models import ApiKey, Member
from keys.texts import SCOPES
from portal.admin import key_actions
from portal.admin.base import ViewerAdmin
from portal.admin.filters import ChoiceFilter, MemberFilter, Rows, workspace_filter
from portal.admin.viewer import get_viewer
from portal.presentation import hygiene, key_detail, key_search, rotation_progress, usage_charts
from portal.templatetags import presentation

SOON = timedelta(days=14)
_MAX_HOLDERS = 20


class StateFilter(ChoiceFilter):
    title = gettext_lazy("state")
    parameter_name = "state"
    options = [
        *[(name, label) for name, label in key_search.STATES if name not in {"expiring", "all"}],
        ("pending", gettext_lazy("Being delivered")),
    ]

    @classmethod
    def filter_choice(cls, rows: Rows, choice: str, now: datetime) -> Rows:
        if choice == "pending":
            return rows.live(now).filter(confirmed_at=None)
        return key_search.filter_by_state(rows, choice, now)


class ExpiryFilter(ChoiceFilter):
    title = gettext_lazy("expiry")
    parameter_name = "expiry"
    options = [("soon", gettext_lazy("Within 14 days")), ("never", gettext_lazy("Never"))]

    @classmethod
    def filter_choice(cls, rows: Rows, choice: str, now: datetime) -> Rows:
        live = rows.live(now)
        return live.filter(expires_at__lte=now + SOON) if choice == "soon" else live.filter(expires_at=None)


class LastUsedFilter(ChoiceFilter):
    title = gettext_lazy("last use")
    parameter_name = "used"
    options = [
        ("day", gettext_lazy("Past 24 hours")),
        ("month", gettext_lazy("Past 30 days")),
        ("idle", gettext_lazy("Not for 90 days")),
        ("never", gettext_lazy("Never")),
    ]

    @classmethod
    def filter_choice(cls, rows: Rows, choice: str, now: datetime) -> Rows:
        match choice:
            case "idle":
                return hygiene.filter_idle(rows, now)
            case "never":
                return rows.filter(last_use=None)
            case _:
                length = timedelta(days=1 if choice == "day" else 30)
                return rows.filter(last_use__at__gt=now - length)


class BreadthFilter(ChoiceFilter):
    title = gettext_lazy("access level")
    parameter_name = "breadth"
    options = [("broad", gettext_lazy("Broader than its use")), ("full", gettext_lazy("Full access"))]

    @classmethod
    def filter_choice(cls, rows: Rows, choice: str, now: datetime) -> Rows:
        if choice == "full":
            stored = {
                tuple(held) for held in rows.live(now).order_by().values_list("scopes", flat=True).distinct()
            }
            return rows.live(now).filter(
                scopes__in=[list(held) for held in stored if scopes.are_full_access(held)]
            )
        return rows.filter(pk__in=hygiene.find_overbroad(rows, now))


class ScopeFilter(ChoiceFilter):
    title = gettext_lazy("permission")
    parameter_name = "scope"
    options = [(name, text.label) for name, text in SCOPES.items()]

    @classmethod
    def filter_choice(cls, rows: Rows, choice: str, now: datetime) -> Rows:
        return rows.filter(scopes__icontains=f'"{choice}"')


class HolderFilter(MemberFilter):
    """Offer the first 20 holders by name. The page of every other member links to this filter too."""

    title = gettext_lazy("holder")
    parameter_name = "holder"

    def list_members(self, request: HttpRequest) -> list[tuple[str, str]]:
        has_keys = Q(api_keys__isnull=False) | Q(responsible_for__isnull=False)
        holders = Member.objects.for_viewer(get_viewer(request)).filter(has_keys).distinct()
        return [
            (str(pk), name)
            for pk, name in holders.order_by("name", "pk").values_list("pk", "name")[:_MAX_HOLDERS]
        ]

    def filter_member(self, rows: Rows, member_pk: int) -> Rows:
        return rows.filter(Q(owner=member_pk) | Q(responsible=member_pk))


class KindFilter(ChoiceFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"
    options = [
        ("people", gettext_lazy("Keys of people")),
        ("workspace", gettext_lazy("Workspace keys")),
        ("unattended", gettext_lazy("Without a responsible person")),
    ]

    @classmethod
    def filter_choice(cls, rows: Rows, choice: str, now: datetime) -> Rows:
        if choice == "unattended":
            return rows.live(now).filter(owner__is_bot=True, responsible=None, retires_at=None)
        return rows.filter(owner__is_bot=choice == "workspace")


class ApiKeyAdmin(ViewerAdmin):
    singular, plural, order = gettext_lazy("API key"), gettext_lazy("API keys"), 10
    row_template = "admin/api_key.html"
    change_list_template = "admin/api_key_list.html"
    list_display = ("name_and_id", "holder", "state", "last_used", "calls", "expires", "permissions")
    list_filter = (
        StateFilter,
        ExpiryFilter,
        LastUsedFilter,
        BreadthFilter,
        KindFilter,
        HolderFilter,
        ScopeFilter,
        workspace_filter("owner__workspace"),
    )
    list_select_related = ("owner__workspace", "responsible", "last_use", "created_by_key")
    workspace_path = "owner.workspace"
    search_fields = ("name",)  # shows the search field; get_search_results has the search
    search_help_text = gettext_lazy("name, ID or last characters of the key, name or email of the holder")
    ordering = ("-created_at", "-pk")
    actions = ("revoke_selected", "disable_selected", "enable_selected")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        keys: Any = super().get_queryset(request)
        return selectors.with_calls(keys, usage_charts.first_midnight(timezone.now()))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        if text:
            by_holder = unicode_text.matches("owner__name__icontains", text) | Q(owner__email__iexact=text)
            by_holder |= unicode_text.matches("responsible__name__icontains", text)
            by_holder |= Q(responsible__email__iexact=text)
            queryset = queryset.filter(key_search.text_query(text) | by_holder)
        return queryset, False

    def row_context(self, request: HttpRequest, row: ApiKey) -> dict[str, Any]:
        now = timezone.now()
        applicable = [action for action in key_actions.ACTIONS.values() if action.is_applicable(row, now)]
        context = key_detail.build_context(
            row, now, outcome=request.GET.get("outcome", ""), surface=request.GET.get("surface", "")
        )
        context |= rotation_progress.build_context(row, now) | {"in_admin": True}
        return context | {"title": row.name, "actions": applicable, "over": row.state(now).is_over}

    @admin.action(description=gettext_lazy("Revoke"))
    def revoke_selected(self, request: HttpRequest, keys: QuerySet[Any]) -> HttpResponse | None:
        return self._confirm(request, key_actions.REVOKE, keys)

    @admin.action(description=gettext_lazy("Disable"))
    def disable_selected(self, request: HttpRequest, keys: QuerySet[Any]) -> HttpResponse | None:
        return self._confirm(request, key_actions.DISABLE, keys)

    @admin.action(description=gettext_lazy("Enable"))
    def enable_selected(self, request: HttpRequest, keys: QuerySet[Any]) -> HttpResponse | None:
        return self._confirm(request, key_actions.ENABLE, keys)

    def _confirm(
        self, request: HttpRequest, action: key_actions.KeyAction, keys: QuerySet[Any]
    ) -> HttpResponse | None:
        limit = key_actions.MAX_BATCH_SIZE
        selected = list(keys.order_by("-created_at", "-pk")[: limit + 1])
        if len(selected) > limit:
            messages.error(request, _("Choose at most %(n)s keys at once.") % {"n": limit})
            return None
        return key_actions.confirmation_page(request, action, selected) if selected else None

    @admin.display(description=gettext_lazy("Key"), ordering=Lower("name"))
    def name_and_id(self, key: ApiKey) -> SafeString:
        shown = format_html("<bdi>{}</bdi> <code>{}</code>", key.name, key.masked)
        if key.created_by_key is None:
            return shown
        creator = _("Created by the key “%(name)s”.") % {"name": key.created_by_key.name}
        return format_html('{}<br><span class="quiet">{}</span>', shown, creator)

    @admin.display(description=gettext_lazy("Holder"), ordering=Lower("owner__name"))
    def holder(self, key: ApiKey) -> str:
        return texts.holder_label(key)

    @admin.display(description=gettext_lazy("State"))
    def state(self, key: ApiKey) -> SafeString:
        return presentation.render_key_state(key, timezone.now())

    @admin.display(description=gettext_lazy("Last used"), ordering=F("last_use__at").asc(nulls_first=True))
    def last_used(self, key: ApiKey) -> str:
        return presentation.last_use(key, timezone.now())

    @admin.display(description=gettext_lazy("Calls in 30 days"), ordering="calls")
    def calls(self, key: Any) -> int:
        return int(key.calls)

    @admin.display(description=gettext_lazy("Expires"), ordering=F("expires_at").asc(nulls_last=True))
    def expires(self, key: ApiKey) -> str:
        return presentation.expiry(key, timezone.now())

    @admin.display(description=gettext_lazy("Permissions"))
    def permissions(self, key: ApiKey) -> str:
        return texts.preset_name(key.rights)

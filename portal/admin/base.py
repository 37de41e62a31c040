"""The base class of all lists in the admin. A list shows only what the viewer may see, and is read-only."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator

if TYPE_CHECKING:
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ERROR_FLAG, IGNORED_PARAMS, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    QueryDict,
)
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal.accounts.kept_forms import FormPage, form_page, get_kept_form
from portal.admin import view_audit
from portal.admin.viewer import get_viewer
from portal.error_pages import error_page

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

    from portal.admin.site import PortalAdmin

    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin

_MAX_SHOWN_LENGTH = 50
_TOGGLE_ALL = getattr(
    admin.ModelAdmin.action_checkbox, "short_description", ""
)  # the checkbox in the header, which actions.js needs
_POPUP = {"_popup", "_to_field"}


MAX_COUNTED = 10_000


class CappedPaginator(_Paginator):
    """Count at most 10,000 rows. People find older rows by a filter, not on page 200."""

    @cached_property
    def count(self) -> int:
        return min(self._counted, MAX_COUNTED)

    @property
    def has_more(self) -> bool:
        """Return whether there are rows beyond those counted."""
        return self._counted > MAX_COUNTED

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: MAX_COUNTED + 1].count())


class ViewerAdmin(_ModelAdmin):
    """A read-only list of one model, restricted to the viewer. The model's manager has `for_viewer`.

    Attributes:
        singular, plural: the labels of a row and of the list.
        order: the position of the list in the navigation, ascending.
        row_template: the template of one row's page; its context has `row`.
        workspace_path: the dotted attribute of a row that leads to its workspace; "" if it has none.
    """

    admin_site: "PortalAdmin"
    singular: "ClassVar[StrPromise]"
    plural: "ClassVar[StrPromise]"
    order: ClassVar[int]
    row_template: ClassVar[str]
    workspace_path: ClassVar[str] = ""
    list_prefetch: ClassVar[tuple[str, ...]] = ()

    actions: Any = None
    list_per_page = 50
    list_select_related: ClassVar[Any] = ()
    list_max_show_all = 0
    preserve_filters = False
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    @property
    def list_url_name(self) -> str:
        """The URL name of the list."""
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model.objects.for_viewer(get_viewer(request))
        if self.list_select_related:
            rows = rows.select_related(*self.list_select_related)
        return rows.prefetch_related(*self.list_prefetch).order_by(*self.get_ordering(request))

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Allow only the lookups of the list's own filters. Any other lookup could be used to guess hidden fields."""
        return any(getattr(list_filter, "parameter_name", None) == lookup for list_filter in self.list_filter)

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("", self.admin_site.admin_view(self.changelist_view), name=f"{name}_changelist"),
            *self.extra_urls(),
            path(
                "<str:object_id>/change/",
                self.admin_site.admin_view(self.change_view),
                name=f"{name}_change",
            ),
        ]

    def extra_urls(self) -> list[URLPattern]:
        """Return more URL patterns of the model, each made by `named_path`."""
        return []

    def named_path(self, route: str, view: Callable[..., HttpResponseBase], name: str) -> Any:
        """Return a URL pattern for `view` below the list. Its name is `app_model_NAME`."""
        full_name = f"{self.opts.app_label}_{self.opts.model_name}_{name}"
        return path(route, self.admin_site.admin_view(view), name=full_name)

    @form_page(FormPage(fields=("action", ACTION_CHECKBOX_NAME)))
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.require_view(request)
        if request.method == "POST" and not self.actions:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if refusal := self.reject_unknown_filters(request):
            return refusal
        if request.method == "GET" and (short := self._without_empty_filters(request)):
            return redirect(short)
        context = {
            "title": self.plural,
            "rows": self,
            "filter_form_params": [
                (name, request.GET[name]) for name in (SEARCH_VAR, ORDER_VAR) if name in request.GET
            ],
            **(extra_context or {}),
        }
        response: Any = super().changelist_view(request, context)
        no_such_page = f"{request.path}?{ERROR_FLAG}=1"  # Django redirects there, without the filters
        if response.headers.get("Location") == no_such_page:
            return self.reject_url(request, _("This list has fewer pages."), dropped={PAGE_VAR})
        context = getattr(response, "context_data", None) or {}
        if listed := context.get("cl"):
            self.record_view(request, listed.result_list)
            if context["action_form"]:
                self.restore_ticks(context["action_form"], listed.result_list, get_kept_form(request))
        return response  # type: ignore[no-any-return]

    def _without_empty_filters(self, request: HttpRequest) -> str | None:
        """Return the URL without the filters that the form left empty, or None if it has none."""
        names = {getattr(list_filter, "parameter_name", "") for list_filter in self.list_filter}
        empty = [name for name in request.GET if name in names and not request.GET[name]]
        if not empty:
            return None
        query = request.GET.copy()
        for name in empty:
            del query[name]
        return f"{request.path}?{query.urlencode()}" if query else request.path

    def restore_ticks(self, form: Any, rows: Iterable[Any], kept_data: QueryDict | None) -> None:
        """Show the action and the ticks that the viewer had chosen before the session ended."""
        if kept_data is not None:
            form.initial = {"action": kept_data.get("action")}
            for row in rows:
                row.ticked = str(row.pk) in kept_data.getlist(ACTION_CHECKBOX_NAME)

    @admin.display(description=_TOGGLE_ALL)
    def action_checkbox(self, obj: Any) -> SafeString:
        """Return the checkbox of a row. It is ticked if it was ticked before the session ended."""
        ticked = getattr(obj, "ticked", False)
        label = _("Select %(row)s") % {"row": obj}
        box = forms.CheckboxInput({"class": "action-select", "aria-label": label}, lambda _pk: ticked)
        return box.render(ACTION_CHECKBOX_NAME, str(obj.pk))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """GET: the page of one row. There is no form."""
        self.require_view(request)
        row = self.get_row(request, object_id)
        if request.method == "POST":
            return HttpResponseNotAllowed(["GET", "HEAD"])
        self.record_view(request, [row])
        return self.render_page(request, self.row_template, self.row_context(request, row), row=row)

    def reject_unknown_filters(self, request: HttpRequest) -> HttpResponse | None:
        """Return an error page if the URL names a filter that the list does not have, else None.

        To ignore an unknown filter would show more rows than the viewer asked for.
        """
        known = {
            *IGNORED_PARAMS,
            PAGE_VAR,
            *(getattr(list_filter, "parameter_name", "") for list_filter in self.list_filter),
        }
        unknown = [name for name in request.GET if name not in known]
        if not unknown:
            return None
        advice = _("This list has no filter “%(name)s”.") % {"name": unknown[0][:_MAX_SHOWN_LENGTH]}
        return self.reject_url(request, advice, dropped={*unknown, PAGE_VAR})

    def reject_url(self, request: HttpRequest, advice: str, *, dropped: set[str]) -> HttpResponse:
        """Return an error page that says what is wrong with the URL. It links to the list without the parameters `dropped`."""
        query = request.GET.copy()
        for name in dropped & {*query}:
            del query[name]
        address = reverse(self.list_url_name) + (f"?{query.urlencode()}" if query else "")
        title = _("This URL is not valid")
        return error_page(request, status=400, title=title, advice=advice, link=(address, _("Show the list")))

    def record_view(self, request: HttpRequest, rows: Iterable[Any]) -> None:
        """Record in the workspaces of `rows` that an operator viewed them."""
        if self.workspace_path:
            view_audit.record_view(
                request, map(attrgetter(self.workspace_path), rows), str(self.opts.model_name)
            )

    def get_row(self, request: HttpRequest, object_id: str) -> Any:
        """Return the row with this primary key.

        Raises:
            Http404: there is no such row, or the viewer may not see it. The answer is the same for both.
        """
        try:
            row = self.get_queryset(request).filter(pk=object_id).first()
        except (ValueError, ValidationError, OverflowError):
            row = None
        if row is None:
            raise Http404
        return row

    def row_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return more context for the page of a row."""
        return {}

    def render_page(
        self,
        request: HttpRequest,
        template: str,
        context: dict[str, Any],
        *,
        row: Any = None,
        status: int = 200,
    ) -> HttpResponse:
        shared = self.admin_site.each_context(request) | {
            "rows": self,
            "row": row,
            "opts": self.opts,
            "now": timezone.now(),
        }
        return render(request, template, shared | context, status=status)

    def require_view(self, request: HttpRequest) -> None:
        """Check that the viewer may see this list.

        Raises:
            Http404: the viewer may not see the list, or asks for a popup.
        """
        if not self.has_view_permission(request) or _POPUP & {*request.GET, *request.POST}:
            raise Http404

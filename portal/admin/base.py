"""What all lists of the admin share: they start from the viewer, show what they name, and change nothing by themselves."""

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
from django.contrib.admin.views.main import ERROR_FLAG, IGNORED_PARAMS, PAGE_VAR
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
from django.shortcuts import render
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
)  # a box, with what its script needs
_POPUP = {"_popup", "_to_field"}


MAX_COUNTED = 10_000


class CappedPaginator(_Paginator):
    """Counts to 10,000. What lies behind is found by a filter, not by paging through two hundred pages."""

    @cached_property
    def count(self) -> int:
        return min(self._counted, MAX_COUNTED)

    @property
    def has_more(self) -> bool:
        """Whether there are rows beyond those counted."""
        return self._counted > MAX_COUNTED

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: MAX_COUNTED + 1].count())


class ViewerAdmin(_ModelAdmin):
    """Rows of one model, as far as the viewer may see them: the manager of the model has `for_viewer`.

    Attributes:
        singular, plural: what a row and the rows are called.
        order: where the list stands among the others.
        row_template: the page of one row; it gets `row`.
        workspace_path: the attribute of a row that is its workspace, with dots; "" where rows are of none.
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
        """The name of the list's address."""
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
        """Only what a filter of the list asks for: every other field could be guessed at from the address."""
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
        """Further pages of the model, each made by `named_path`."""
        return []

    def named_path(self, route: str, view: Callable[..., HttpResponseBase], name: str) -> Any:
        """`view`, behind the door, at `route` below the list, named `app_model_NAME`."""
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
        context = {"title": self.plural, "rows": self, **(extra_context or {})}
        response: Any = super().changelist_view(request, context)
        no_such_page = f"{request.path}?{ERROR_FLAG}=1"  # where Django leads then, without the filters
        if response.headers.get("Location") == no_such_page:
            return self.reject_url(request, _("This list has no such page."), dropped={PAGE_VAR})
        context = getattr(response, "context_data", None) or {}
        if listed := context.get("cl"):
            self.record_view(request, listed.result_list)
            if context["action_form"]:
                self.restore_ticks(context["action_form"], listed.result_list, get_kept_form(request))
        return response  # type: ignore[no-any-return]

    def restore_ticks(self, form: Any, rows: Iterable[Any], typed: QueryDict | None) -> None:
        """Show the action and the ticks that their author had chosen before they had to sign in again."""
        if typed is not None:
            form.initial = {"action": typed.get("action")}
            for row in rows:
                row.ticked = str(row.pk) in typed.getlist(ACTION_CHECKBOX_NAME)

    @admin.display(description=_TOGGLE_ALL)
    def action_checkbox(self, obj: Any) -> SafeString:
        """Return the box before a row, ticked where it was before its author had to sign in again."""
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
        """The page of one row. There is no form behind it."""
        self.require_view(request)
        row = self.get_row(request, object_id)
        if request.method == "POST":
            return HttpResponseNotAllowed(["GET", "HEAD"])
        self.record_view(request, [row])
        return self.render_page(request, self.row_template, self.row_context(request, row), row=row)

    def reject_unknown_filters(self, request: HttpRequest) -> HttpResponse | None:
        """The page that names a filter of the address that the list does not have; None where there is none.

        A list that left them out would show more than was asked for.
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
        """Say what is wrong with the address, and lead to the list without the `dropped` parts of it."""
        query = request.GET.copy()
        for name in dropped & {*query}:
            del query[name]
        address = reverse(self.list_url_name) + (f"?{query.urlencode()}" if query else "")
        title = _("This address is mistyped")
        return error_page(request, status=400, title=title, advice=advice, link=(address, _("Show the list")))

    def record_view(self, request: HttpRequest, rows: Iterable[Any]) -> None:
        """An operator was shown `rows`: recorded in their workspaces."""
        if self.workspace_path:
            view_audit.record_view(
                request, map(attrgetter(self.workspace_path), rows), str(self.opts.model_name)
            )

    def get_row(self, request: HttpRequest, object_id: str) -> Any:
        """The row with that primary key.

        Raises:
            Http404: there is none, or it is not the viewer's to see: nobody can tell which.
        """
        try:
            row = self.get_queryset(request).filter(pk=object_id).first()
        except (ValueError, ValidationError, OverflowError):
            row = None
        if row is None:
            raise Http404
        return row

    def row_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page of a row shows beside it."""
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
        """
        Raises:
            Http404: these rows are not for the viewer, or they are asked for as a popup.
        """
        if not self.has_view_permission(request) or _POPUP & {*request.GET, *request.POST}:
            raise Http404

"""The list of workspaces, for operators. A row links to the figures of the workspace."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Count, IntegerField, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys import unicode_text
from keys.models import ApiKey, Workspace
from portal.admin.base import ViewerAdmin
from portal.admin.viewer import get_viewer
from portal.templatetags import presentation


def with_counts(workspaces: QuerySet[Any]) -> QuerySet[Any]:
    """Annotate workspaces with the number of their members and of their live keys."""
    live = ApiKey.objects.live(timezone.now()).filter(owner__workspace=OuterRef("pk")).order_by()
    counted = live.values("owner__workspace").annotate(number=Count("pk")).values("number")
    annotated: QuerySet[Any] = workspaces.annotate(
        keys_alive=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
        members_known=Count("members"),
    )
    return annotated


class WorkspaceAdmin(ViewerAdmin):
    singular, plural, order = gettext_lazy("Workspace"), gettext_lazy("Workspaces"), 70
    row_template = ""
    list_display = ("display_name", "short_id", "installed", "people", "live_keys")
    search_fields = ("name",)  # shows the search field; get_search_results has the search
    search_help_text = gettext_lazy("name or ID")
    ordering = ("name", "pk")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_view_permission(request, obj) and get_viewer(request).is_superuser

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_counts(super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        return queryset.filter(
            unicode_text.matches("name__icontains", text) | Q(pumble_id__startswith=text)
        ), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self.require_view(request)
        workspace = self.get_row(request, object_id)
        return redirect(f"{reverse('admin:index')}?{urlencode({'workspace': workspace.pumble_id})}")

    @admin.display(description=gettext_lazy("Name"), ordering=Lower("name"))
    def display_name(self, workspace: Workspace) -> str:
        return workspace.name

    @admin.display(description=gettext_lazy("ID"))
    def short_id(self, workspace: Workspace) -> str:
        return workspace.pumble_id

    @admin.display(description=gettext_lazy("Installed"), ordering="installed_at")
    def installed(self, workspace: Workspace) -> str:
        return presentation.time_at(workspace.installed_at) if workspace.installed_at else _("Not installed")

    @admin.display(description=gettext_lazy("Members"), ordering="members_known")
    def people(self, workspace: Any) -> int:
        return int(workspace.members_known)

    @admin.display(description=gettext_lazy("Live keys"), ordering="keys_alive")
    def live_keys(self, workspace: Any) -> int:
        return int(workspace.keys_alive)

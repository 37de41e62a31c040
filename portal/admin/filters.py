"""How lists are filtered: by choices that the list offers, or by a text that is typed. Nothing else reaches a query."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from keys.models import Workspace
from portal.admin.viewing import viewer_of

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Rows = QuerySet[Any]


class Choices(SimpleListFilter):
    """A few named choices; what is none of them shows nothing, so that no list claims more than was asked."""

    options: "ClassVar[list[tuple[str, str | StrPromise]]]"

    def lookups(self, request: HttpRequest, model_admin: Any) -> "list[tuple[str, str | StrPromise]]":
        return self.options

    def queryset(self, request: HttpRequest, rows: Rows) -> Rows:
        chosen = self.value()
        if chosen is None:
            return rows
        if chosen not in {str(value) for value, _label in self.lookup_choices}:
            return rows.none()
        return self.choose(rows, chosen, timezone.now())

    def choose(self, rows: Rows, chosen: str, now: datetime) -> Rows:
        raise NotImplementedError


class Typed(SimpleListFilter):
    """A text that is typed into a field of its own."""

    template = "admin/typed_filter.html"
    input_type = "text"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "")]  # without choices a filter is not shown

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:
        others = {name: values for name, values in changelist.filter_params.items() if name != self.parameter_name}
        yield {
            "name": self.parameter_name,
            "value": self.value() or "",
            "type": self.input_type,
            "others": [(name, value) for name, values in others.items() for value in values],
            "selected": self.value() is not None,
            "without": changelist.get_query_string(remove=[str(self.parameter_name)]),
        }

    def queryset(self, request: HttpRequest, rows: Rows) -> Rows:
        typed = (self.value() or "").strip()
        if "\x00" in typed:
            return rows.none()
        return self.narrow(rows, typed) if typed else rows

    def narrow(self, rows: Rows, typed: str) -> Rows:
        raise NotImplementedError


class OfWorkspace(SimpleListFilter):
    """For operators only: others see one workspace anyway."""

    title = _("workspace")
    parameter_name = "workspace"
    path: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        viewer = viewer_of(request)
        if not viewer.is_superuser:
            return []
        return list(Workspace.objects.order_by("name").values_list("pumble_id", "name")[:50])

    def queryset(self, request: HttpRequest, rows: Rows) -> Rows:
        chosen = self.value()
        return rows.filter(**{f"{self.path}__pumble_id": chosen}) if chosen else rows


def of_workspace(path: str) -> type[OfWorkspace]:
    """The filter for rows whose workspace is at `path`."""
    return type("OfWorkspace", (OfWorkspace,), {"path": path})


class Period(Choices):
    """When: the last hour, a day or more; or a day or month that is typed into the address by a link of ours."""

    title = _("time")
    parameter_name = "when"
    field = "at"
    options = [
        ("hour", _("Past hour")),
        ("today", _("Today")),
        ("week", _("Past 7 days")),
        ("month", _("Past 30 days")),
    ]
    _lengths = {"hour": timedelta(hours=1), "week": timedelta(days=7), "month": timedelta(days=30)}

    def choose(self, rows: Rows, chosen: str, now: datetime) -> Rows:
        if chosen == "today":
            return rows.filter(**{f"{self.field}__gte": start_of_day(now)})
        return rows.filter(**{f"{self.field}__gte": now - self._lengths[chosen]})


class Since(Typed):
    title = _("from day")
    parameter_name = "since"
    input_type = "date"
    field = "at"

    def narrow(self, rows: Rows, typed: str) -> Rows:
        day = _midnight(typed)
        return rows.filter(**{f"{self.field}__gte": day}) if day else rows.none()


class Until(Typed):
    title = _("to day")
    parameter_name = "until"
    input_type = "date"
    field = "at"

    def narrow(self, rows: Rows, typed: str) -> Rows:
        day = _midnight(typed)
        return rows.filter(**{f"{self.field}__lt": day + timedelta(days=1)}) if day else rows.none()


def start_of_day(now: datetime) -> datetime:
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def _midnight(text: str) -> datetime | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_current_timezone()) if day else None

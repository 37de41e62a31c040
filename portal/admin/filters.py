"""The kinds of filters of the lists: a choice or a text. Nothing else from the URL reaches a query."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from keys import times
from keys.models import Member, Workspace
from portal.admin.viewer import get_viewer

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Rows = Any  # a queryset of the list's model, with the methods of its manager
_MAX_WORKSPACES = 50


class _Filter(SimpleListFilter):
    """A filter with a field in the form of the list's filters. All filters are sent together."""

    template = "admin/filter.html"

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield {
            "name": self.parameter_name,
            "value": self.value() or "",
            "options": self.lookup_choices,
        }

    @property
    def selected_label(self) -> str:
        """The label of the selected value; "" if nothing is selected."""
        choice = self.value() or ""
        return str({str(value): label for value, label in self.lookup_choices}.get(choice) or choice)


class ChoiceFilter(_Filter):
    """A filter with named choices. An unknown choice matches no row, so that a typo never shows more than asked."""

    options: "ClassVar[list[tuple[str, str | StrPromise]]]"

    def lookups(self, request: HttpRequest, model_admin: Any) -> "list[tuple[str, str | StrPromise]]":
        return self.options

    def queryset(self, request: HttpRequest, rows: Rows) -> Rows:
        choice = self.value()
        if not choice:
            return rows
        if choice not in dict(self.options):
            return rows.none()
        return self.filter_choice(rows, choice, timezone.now())

    @classmethod
    def filter_choice(cls, rows: Rows, choice: str, now: datetime) -> Rows:
        """Return the rows for `choice`, one of the options. By default, `choice` is the value of the field `parameter_name`."""
        return rows.filter(**{str(cls.parameter_name): choice})


class MemberFilter(_Filter):
    """Filter by a member's primary key. It accepts every member whom the viewer may see, also one that is not offered."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        members, member_pk = self.list_members(request), _read_pk(self.value())
        if member_pk and str(member_pk) not in dict(members):
            other = Member.objects.for_viewer(get_viewer(request)).filter(pk=member_pk).first()
            members += [(str(member_pk), other.name)] if other else []
        return members

    def has_output(self) -> bool:
        return bool(self.lookup_choices)

    def queryset(self, request: HttpRequest, rows: Rows) -> Rows:
        if not self.value():
            return rows
        member_pk = _read_pk(self.value())
        return self.filter_member(rows, member_pk) if member_pk else rows.none()

    def list_members(self, request: HttpRequest) -> list[tuple[str, str]]:
        return []

    def filter_member(self, rows: Rows, member_pk: int) -> Rows:
        raise NotImplementedError


class TextFilter(_Filter):
    """A filter with a text field."""

    input_type = "text"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "")]  # Django hides a filter without choices

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield {
            "name": self.parameter_name,
            "value": self.value() or "",
            "type": self.input_type,
            "options": None,
        }

    def queryset(self, request: HttpRequest, rows: Rows) -> Rows:
        text = (self.value() or "").strip()
        if "\x00" in text:
            return rows.none()
        return self.filter_text(rows, text) if text else rows

    def filter_text(self, rows: Rows, text: str) -> Rows:
        raise NotImplementedError


class KeyIdFilter(TextFilter):
    """Filter by a key's id, with or without the prefix `pmb_`. `field` is the lookup of the id."""

    title = _("key ID")
    parameter_name = "key"
    field: ClassVar[str]

    def filter_text(self, rows: Rows, text: str) -> Rows:
        return rows.filter(**{self.field: text.removeprefix("pmb_")})


class WorkspaceFilter(_Filter):
    """Filter by workspace. Only operators see more than one."""

    title = _("workspace")
    parameter_name = "workspace"
    path: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if not get_viewer(request).is_superuser:
            return []
        return list(
            Workspace.objects.order_by("name", "pk").values_list("pumble_id", "name")[:_MAX_WORKSPACES]
        )

    def queryset(self, request: HttpRequest, rows: Rows) -> Rows:
        choice = self.value()
        if not choice:
            return rows
        return rows.none() if "\x00" in choice else rows.filter(**{f"{self.path}__pumble_id": choice})


def workspace_filter(path: str) -> type[WorkspaceFilter]:
    """Return the filter for rows whose workspace is at the lookup `path`."""
    return type("WorkspaceFilter", (WorkspaceFilter,), {"path": path})


class PeriodFilter(ChoiceFilter):
    title = _("time")
    parameter_name = "when"
    field = "at"
    options = [
        ("hour", _("Past hour")),
        ("today", _("Today")),
        ("week", _("Past 7 days")),
        ("month", _("Past 30 days")),
    ]
    _LENGTHS = {"hour": timedelta(hours=1), "week": timedelta(days=7), "month": timedelta(days=30)}

    @classmethod
    def filter_choice(cls, rows: Rows, choice: str, now: datetime) -> Rows:
        start = start_of_day(now) if choice == "today" else now - cls._LENGTHS[choice]
        return rows.filter(**{f"{cls.field}__gte": start})


class SinceFilter(TextFilter):
    title = _("first day")
    parameter_name = "since"
    input_type = "date"

    def filter_text(self, rows: Rows, text: str) -> Rows:
        day = _midnight(text)
        return rows.filter(at__gte=day) if day else rows.none()


class UntilFilter(TextFilter):
    title = _("last day")
    parameter_name = "until"
    input_type = "date"

    def filter_text(self, rows: Rows, text: str) -> Rows:
        day = _midnight(text)
        return rows.filter(at__lt=day + timedelta(days=1)) if day else rows.none()


def _read_pk(text: str | None) -> int:
    """Return the primary key, or 0 if `text` is not one."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0


def start_of_day(now: datetime) -> datetime:
    return times.localize(now).replace(hour=0, minute=0, second=0, microsecond=0)


def _midnight(text: str) -> datetime | None:
    """Return the start of that day, or None if it is not a day from 1900 to 9000."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    if day is None or not 1900 <= day.year <= 9000:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=times.current_zone())

"""How lists are filtered: by choices that the list offers, or by a text that is typed. Nothing else reaches a query."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from keys.models import Member, Workspace
from portal.admin.viewer import get_viewer

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

Rows = Any  # the queryset of the list's model, which has methods of its own
_MAX_WORKSPACES = 50


class _Filter(SimpleListFilter):
    @property
    def selected_label(self) -> str:
        """What is chosen, in words; empty where nothing is."""
        chosen = self.value() or ""
        return str({str(value): label for value, label in self.lookup_choices}.get(chosen) or chosen)


class ChoiceFilter(_Filter):
    """Named choices; what is none of them shows nothing, so that no list claims more than was asked."""

    options: "ClassVar[list[tuple[str, str | StrPromise]]]"

    def lookups(self, request: HttpRequest, model_admin: Any) -> "list[tuple[str, str | StrPromise]]":
        return self.options

    def queryset(self, request: HttpRequest, rows: Rows) -> Rows:
        chosen = self.value()
        if not chosen:
            return rows
        if chosen not in dict(self.options):
            return rows.none()
        return self.filter_choice(rows, chosen, timezone.now())

    @classmethod
    def filter_choice(cls, rows: Rows, chosen: str, now: datetime) -> Rows:
        """Return the rows for `chosen`, one of the options: by default those whose field of the parameter's name has it."""
        return rows.filter(**{str(cls.parameter_name): chosen})


class SelectFilter(ChoiceFilter):
    """Choices that are too many for a list of links."""

    template = "admin/select_filter.html"

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield {
            "name": self.parameter_name,
            "value": self.value() or "",
            "options": self.options,
            "other_params": _other_params(self, changelist),
        }


class MemberFilter(_Filter):
    """One of the people the viewer may see, by primary key: one that is offered, or one whose page leads here."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        members, chosen = self.list_members(request), _read_pk(self.value())
        if chosen and str(chosen) not in dict(members):
            other = Member.objects.for_viewer(get_viewer(request)).filter(pk=chosen).first()
            members += [(str(chosen), other.name)] if other else []
        return members

    def has_output(self) -> bool:
        return bool(self.lookup_choices)

    def queryset(self, request: HttpRequest, rows: Rows) -> Rows:
        if not self.value():
            return rows
        chosen = _read_pk(self.value())
        return self.filter_member(rows, chosen) if chosen else rows.none()

    def list_members(self, request: HttpRequest) -> list[tuple[str, str]]:
        return []

    def filter_member(self, rows: Rows, chosen: int) -> Rows:
        raise NotImplementedError


class TextFilter(_Filter):
    """A text that is typed into a field of its own."""

    template = "admin/text_filter.html"
    input_type = "text"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "")]  # a filter without choices would not be shown

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield {
            "name": self.parameter_name,
            "value": self.value() or "",
            "type": self.input_type,
            "other_params": _other_params(self, changelist),
            "selected": bool(self.value()),
        }

    def queryset(self, request: HttpRequest, rows: Rows) -> Rows:
        typed = (self.value() or "").strip()
        if "\x00" in typed:
            return rows.none()
        return self.filter_text(rows, typed) if typed else rows

    def filter_text(self, rows: Rows, typed: str) -> Rows:
        raise NotImplementedError


class KeyIdFilter(TextFilter):
    """A key's id, also with the prefix that people copy with it. `field` is where the rows have it."""

    title = _("id of the key")
    parameter_name = "key"
    field: ClassVar[str]

    def filter_text(self, rows: Rows, typed: str) -> Rows:
        return rows.filter(**{self.field: typed.removeprefix("pmb_")})


class WorkspaceFilter(_Filter):
    """For operators; everybody else sees one workspace anyway."""

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
        chosen = self.value()
        if not chosen:
            return rows
        return rows.none() if "\x00" in chosen else rows.filter(**{f"{self.path}__pumble_id": chosen})


def workspace_filter(path: str) -> type[WorkspaceFilter]:
    """The filter for rows whose workspace is at `path`."""
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
    def filter_choice(cls, rows: Rows, chosen: str, now: datetime) -> Rows:
        start = start_of_day(now) if chosen == "today" else now - cls._LENGTHS[chosen]
        return rows.filter(**{f"{cls.field}__gte": start})


class SinceFilter(TextFilter):
    title = _("first day")
    parameter_name = "since"
    input_type = "date"

    def filter_text(self, rows: Rows, typed: str) -> Rows:
        day = _midnight(typed)
        return rows.filter(at__gte=day) if day else rows.none()


class UntilFilter(TextFilter):
    title = _("last day")
    parameter_name = "until"
    input_type = "date"

    def filter_text(self, rows: Rows, typed: str) -> Rows:
        day = _midnight(typed)
        return rows.filter(at__lt=day + timedelta(days=1)) if day else rows.none()


def _other_params(list_filter: SimpleListFilter, changelist: ChangeList) -> list[tuple[str, str]]:
    """What the other filters are set to, for a form that changes this one only."""
    return [
        (name, value)
        for name, values in changelist.filter_params.items()
        if name != list_filter.parameter_name
        for value in values
    ]


def _read_pk(text: str | None) -> int:
    """A primary key; 0 for what is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0


def start_of_day(now: datetime) -> datetime:
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def _midnight(text: str) -> datetime | None:
    """The beginning of that day; None where it is no day that a last day can follow."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    if day is None or not 1900 <= day.year <= 9000:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_current_timezone())

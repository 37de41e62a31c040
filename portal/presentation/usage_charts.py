"""The use of keys by day and outcome: numbers, and SVG paths of charts."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keys import times, usage
from keys.models import ApiKey, HourlyUse

DAYS = 30
HOURS = 72
_STEP, _WIDTH = 4, 3  # width of a day in a chart, and of its bar
_SPARKLINE_HEIGHT, _CHART_HEIGHT = 24, 40


@dataclass(frozen=True)
class DailyUsage:
    day: date
    worked: int = 0
    refused: int = 0

    @property
    def total(self) -> int:
        return self.worked + self.refused


@dataclass(frozen=True)
class HourlyUsage:
    """The calls of an hour by outcome, the most frequent first."""

    hour: datetime
    outcomes: list[tuple[str, int]]


@dataclass(frozen=True)
class Sparkline:
    """Calls a day as bars in a box of `width` by `height`: what was refused stands on what worked."""

    days: list[DailyUsage]
    width: int = DAYS * _STEP
    height: int = _SPARKLINE_HEIGHT

    @property
    def total(self) -> int:
        return sum(day.total for day in self.days)

    @property
    def refused(self) -> int:
        return sum(day.refused for day in self.days)

    @property
    def path(self) -> str:
        """The SVG path of the calls that worked. It lies on that of all calls, which is red where it shows."""
        return self._path([day.worked for day in self.days])

    @property
    def total_path(self) -> str:
        return self._path([day.total for day in self.days])

    def _path(self, numbers: list[int]) -> str:
        highest = max(day.total for day in self.days) or 1
        return _bars([self.height * number / highest for number in numbers], base=self.height)


@dataclass(frozen=True)
class ChartPoint:
    """A day or hour of a chart: where it begins, and its calls in words."""

    x: int
    text: str
    width: int = _STEP


@dataclass(frozen=True)
class UsageChart:
    """Calls that worked above a baseline and refused calls below it, on one scale. `days` may be hours."""

    days: list[DailyUsage]
    outcomes: list[tuple[str, int]]
    height: int = _CHART_HEIGHT

    @property
    def width(self) -> int:
        return len(self.days) * _STEP

    @property
    def total(self) -> int:
        return sum(day.total for day in self.days)

    @property
    def worked_total(self) -> int:
        return sum(day.worked for day in self.days)

    @property
    def refused_total(self) -> int:
        return sum(day.refused for day in self.days)

    @property
    def max_per_day(self) -> int:
        return max(day.total for day in self.days)

    @property
    def busy_days(self) -> list[DailyUsage]:
        return [day for day in reversed(self.days) if day.total]

    @property
    def baseline_path(self) -> str:
        """The SVG path of the baseline. Made here, because a template would format the number for the language."""
        return f"M0 {self._base:g}H{self.width}"

    @property
    def points(self) -> list["ChartPoint"]:
        return [ChartPoint(number * _STEP, _describe_point(day)) for number, day in enumerate(self.days)]

    @property
    def base_percent(self) -> str:
        """The height of the baseline, for a label beside it."""
        return f"{100 * self._base / self.height:.1f}%"

    @property
    def max_worked(self) -> int:
        return max(day.worked for day in self.days)

    @property
    def max_refused(self) -> int:
        return max(day.refused for day in self.days)

    @property
    def _base(self) -> float:
        return round(self._unit * max(day.worked for day in self.days), 2)

    @property
    def worked_path(self) -> str:
        return _bars([self._unit * day.worked for day in self.days], base=self._base)

    @property
    def refused_path(self) -> str:
        return _bars([-self._unit * day.refused for day in self.days], base=self._base)

    @property
    def _unit(self) -> float:
        highest = max(day.worked for day in self.days) + max(day.refused for day in self.days)
        return self.height / (highest or 1)


def build_sparklines(keys: Collection[ApiKey], now: datetime) -> dict[int, Sparkline]:
    """Return the last 30 days of each key by its primary key, with one query."""
    counts: dict[int, Counter[tuple[date, bool]]] = defaultdict(Counter)
    rows = (
        HourlyUse.objects.filter(key__in=[key.pk for key in keys], hour__gte=first_midnight(now))
        .annotate(day=TruncDate("hour"))
        .values_list("key_id", "day", "outcome")
        .annotate(calls=Sum("count"))
    )
    for key_pk, day, outcome, calls in rows:
        counts[key_pk][day, outcome in usage.SUCCESSES] += calls
    return {
        key.pk: Sparkline(
            [
                DailyUsage(day, worked=counts[key.pk][day, True], refused=counts[key.pk][day, False])
                for day in _list_days(now)
            ]
        )
        for key in keys
    }


def build_chart(uses: QuerySet[HourlyUse], now: datetime) -> UsageChart:
    """Return the last 30 days of `uses` by day and outcome, with one query."""
    day_counts: dict[date, Counter[bool]] = defaultdict(Counter)
    outcome_counts: Counter[str] = Counter()
    rows = (
        uses.filter(hour__gte=first_midnight(now))
        .order_by()
        .annotate(day=TruncDate("hour"))
        .values_list("day", "outcome")
        .annotate(calls=Sum("count"))
    )
    for day, outcome, calls in rows:
        day_counts[day][outcome in usage.SUCCESSES] += calls
        outcome_counts[outcome] += calls
    days = [
        DailyUsage(day, worked=day_counts[day][True], refused=day_counts[day][False])
        for day in _list_days(now)
    ]
    return UsageChart(days, outcome_counts.most_common())


def build_hourly_chart(uses: QuerySet[HourlyUse]) -> tuple[UsageChart, list[HourlyUsage]] | None:
    """Return the last three days of `uses` by hour, as a chart and as the hours that have calls, newest first."""
    last = uses.order_by("-hour").values_list("hour", flat=True).first()
    if last is None:
        return None
    hours = [last - timedelta(hours=number) for number in reversed(range(HOURS))]
    counts: dict[datetime, Counter[str]] = defaultdict(Counter)
    rows = uses.filter(hour__gte=hours[0]).order_by().values_list("hour", "outcome")
    for hour, outcome, calls in rows.annotate(calls=Sum("count")):
        counts[hour][outcome] += calls
    used = [HourlyUsage(hour, counts[hour].most_common()) for hour in reversed(hours) if counts[hour].total()]
    bars = []
    for hour in hours:
        refused = sum(calls for name, calls in counts[hour].items() if name not in usage.SUCCESSES)
        bars.append(DailyUsage(hour, worked=counts[hour].total() - refused, refused=refused))
    return UsageChart(bars, []), used


def _describe_point(point: DailyUsage) -> str:
    worked = ngettext("%(n)s worked", "%(n)s worked", point.worked) % {"n": number_format(point.worked)}
    refused = ngettext("%(n)s refused", "%(n)s refused", point.refused) % {"n": number_format(point.refused)}
    if isinstance(point.day, datetime):
        when = times.exact_time(point.day)
    else:
        when = date_format(point.day, _("j M Y"))
    return f"{when}: {worked}, {refused}"


def first_midnight(now: datetime) -> datetime:
    """Return when the first of the last 30 days began."""
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=DAYS - 1)


def _list_days(now: datetime) -> list[date]:
    first = first_midnight(now).date()
    return [first + timedelta(days=number) for number in range(DAYS)]


def _bars(heights: list[float], *, base: float) -> str:
    """Return the SVG path of bars on `base`, upwards for a positive height. Every bar is at least one unit high, so that it is visible."""
    bars = []
    for number, height in enumerate(heights):
        if height:
            visible = max(height, 1.0) if height > 0 else min(height, -1.0)
            bars.append(f"M{number * _STEP} {base:g}v{-visible:.2f}h{_WIDTH}v{visible:.2f}z")
    return "".join(bars)

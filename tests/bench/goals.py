"""What was asked for, what was measured, and whether that is enough."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from tests.bench.load import Figures
from tests.bench.loads import HERE

Rounds = Mapping[str, list[Figures]]


@dataclass(frozen=True)
class Goal:
    """One line of the table. `figure` is as it is shown, with its unit; `goal` is "" where nothing was asked for."""

    number: str
    what: str
    goal: str
    figure: str
    met: bool


def at_least(number: str, what: str, bound: float, figure: float) -> Goal:
    return Goal(number, what, f"≥ {bound:g} ×", f"{figure:.2f} ×", figure >= bound)


def at_most(number: str, what: str, bound: float, unit: str, figure: float) -> Goal:
    return Goal(number, what, f"≤ {bound:g} {unit}", f"{figure:.3g} {unit}", figure <= bound)


def ratio(rounds: Rounds, ours: str, theirs: str) -> float:
    """How many times as many calls a second; the median of what each round says, as the machine has good rounds and bad."""
    pairs = zip(rounds[ours], rounds[theirs], strict=True)
    return median(one.per_second / other.per_second for one, other in pairs)


def of_rounds(rounds: Rounds) -> list[Goal]:
    """The goals that the rounds tell of."""

    def times(number: str, what: str, bound: float, ours: str, theirs: str, *, by: float = 1.0) -> Goal:
        return at_least(number, what, bound, by * ratio(rounds, ours, theirs))

    def beside(number: str, what: str, ours: str, theirs: str) -> Goal:
        figure = ratio(rounds, ours, f"{theirs}{HERE}")
        return Goal(number, f"{what}, both under the portal's worker", "", f"{figure:.2f} ×", met=True)

    def milliseconds(name: str) -> list[float]:
        return [figures.p50_ms for figures in rounds[name]]

    def added_by(whom: str) -> float:
        alone = zip(
            milliseconds(f"sendMessage, 1: {whom}"), milliseconds("sendMessage, 1: direct"), strict=True
        )
        return median(through - 2 * direct for through, direct in alone)

    check, direct = "check: portal", "sendMessage, 64: direct"
    return [
        times("1", "carrying a call: portal to naive proxy", 2.5, "myInfo: portal", "myInfo: naive"),
        beside("1", "carrying a call: portal to naive proxy", "myInfo: portal", "myInfo: naive"),
        times("1", "carrying a call: portal to bare proxy, both under the portal's worker", 0.75, "myInfo: portal", "myInfo: bare"),
        at_most("2", "sendMessage, 1 connection: added at the median", 1.5, "ms", added_by("portal")),
        Goal("2", "sendMessage, 1 connection: added by the bare proxy", "", f"{added_by('bare'):.3g} ms", met=True),
        times("2", "sendMessage, 64 connections: portal to the calls made directly", 0.7, "sendMessage, 64: portal", direct, by=2),
        Goal("2", "sendMessage, 64 connections: bare proxy to the calls made directly", "", f"{2 * ratio(rounds, 'sendMessage, 64: bare', direct):.2f} ×", met=True),
        times("3", "checking a key: portal to DRF TokenAuthentication", 1.4, check, "check: drf-token"),
        beside("3", "checking a key: portal to DRF TokenAuthentication", check, "check: drf-token"),
        times("3", "checking a key: portal to djangorestframework-api-key", 1.1, check, "check: drf-api-key"),
        beside("3", "checking a key: portal to djangorestframework-api-key", check, "check: drf-api-key"),
        times("3", "checking a key: portal to django-rest-knox", 2, check, "check: knox"),
        beside("3", "checking a key: portal to django-rest-knox", check, "check: knox"),
        times("4", "malformed key: portal to DRF TokenAuthentication", 3, "check: malformed key", "check: drf-token"),
        beside("4", "malformed key: portal to DRF TokenAuthentication", "check: malformed key", "check: drf-token"),
        times("4", "unknown key: portal to DRF TokenAuthentication", 1.4, "check: unknown key", "check: drf-token"),
        beside("4", "unknown key: portal to DRF TokenAuthentication", "check: unknown key", "check: drf-token"),
        times("5", "checking one of very many keys, to one of few", 0.9, f"{check}, many rows", check),
        times("5", "carrying a call beside very many logged ones, to few", 0.9, "myInfo: portal, many rows", "myInfo: portal"),
        times("6", "a message of 20 kB, to one of 300 B", 0.9, "one message: 20 kB", "one message: 300 B"),
        times("6", "a page of messages of 20 kB, to one of one message", 0.9, "page of messages: 20 kB", "page of messages: 300 B"),
    ]  # fmt: skip


def summary(rounds: Rounds) -> dict[str, dict[str, float]]:
    """Of each load: medians, and the spread of its rounds as a share of the median."""

    def of(figures: list[Figures]) -> dict[str, float]:
        def middle(value: Callable[[Figures], float]) -> float:
            return round(median(map(value, figures)), 3)

        speeds = [one.per_second for one in figures]
        return {
            "calls_per_second": middle(lambda one: one.per_second),
            "spread": round((max(speeds) - min(speeds)) / median(speeds), 3),
            "cpu_us": middle(lambda one: one.cpu_us),
            "p50_ms": middle(lambda one: one.p50_ms),
            "p99_ms": middle(lambda one: one.p99_ms),
        }

    return {name: of(figures) for name, figures in rounds.items()}

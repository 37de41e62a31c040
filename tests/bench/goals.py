"""What was asked for, what was measured, and whether that is enough."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from tests.bench.load import Figures

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
    return Goal(
        number, what, f"≤ {bound:g} {unit}".rstrip(), f"{figure:.3g} {unit}".rstrip(), figure <= bound
    )


def ratio(rounds: Rounds, ours: str, theirs: str) -> float:
    """How many times as many calls a second; the median of what each round says, as the machine has good rounds and bad."""
    pairs = zip(rounds[ours], rounds[theirs], strict=True)
    return median(one.per_second / other.per_second for one, other in pairs)


def of_rounds(rounds: Rounds) -> list[Goal]:
    """Return the goals that the rounds answer."""

    def times(number: str, what: str, bound: float, ours: str, theirs: str) -> Goal:
        return at_least(number, what, bound, ratio(rounds, ours, theirs))

    def added_ms(who: str) -> float:
        """What `who` adds at the median to the two calls that it makes to Pumble."""
        pairs = zip(rounds[f"sendMessage, 1: {who}"], rounds["sendMessage, 1: direct"], strict=True)
        return median(through.p50_ms - 2 * direct.p50_ms for through, direct in pairs)

    check, unknown = "check: portal", ratio(rounds, "check: unknown key", "check: drf-token")
    return [
        times("1", "check of a key: portal to DRF TokenAuthentication", 1.4, check, "check: drf-token"),
        times("1", "check of a key: portal to djangorestframework-api-key", 1.0, check, "check: drf-api-key"),
        times("1", "check of a key: portal to django-rest-knox", 1.8, check, "check: knox"),
        times("2", "malformed key: portal to DRF TokenAuthentication", 2.5, "check: malformed key", "check: drf-token"),
        Goal("2", "unknown key: portal to DRF TokenAuthentication", "", f"{unknown:.2f} ×", met=True),
        times("4", "proxied myInfo: portal to the naive proxy", 1.4, "myInfo: portal", "myInfo: naive"),
        times("4", "proxied myInfo: portal to the bare proxy", 0.6, "myInfo: portal", "myInfo: bare"),
        times("5", "sendMessage, 64 connections: portal to the bare proxy", 0.85, "sendMessage, 64: portal", "sendMessage, 64: bare"),
        at_most("5", "sendMessage, 1 connection: added by the portal to added by the bare proxy", 1.5, "×", added_ms("portal") / added_ms("bare")),
        Goal("5", "sendMessage, 1 connection: added by the portal at the median", "", f"{added_ms('portal'):.2f} ms", met=True),
        times("6", "check beside many keys and logged calls, to few", 0.95, f"{check}, many rows", check),
        times("6", "proxied myInfo beside them, to few", 0.95, "myInfo: portal, many rows", "myInfo: portal"),
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

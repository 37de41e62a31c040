"""The run as a table on the terminal, as JSON, as the table of `docs/performance.md` and as the chart."""

import json
import os
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.goals import Goal
from tests.environment import PROJECT

_GUIDE = PROJECT / "docs/performance.md"
_TABLE = re.compile(r"(<!-- made by make bench -->\n).*?(<!-- until here -->)", re.DOTALL)
_BARS = {
    "Checking a key": {
        "check: portal": "this portal, with limits and log",
        "check: drf-api-key": "djangorestframework-api-key",
        "check: drf-token": "DRF TokenAuthentication",
        "check: knox": "django-rest-knox",
    },
    "Carrying a call to Pumble": {
        "myInfo: portal": "this portal, with everything on",
        "myInfo: bare": "a bare proxy: no keys, no limits",
        "myInfo: naive": "a naive proxy with API keys",
    },
}
_COLOURS = {
    "light": {"text": "#1f2328", "muted": "#59636e", "ours": "#0969da", "theirs": "#afb8c1"},
    "dark": {"text": "#f0f6fc", "muted": "#9198a1", "ours": "#4493f8", "theirs": "#3d444d"},
}

Loads = Mapping[str, Mapping[str, float]]


def show(loads: Loads, goals: list[Goal]) -> None:
    print(f"\n{'load':34} {'calls/s':>9} {'spread':>7} {'server CPU':>11} {'median':>10} {'99 %':>10}")
    for name, one in loads.items():
        print(
            f"{name:34} {one['calls_per_second']:9,.0f} {one['spread']:7.0%} {one['cpu_us']:8,.0f} µs "
            f"{one['p50_ms']:7.2f} ms {one['p99_ms']:7.2f} ms"
        )
    print()
    for goal in goals:
        verdict = "" if not goal.goal else "met" if goal.met else "NOT MET"
        print(f"{goal.number:>3}  {goal.what:84} {goal.goal:>11} {goal.figure:>12}  {verdict}")


def store(into: Path, loads: Loads, goals: list[Goal], **about: Any) -> None:
    """Write the run as JSON."""
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": _machine(),
        **about,
        "loads": loads,
        "goals": [vars(goal) for goal in goals],
    }
    into.parent.mkdir(parents=True, exist_ok=True)
    into.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def publish(loads: Loads, goals: list[Goal]) -> None:
    """Put the run into the guide's table, and draw its chart."""
    for scheme in _COLOURS:
        (PROJECT / f"docs/speed-{scheme}.svg").write_text(chart(loads, scheme))
    rows = [
        f"| {goal.what} | {goal.goal} | {goal.figure}{'' if goal.met else ' (not met)'} |" for goal in goals
    ]
    lines = [f"Measured on {_machine()}:", "", "| what | goal | measured |", "|---|---|---|", *rows, ""]
    table = "\n".join(lines)
    guide = _GUIDE.read_text(encoding="utf-8")
    _GUIDE.write_text(_TABLE.sub(lambda match: f"{match[1]}{table}\n{match[2]}", guide), encoding="utf-8")


def chart(loads: Loads, scheme: str) -> str:
    """Bars of calls a second, as SVG."""
    colours = _COLOURS[scheme]
    most = max(loads[name]["calls_per_second"] for bars in _BARS.values() for name in bars)
    parts, top = [], 10
    for title, bars in _BARS.items():
        parts.append(f'<text x="0" y="{top + 14}" font-weight="600" fill="{colours["text"]}">{title}</text>')
        top += 26
        for name, label in bars.items():
            speed = loads[name]["calls_per_second"]
            colour = colours["ours" if name.endswith("portal") else "theirs"]
            length = max(2, round(330 * speed / most))
            parts.append(f'<text x="0" y="{top + 13}" fill="{colours["muted"]}">{label}</text>')
            parts.append(
                f'<rect x="240" y="{top}" width="{length}" height="18" rx="3" fill="{colour}"/>'
                f'<text x="{248 + length}" y="{top + 13}" fill="{colours["text"]}">{speed:,.0f}/s</text>'
            )
            top += 24
        top += 14
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 {top}" width="640" height="{top}" role="img" '
        'aria-label="Calls a second, this portal and others" font-family="system-ui, sans-serif" font-size="13">'
        + "".join(parts)
        + "</svg>\n"
    )


def _machine() -> str:
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores of {cpu}, Python {platform.python_version()}"

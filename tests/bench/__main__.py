"""`make bench`: what the portal costs, measured side by side with its peers on this machine.

Rounds take the loads by turns, so that what else the machine does meets all of them alike; ratios are of one round.
"""

import argparse
import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median

from tests import services
from tests.bench import loads, report, stage, trials
from tests.bench.goals import Goal, Rounds, at_least, at_most, of_rounds, summary
from tests.bench.load import Figures, Load
from tests.bench.stage import Stage

NEEDED: dict[str, Callable[[], object]] = {
    "postgresql": services.find_postgres,
    "redis-server": lambda: shutil.which("redis-server"),
    "nginx-light": lambda: shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"),
    "wrk": lambda: shutil.which("wrk"),
}


@dataclass(frozen=True)
class Size:
    """How much is measured. `calls`: made before memory is looked at for the last time."""

    rounds: int
    seconds: int
    keys: int
    logged_calls: int
    draws: int
    calls: int
    revocations: int
    fresh: bool


WHOLE = Size(5, 3, 1_000_000, 10_000_000, draws=25, calls=100_000, revocations=1000, fresh=True)
QUICK = Size(1, 2, 20_000, 100_000, draws=5, calls=4_000, revocations=50, fresh=False)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument(
        "--quick", action="store_true", help="about two minutes, for work on the bench itself"
    )
    parser.add_argument("--into", type=Path, default=Path("var/bench.json"), help="where the figures go")
    parser.add_argument("--publish", action="store_true", help="put them into the guide, too")
    chosen = parser.parse_args()
    size = QUICK if chosen.quick else WHOLE
    install_what_is_missing()
    fresh = [_fresh_run()] if size.fresh else []
    with stage.up(keys=size.keys, logged_calls=size.logged_calls) as staged:
        by_name = loads.of(staged)
        rounds = measure(by_name, size)
        goals = [*of_rounds(rounds), *of_trials(staged, by_name, size), *fresh]
    goals.sort(key=lambda goal: (goal.number == "bad", goal.number.zfill(2)))
    measured = summary(rounds)
    report.show(measured, goals)
    about = {
        "rounds": size.rounds,
        "seconds": size.seconds,
        "workers": stage.WORKERS,
        "threads": stage.THREADS,
    }
    report.store(chosen.into, measured, goals, **about)
    print(f"\nAll of it is in {chosen.into}")
    if chosen.publish:
        report.publish(measured, goals)


def measure(by_name: dict[str, Load], size: Size) -> Rounds:
    """Return the figures of so many rounds of all loads, each warmed up before."""
    figures: defaultdict[str, list[Figures]] = defaultdict(list)
    for number in range(size.rounds):
        print(f"... round {number + 1} of {size.rounds}", flush=True)
        for name, load in by_name.items():
            figures[name].append(load.warmed_burst(size.seconds))
    return figures


def of_trials(staged: Stage, by_name: dict[str, Load], size: Size) -> list[Goal]:
    call, malformed, send = (
        by_name[name] for name in ("myInfo: portal", "check: malformed key", "sendMessage, 64: portal")
    )
    print("... queries and round trips", flush=True)
    costs = {
        load: trials.cost(staged, load, size.seconds)
        for load in (by_name["check: portal"], malformed, call, send)
    }
    queries = max(cost.transactions for cost in costs.values())
    print("... spread over the processes", flush=True)
    shares = trials.heaviest_share(call, size.draws)
    print("... bad calls among good ones", flush=True)
    kept = []
    for _ in range(size.rounds):
        alone = call.warmed_burst(size.seconds)
        with trials.nuisance(staged):
            kept.append(call.burst(size.seconds).per_second / alone.per_second)
    print("... hooks, revocations, starts", flush=True)
    hook_ms, pumble_ms = trials.hooks(staged, size.seconds)
    slowest_hook = trials.slowest_of_many_hooks(staged)
    changed = iter(staged.keys["revoked"])
    let_in = {
        fault: trials.let_through(staged, fault, list(islice(changed, count)))
        for fault, count in {
            "while Redis answers": size.revocations,
            trials.KILLED: size.revocations // 5,
            trials.PAUSED: size.revocations // 5,
        }.items()
    }
    ready = median(trials.seconds_to_ready(staged, 3))
    print("... memory", flush=True)
    half, whole = trials.memory(call, size.calls)
    return [
        Goal("3", "database transactions in a call of a key used a moment ago", "0", f"{queries:.3f}", queries < 0.05),
        at_most("3", "round trips to Redis in a read", 2, "", costs[call].trips),
        at_most("3", "round trips to Redis in a write", 3, "", costs[send].trips),
        at_most("7", "/api-keys generate, 16 at once: added to Pumble's time, 99 %", 200, "ms", hook_ms - pumble_ms),
        at_most("7", "/api-keys generate, 50 at once: the slowest", 3000, "ms", slowest_hook),
        at_most("8", f"memory of a process after {size.calls:,} more calls", 80, "MiB", whole),
        at_most("8", "growth of it in the second half of them", 3, "%", 100 * (whole / half - 1)),
        at_most("8", "from the start to ready", 3, "s", ready),
        at_most("8", f"the busiest of {stage.WORKERS} processes in the worst of {size.draws} draws", 75, "%", 100 * max(shares)),
        *(
            at_most("9", f"let in after a change, {fault}, of {tried:,} calls", 0, "", passed)
            for fault, (passed, tried) in let_in.items()
        ),
        at_least("bad", "carrying a call among bad ones, to without", 0.8, median(kept)),
    ]  # fmt: skip


def _fresh_run() -> Goal:
    print("... make run where nothing is installed", flush=True)
    return at_most("10", "`make run` where nothing is installed", 90, "s", trials.seconds_of_a_fresh_run())


def install_what_is_missing() -> None:
    """From the system's packages, where this account may."""
    missing = [name for name, find in NEEDED.items() if not find()]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=quiet, check=False)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
        subprocess.run(install, env=quiet, check=False, stdout=subprocess.DEVNULL)
    missing = [name for name, find in NEEDED.items() if not find()]
    if missing:
        raise SystemExit(f"needed for measuring: apt-get install {' '.join(missing)}")


if __name__ == "__main__":
    main()

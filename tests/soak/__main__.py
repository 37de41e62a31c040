"""The long runs, with their figures: `make soak`. Exit status 1 where something that must hold did not."""

import argparse
import sys

from tests import environment  # noqa: F401 - ports and data of this run's own, before anything reads them
from tests.soak import cases, disk, events, flood, kills, load, remembering, rows, runners, stack
from tests.soak.verdict import Verdict

PARTS = ("load", "remembering", "runners", "events", "kills", "flood", "disk", "rows", "cases")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="repeatable; all unless given")
    parser.add_argument("--minutes", type=float, default=10, help="of load")
    parser.add_argument(
        "--seconds",
        type=float,
        default=60,
        help="of changes to a key that is remembered, and of killed runners",
    )
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--kills", type=int, default=100, help="of each step of a key's life")
    parser.add_argument("--messages", type=int, default=1000, help="that five people write")
    parser.add_argument("--restarts", type=int, default=10, help="of the listener")
    parser.add_argument("--events", type=int, default=10_000, help="of a flood; 0: none")
    parser.add_argument("--rounds", type=int, default=3, help="of sending beside listeners; 0: none")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--wrong-keys", type=int, default=10_000)
    parser.add_argument(
        "--per-minute", type=int, default=10_000, help="so many of them; 0: as fast as it goes"
    )
    chosen = parser.parse_args()
    parts = chosen.only or PARTS
    verdict = Verdict()
    with stack.postgres() as database:
        shared = database and stack.has_redis()
        if "load" in parts and shared:
            with verdict.part("load"):
                load.run(verdict, database=database, minutes=chosen.minutes, clients=chosen.clients)
        if "remembering" in parts and shared:
            with verdict.part("remembering"):
                remembering.run(verdict, database=database, seconds=chosen.seconds)
        if "runners" in parts and shared:
            with verdict.part("maintenance"):
                runners.run(verdict, database=database, seconds=chosen.seconds)
        if "events" in parts and shared:
            with verdict.part("events"):
                events.run(
                    verdict,
                    database=database,
                    messages=chosen.messages,
                    restarts=chosen.restarts,
                    flood=chosen.events,
                    rounds=chosen.rounds,
                )
        verdict.not_run += [
            f"{part}: it needs PostgreSQL and Redis (Debian: apt-get install postgresql redis-server)"
            for part in ("load", "remembering", "runners", "events")
            if part in parts and not shared
        ]
        if "cases" in parts and not database:
            verdict.not_run.append("cases: they need PostgreSQL (Debian: apt-get install postgresql)")
        if "kills" in parts:
            with verdict.part("kill -9"):
                kills.run(verdict, database=database, kills=chosen.kills)
        if "flood" in parts:
            with verdict.part("flood"):
                flood.run(
                    verdict, database=database, wrong_keys=chosen.wrong_keys, per_minute=chosen.per_minute
                )
        if "disk" in parts:
            with verdict.part("full disk"):
                disk.run(verdict)
        if "rows" in parts:
            with verdict.part("rows"):
                rows.run(verdict, database=database, rows=chosen.rows)
        if "cases" in parts and database:
            with verdict.part("cases"):
                cases.run(verdict, database=database)
    print("\n".join(verdict.told()), flush=True)
    return 1 if verdict.violations else 0


if __name__ == "__main__":
    sys.exit(main())

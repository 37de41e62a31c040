"""The long runs, with their figures: `make soak`. Exit status 1 where something that must hold did not."""

import argparse
import sys

from tests import environment  # noqa: F401 - ports and data of this run's own, before anything reads them
from tests.soak import kills, stack
from tests.soak.verdict import Verdict

PARTS = ("kills",)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="repeatable; all unless given")
    parser.add_argument("--kills", type=int, default=100, help="of each step of a key's life")
    chosen = parser.parse_args()
    parts = chosen.only or PARTS
    verdict = Verdict()
    with stack.postgres() as database:
        if "kills" in parts:
            with verdict.part("kill -9"):
                kills.run(verdict, database=database, kills=chosen.kills)
    print("\n".join(verdict.told()), flush=True)
    return 1 if verdict.violations else 0


if __name__ == "__main__":
    sys.exit(main())

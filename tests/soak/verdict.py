"""What the long runs found: figures for people, violations for the exit status."""

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Verdict:
    figures: list[tuple[str, str]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)

    def figure(self, name: str, value: object) -> None:
        self.figures.append((name, str(value)))

    def require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.violations.append(otherwise)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """One of the runs; what goes wrong in it is a violation, and the others still take place."""
        print(f"=== {name}", flush=True)
        began = time.monotonic()
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
            self.violations.append(f"{name}: {type(error).__name__}: {error}")
            traceback.print_exc()
        self.figure(f"{name}: took", f"{time.monotonic() - began:.0f} s")

    def told(self) -> Iterator[str]:
        width = max((len(name) for name, _value in self.figures), default=0)
        yield from (f"{name:{width}}  {value}" for name, value in self.figures)
        yield from (f"NOT RUN: {name}" for name in self.not_run)
        yield from (f"VIOLATED: {violation}" for violation in self.violations)

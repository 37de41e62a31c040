"""How far a command over many rows is, for the person who waits for it."""

import contextlib
import sys
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

from django.core.management.base import CommandError
from tqdm import tqdm

T = TypeVar("T")


def progress(
    iterable: Iterable[T], *, total: int | None, unit: str, stream: TextIO | None = None
) -> Iterator[T]:
    """The same things in the same order. While they pass, a bar on standard error, where that is a terminal.

    Args:
        total: how many there will be; None where nobody knows.
        unit: what is counted, in the singular: `event`.
        stream: where the bar is drawn; standard error unless given. Files, pipes and logs get nothing.
    """
    stream = stream or sys.stderr
    yield from tqdm(
        iterable, total=total, unit=f" {unit}s", file=stream, disable=not stream.isatty(), leave=False
    )


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C in here ends the command with status 130 and one line that says what that means."""
    try:
        yield
    except KeyboardInterrupt:
        said = "stopped; what was done stays done, and the same command goes on from there"
        raise CommandError(said, returncode=130) from None

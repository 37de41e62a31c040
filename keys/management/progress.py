"""Progress of commands over many rows."""

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
    """Yield the items, and show a progress bar on standard error if it is a terminal.

    Args:
        total: the number of items; None if it is unknown.
        unit: what is counted, in the singular, such as `event`.
        stream: where the bar is drawn; standard error by default. Files and pipes get nothing.
    """
    stream = stream or sys.stderr
    yield from tqdm(
        iterable, total=total, unit=f" {unit}s", file=stream, disable=not stream.isatty(), leave=False
    )


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """End the command with status 130 and one line of explanation when Ctrl-C is pressed."""
    try:
        yield
    except KeyboardInterrupt:
        message = "stopped; finished work is kept, and the same command continues from there"
        raise CommandError(message, returncode=130) from None

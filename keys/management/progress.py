"""How far a command over many rows is, for the person who waits for it."""

import sys
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

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

"""What a hook handler answers; `hooks` turns it into HTTP."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Done; whatever there was to say was said by a message."""


@dataclass(frozen=True, slots=True)
class Declined:
    """Not done; Pumble shows `message` to the person, and to nobody else."""

    message: str


Answer = Acknowledged | Declined

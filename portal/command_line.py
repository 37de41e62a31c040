"""Django's command line, made to work in pipes, under a supervisor and in every locale."""

import errno
import io
import os
import signal
import sys
from typing import TextIO

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

STANDARD_INPUT, STANDARD_ERROR = 0, 2


class OutputLost(OSError):
    """What reads the output has gone away, or has no room for it."""


class Output(io.TextIOWrapper):
    """A standard stream whose lines leave at once, so that a pipe, systemd and Docker show them when they are written.

    A character that the stream's encoding lacks is escaped.

    Raises:
        OutputLost: where another OSError would say the same as one of a file or of a connection.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(
            stream.buffer, encoding=stream.encoding, errors="backslashreplace", line_buffering=True
        )
        self._stream = stream  # without a reference it is closed, and its buffer with it

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError as error:
            raise OutputLost(error.errno, error.strerror) from error

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            raise OutputLost(error.errno, error.strerror) from error


def main() -> None:
    """Run the command that `sys.argv` names.

    A reader that has enough, as in `list_keys | head -1`, ends the command without a word, and with the status that a
    shell gives for SIGPIPE.
    """
    program = sys.argv[0]
    _occupy_closed_streams()
    if sys.stdout is None:
        sys.exit(f"{program}: standard output is closed; redirect it to a file or to /dev/null")
    sys.stdout, sys.stderr = Output(sys.stdout), Output(sys.stderr)
    try:
        try:
            execute_from_command_line(sys.argv)
        finally:
            sys.stdout.flush()
    except ImproperlyConfigured as refusal:
        sys.exit(f"{program}: {refusal}")
    except OutputLost as lost:
        _discard(sys.stdout)
        if lost.errno == errno.EPIPE:
            _discard(sys.stderr)
            sys.exit(128 + signal.SIGPIPE)
        sys.exit(f"{program}: the output cannot be written: {lost.strerror}")


def _occupy_closed_streams() -> None:
    """Keep the numbers of closed streams from the next file that is opened: a database would get the lines of the log."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= STANDARD_ERROR:
        if number == STANDARD_INPUT:
            sys.stdin = os.fdopen(number)
        elif number == STANDARD_ERROR:
            sys.stderr = os.fdopen(number, "w")
    os.close(number)


def _discard(stream: TextIO) -> None:
    """Send what is still in the buffer nowhere: Python writes it at its end, and would complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)

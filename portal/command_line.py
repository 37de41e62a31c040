"""Run Django's commands so that they work in pipes, under a supervisor and in every locale."""

import errno
import io
import os
import re
import signal
import sys
from typing import TextIO

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError, ProgrammingError

STANDARD_INPUT, STANDARD_ERROR = 0, 2
# SQLite and PostgreSQL say it in these words.
_MISSING_TABLE = re.compile(r"no such (table|column)|(relation|column) \S+ does not exist")


class OutputError(OSError):
    """The output cannot be written: the reader is gone, or the disk is full."""


class LineBufferedOutput(io.TextIOWrapper):
    """A standard stream that is flushed after each line, so that pipes, systemd and Docker show it at once.

    Characters that the encoding lacks are escaped.

    Raises:
        OutputError: the stream cannot be written. A plain OSError could also concern a file or a connection.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(
            stream.buffer, encoding=stream.encoding, errors="backslashreplace", line_buffering=True
        )
        self._stream = stream  # keep a reference, or the buffer is closed

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError as error:
            raise OutputError(error.errno, error.strerror) from error

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            raise OutputError(error.errno, error.strerror) from error


def main() -> None:
    """Run the command that `sys.argv` names.

    If the reader closes the pipe, as in `list_keys | head -1`, the command ends silently with the status of SIGPIPE.
    """
    program = sys.argv[0]
    _reopen_closed_streams()
    if sys.stdout is None:
        sys.exit(f"{program}: standard output is closed; redirect it to a file or to /dev/null")
    sys.stdout, sys.stderr = LineBufferedOutput(sys.stdout), LineBufferedOutput(sys.stderr)
    try:
        try:
            execute_from_command_line(sys.argv)
        finally:
            sys.stdout.flush()
    except ImproperlyConfigured as error:
        sys.exit(f"{program}: {error}")
    except (OperationalError, ProgrammingError) as error:
        if not (problem := _database_problem(error)):
            raise
        sys.exit(f"{program}: {problem}")
    except OutputError as error:
        _discard(sys.stdout)
        if error.errno == errno.EPIPE:
            _discard(sys.stderr)
            sys.exit(128 + signal.SIGPIPE)
        sys.exit(f"{program}: the output cannot be written: {error.strerror}")


def _database_problem(error: OperationalError | ProgrammingError) -> str:
    """Return what an operator can do about it, or "" if it is a fault of the program."""
    text = next(iter(str(error).strip().splitlines()), "")
    if _MISSING_TABLE.search(text):
        return "the database lacks tables of this version; run the command migrate first"
    return f"the database cannot be used: {text}" if isinstance(error, OperationalError) else ""


def _reopen_closed_streams() -> None:
    """Open /dev/null for each closed standard stream. Else the next file, such as the database, would get its number."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= STANDARD_ERROR:
        if number == STANDARD_INPUT:
            sys.stdin = os.fdopen(number)
        elif number == STANDARD_ERROR:
            sys.stderr = os.fdopen(number, "w")
    os.close(number)


def _discard(stream: TextIO) -> None:
    """Redirect the stream to /dev/null, because Python flushes its buffer at exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())
    os.close(devnull)

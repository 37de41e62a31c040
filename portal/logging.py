"""Log lines: an event name, then its fields; on the console or as one JSON object per line.

Redaction sits here, in the sink, so that a key that some library puts into a message does not reach the disk.
"""

import json
import logging
import os
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from portal import redaction

# Of the request that this thread answers, so that every line that belongs to it says so.
request_id: ContextVar[str] = ContextVar("request_id", default="")

_STANDARD_ERROR = 2
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Django attaches the request and its parts to its own records; they hold headers and bodies.
_LEFT_OUT = _STANDARD | {"request", "status_code", "server_time"}


class Sink(logging.Handler):
    """Standard error, each line in one write.

    Without the library's lock: that is held while the system writes, and every thread that answers stood in line for it.
    """

    def handle(self, record: logging.LogRecord) -> Any:
        passed = self.filter(record)
        if passed:
            self.emit(record)
        return passed

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = memoryview(f"{self.format(record)}\n".encode(errors="backslashreplace"))
            while line:
                line = line[os.write(_STANDARD_ERROR, line) :]
        except Exception:  # noqa: BLE001 - as the library's own handlers do
            self.handleError(record)


class ClientFaults(logging.Filter):
    """Django logs a suspicious request, such as one with a wrong Host, as an error with a traceback. It is the client's."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security."):
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.exc_info = record.exc_text = None
        return True


class _Formatter(logging.Formatter):
    def fields(self, record: logging.LogRecord) -> dict[str, Any]:
        at = (
            datetime.fromtimestamp(record.created, UTC)
            .replace(tzinfo=None)
            .isoformat(timespec="milliseconds")
        )
        fields: dict[str, Any] = {
            "at": f"{at}Z",
            "level": record.levelname,
            "event": record.getMessage(),
            "logger": record.name,
        }
        if current := request_id.get():
            fields["request_id"] = current
        fields |= {name: value for name, value in vars(record).items() if name not in _LEFT_OUT}
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return fields


class JsonFormatter(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = self.fields(record)
        line = json.dumps(fields, default=str)
        return json.dumps(_redacted(fields), default=str) if redaction.may_contain_secret(line) else line


class ConsoleFormatter(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = _redacted(self.fields(record))
        trace = fields.pop("trace", "")
        head = f"{fields.pop('at')} {fields.pop('level'):7} {fields.pop('event')}"
        fields.pop("logger")
        tail = " ".join(
            f"{name}={_one_word(value)}" for name, value in fields.items() if value not in ("", None)
        )
        line = _escaped(f"{head} {tail}".rstrip())
        return f"{line}\n{trace}" if trace else line


def _redacted(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: redaction.redact_field(name, value) for name, value in fields.items()}


def _one_word(value: object) -> str:
    """A field's value, in quotes where it could pass for another field."""
    text = str(value)
    return repr(text) if " " in text or "=" in text else text


def _escaped(line: str) -> str:
    """`line` without control characters, so that no input can forge a line of its own."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in line)

"""Format log lines: an event name and its fields, as text or as one JSON object per line.

The formatters redact secrets, so that messages of libraries are redacted, too.
"""

import json
import logging
import os
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from portal import redaction

# The id of the request that this thread handles. It is added to each log line.
request_id: ContextVar[str] = ContextVar("request_id", default="")

_STANDARD_ERROR = 2
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Django attaches the request to its records, with headers and body.
_OMITTED_FIELDS = _STANDARD | {"request", "status_code", "server_time"}


class StderrHandler(logging.Handler):
    """Write each line to standard error in one system call.

    It takes no lock. `StreamHandler` holds its lock while it writes, and all threads wait for it.
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


class ClientErrorFilter(logging.Filter):
    """Log a suspicious request, such as one with a wrong Host, as a warning without a traceback. Django logs an error."""

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
        fields |= {name: value for name, value in vars(record).items() if name not in _OMITTED_FIELDS}
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return fields


class JsonFormatter(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = self.fields(record)
        line = json.dumps(fields, default=str)
        return json.dumps(_redact(fields), default=str) if redaction.may_contain_secret(line) else line


class ConsoleFormatter(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = _redact(self.fields(record))
        trace = fields.pop("trace", "")
        head = f"{fields.pop('at')} {fields.pop('level'):7} {fields.pop('event')}"
        fields.pop("logger")
        tail = " ".join(
            f"{name}={_quote_if_needed(value)}" for name, value in fields.items() if value not in ("", None)
        )
        line = _escape(f"{head} {tail}".rstrip())
        return f"{line}\n{trace}" if trace else line


def _redact(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: redaction.redact_field(name, value) for name, value in fields.items()}


def _quote_if_needed(value: object) -> str:
    """Return the value as text, in quotes if it could be read as another field."""
    text = str(value)
    return repr(text) if " " in text or "=" in text else text


def _escape(line: str) -> str:
    """Return the line without control characters, so that no input can forge a log line."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in line)

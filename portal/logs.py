"""Log lines: an event name, then its fields; on the console or as one JSON object per line.

Redaction sits here, in the sink, so that a key that some library puts into a message does not reach the disk.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from portal.redaction import redact

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Django attaches the request and its parts to its own records; they hold headers and bodies.
_UNSAFE = frozenset({"request", "status_code", "server_time", "exc_info", "exc_text", "stack_info"})


class _Formatter(logging.Formatter):
    def fields(self, record: logging.LogRecord) -> dict[str, Any]:
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD | _UNSAFE}
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {
            "at": at,
            "level": record.levelname,
            "event": record.getMessage(),
            "logger": record.name,
        } | extra

    def trace(self, record: logging.LogRecord) -> str:
        return self.formatException(record.exc_info) if record.exc_info else ""


class JsonFormatter(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        trace = self.trace(record)
        fields = self.fields(record) | ({"trace": trace} if trace else {})
        return redact(json.dumps(fields, default=str))


class ConsoleFormatter(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = self.fields(record)
        head = f"{fields.pop('at')} {fields.pop('level'):7} {fields.pop('event')}"
        fields.pop("logger")
        tail = " ".join(
            f"{name}={_one_word(value)}" for name, value in fields.items() if value not in ("", None)
        )
        line = _escaped(f"{head} {tail}".rstrip())
        trace = self.trace(record)
        return redact(f"{line}\n{trace}" if trace else line)


def _one_word(value: object) -> str:
    """A field's value, in quotes where it could pass for another field."""
    text = str(value)
    return repr(text) if " " in text or "=" in text else text


def _escaped(line: str) -> str:
    """`line` without control characters, so that no input can forge a line of its own."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in line)

"""What the domain wants said: listeners hear of each audit event once its change is committed.

A listener is told in the thread that made the change, so it must be quick; whatever takes time it does elsewhere. A
crash between the commit and the telling loses the telling: who must not miss an event reads the audit events again.
"""

import logging
from typing import Protocol

from keys.models import AuditEvent

log = logging.getLogger(__name__)


class Listener(Protocol):
    def happened(self, event: AuditEvent) -> None:
        """`event` is committed. Raising changes nothing about that, nor for other listeners."""


_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Tell `listener` of every event from now on; once, however often it asks."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell(event: AuditEvent) -> None:
    for listener in _listeners:
        try:
            listener.happened(event)
        except Exception:
            log.exception("notify.failed", extra={"kind": event.type, "listener": type(listener).__name__})

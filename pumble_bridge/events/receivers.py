"""Signal receivers: a change of a key or policy ends what it must, and wakes the calls that wait."""

from typing import Any

from django.utils import timezone

from keys.models import AuditEvent
from pumble_bridge.events import feed, listeners, waiting


def end_listening_for_event(event: AuditEvent, **_signal: Any) -> None:
    """Delete what no key may hear any more. `maintenance` does it too, if this signal is lost."""
    if event.workspace is None:
        return
    if event.type == AuditEvent.Type.KEY_REVOKED and event.key is not None:
        feed.stop(event.key, now=timezone.now())
    elif event.type == AuditEvent.Type.POLICY_CHANGED and not listeners.is_allowed(event.workspace.pk):
        feed.clear(event.workspace)
    waiting.waits.wake(event.workspace.pumble_id, key_changed=True)

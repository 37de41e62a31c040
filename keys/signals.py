"""Signals of the key domain."""

from django.dispatch import Signal

# Sent with `event`, an `AuditEvent`, once its change is committed. Receivers run in the thread that made the change, so
# they must be quick; whatever takes time goes to the background. A crash between the commit and the signal loses the
# signal: who must not miss an event reads the audit events again.
audit_event_recorded = Signal()

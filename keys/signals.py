"""Signals of the key domain."""

from django.dispatch import Signal

# Sent with `event`, an `AuditEvent`, after the commit of its change. Receivers run in the thread of the change, so they must
# be quick. A crash between commit and signal loses the signal. A receiver that must not miss an event reads the audit
# events again.
audit_event_recorded = Signal()

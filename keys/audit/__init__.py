"""The audit events: recorded with each change, chained so that nobody alters the past unnoticed, exported, pruned."""

from keys.audit.denials import audit_denials, record_denial, recorded_denials
from keys.audit.log import MAINTENANCE, OPERATOR, PUMBLE, Actor, Surface, Type, actor_reference, record
from keys.audit.retention import checkpoint, delete_expired

__all__ = [
    "MAINTENANCE",
    "OPERATOR",
    "PUMBLE",
    "Actor",
    "Surface",
    "Type",
    "actor_reference",
    "audit_denials",
    "checkpoint",
    "delete_expired",
    "record",
    "record_denial",
    "recorded_denials",
]

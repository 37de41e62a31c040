"""Audit events: recorded with each change, chained so that no alteration stays unnoticed, exported, and deleted by age."""

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

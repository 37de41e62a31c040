"""The audit events: recorded with each change, chained so that nobody can alter the past unnoticed, exported, pruned."""

from keys.audit.recording import MAINTENANCE, OPERATOR, PUMBLE, Actor, Surface, Type, record, ref_of

__all__ = [
    "MAINTENANCE",
    "OPERATOR",
    "PUMBLE",
    "Actor",
    "Surface",
    "Type",
    "record",
    "ref_of",
]

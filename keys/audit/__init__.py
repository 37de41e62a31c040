"""The audit events: recorded with each change, chained so that nobody alters the past unnoticed, exported, pruned."""

from keys.audit.denials import note_refusal, noting_refusals, refusals_noted
from keys.audit.log import MAINTENANCE, OPERATOR, PUMBLE, Actor, Surface, Type, record, ref_of
from keys.audit.retention import checkpoint, prune

__all__ = [
    "MAINTENANCE",
    "OPERATOR",
    "PUMBLE",
    "Actor",
    "Surface",
    "Type",
    "checkpoint",
    "note_refusal",
    "noting_refusals",
    "prune",
    "record",
    "ref_of",
    "refusals_noted",
]

"""Everything that changes a key. Each change is one transaction with its audit event."""

from keys.lifecycle.confirmation import PENDING_FOR, confirm, revoke_stale_pending
from keys.lifecycle.enforcement import bring_in_line, disable_idle, idle_soon
from keys.lifecycle.issuance import issue, rehash
from keys.lifecycle.locks import lock_keys_of, lock_owner
from keys.lifecycle.names import MAX_NAME_LENGTH, MAX_NOTE_LENGTH, clean_name, clean_note
from keys.lifecycle.restoration import reapply
from keys.lifecycle.revocation import revoke
from keys.lifecycle.rotation import GRACES, finish_rotation, note_late_use, rotate
from keys.lifecycle.updates import disable, enable, narrow, rename

__all__ = [
    "GRACES",
    "MAX_NAME_LENGTH",
    "MAX_NOTE_LENGTH",
    "PENDING_FOR",
    "bring_in_line",
    "clean_name",
    "clean_note",
    "confirm",
    "disable",
    "disable_idle",
    "enable",
    "finish_rotation",
    "idle_soon",
    "issue",
    "lock_keys_of",
    "lock_owner",
    "narrow",
    "note_late_use",
    "reapply",
    "rehash",
    "rename",
    "revoke",
    "revoke_stale_pending",
    "rotate",
]

"""All changes of keys. Each change is one transaction with its audit event."""

from keys.lifecycle.bulk import stop_all
from keys.lifecycle.confirmation import PENDING_TIMEOUT, confirm, revoke_stale_pending
from keys.lifecycle.enforcement import disable_idle, enforce_policy, find_keys_becoming_idle
from keys.lifecycle.issuance import issue, rehash
from keys.lifecycle.locks import lock_keys_of, lock_owner
from keys.lifecycle.names import MAX_NAME_LENGTH, MAX_NOTE_LENGTH, clean_name, clean_note
from keys.lifecycle.responsibility import release_abandoned, release_keys, replace_responsible
from keys.lifecycle.restoration import reapply_revocations
from keys.lifecycle.revocation import revoke, revoke_reason
from keys.lifecycle.rotation import GRACE_PERIODS, finish_rotation, record_use_after_rotation, renew, rotate
from keys.lifecycle.updates import change_purpose, disable, enable, narrow, rename

__all__ = [
    "GRACE_PERIODS",
    "MAX_NAME_LENGTH",
    "MAX_NOTE_LENGTH",
    "PENDING_TIMEOUT",
    "change_purpose",
    "clean_name",
    "clean_note",
    "confirm",
    "disable",
    "disable_idle",
    "enable",
    "enforce_policy",
    "find_keys_becoming_idle",
    "finish_rotation",
    "issue",
    "lock_keys_of",
    "lock_owner",
    "narrow",
    "reapply_revocations",
    "record_use_after_rotation",
    "rehash",
    "release_abandoned",
    "release_keys",
    "rename",
    "renew",
    "replace_responsible",
    "revoke",
    "revoke_reason",
    "revoke_stale_pending",
    "rotate",
    "stop_all",
]

"""The cache of keys that this process used lately. One record has all that a call needs to know about a key.

`keys.authentication` uses a record only while Redis has the number that it was read with: see `keys.chain_numbers`.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from cachetools import TLRUCache
from django.db.models import F, OuterRef, QuerySet, Subquery

from keys.models import ApiKey, AuditChain
from keys.models.api_key import state_of

MAX_AGE_SECONDS = 30.0
MAX_KEYS = 5000


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key with its owner, workspace and Pumble tokens, read in one SQL statement.

    Attributes:
        pk, owner_id, workspace_id: primary keys. `key_id` is the public id.
        owner_is_bot: it is a workspace key.
        owner_pumble_id, workspace_pumble_id: Pumble's ids.
        channels: names by id, if the key is limited to channels; None otherwise.
        number: the number of the workspace's audit chain. It grows with every change of a value in this record.
        read_at: when the statement began, in monotonic seconds.
    """

    pk: int
    key_id: str
    name: str
    digest: bytes = field(repr=False)
    pepper_number: int
    confirmed_at: datetime | None
    expires_at: datetime | None
    disabled_at: datetime | None
    retires_at: datetime | None
    revoked_at: datetime | None
    scopes: tuple[str, ...]
    channels: Mapping[str, str] | None
    allowed_addresses: tuple[str, ...]
    calls_per_minute: int
    is_trial: bool
    owner_id: int
    owner_pumble_id: str
    owner_is_bot: bool
    owner_is_active: bool
    owner_authorized_at: datetime | None
    workspace_id: int
    workspace_pumble_id: str
    workspace_installed_at: datetime | None
    encrypted_access_token: bytes | None = field(repr=False)
    encrypted_bot_token: bytes | None = field(repr=False)
    bot_user_id: str
    number: int
    read_at: float

    def state(self, now: datetime) -> ApiKey.State:
        return state_of(self, now)


_KEY_COLUMNS = (
    *("pk", "key_id", "name", "digest", "pepper_number", "scopes", "channels", "allowed_addresses"),
    *(
        "calls_per_minute",
        "is_trial",
        "confirmed_at",
        "expires_at",
        "disabled_at",
        "retires_at",
        "revoked_at",
        "owner_id",
    ),
)
# The tokens belong to pumble_bridge, which this room does not import. The ORM finds its tables by the names of relations.
_RELATED_COLUMNS = {
    "owner_pumble_id": F("owner__pumble_user_id"),
    "owner_is_bot": F("owner__is_bot"),
    "owner_is_active": F("owner__is_active"),
    "owner_authorized_at": F("owner__authorized_at"),
    "workspace_id": F("owner__workspace_id"),
    "workspace_pumble_id": F("owner__workspace__pumble_id"),
    "workspace_installed_at": F("owner__workspace__installed_at"),
    "encrypted_access_token": F("owner__authorization__encrypted_access_token"),
    "encrypted_bot_token": F("owner__workspace__installation__encrypted_bot_token"),
    "bot_user_id": F("owner__workspace__installation__bot_user_id"),
    "number": Subquery(
        AuditChain.objects.filter(name=OuterRef("owner__workspace__pumble_id")).values("number")
    ),
}


@cache
def _rows() -> QuerySet[ApiKey, dict[str, Any]]:
    """Return the query for all keys. Building it takes twice as long as running it, so it is built once."""
    keys = ApiKey.objects.filter(owner__workspace__isnull=False)
    rows: QuerySet[ApiKey, dict[str, Any]] = keys.values(*_KEY_COLUMNS, **_RELATED_COLUMNS)
    return rows


def load(key_id: str) -> KeyRecord | None:
    """Return the key as the database has it now, or None if no workspace has it."""
    read_at = time.monotonic()
    row = next(iter(_rows().filter(key_id=key_id)), None)
    if row is None:
        return None
    for name in ("digest", "encrypted_access_token", "encrypted_bot_token"):
        row[name] = None if row[name] is None else bytes(row[name])
    for name in ("scopes", "allowed_addresses"):
        row[name] = tuple(row[name])
    row["bot_user_id"] = row["bot_user_id"] or ""
    row["number"] = row["number"] or 0
    return KeyRecord(**row, read_at=read_at)


class KeyCache:
    """Records by key id: at most 5,000, each for 30 seconds after it was read. `clock` returns monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._records: TLRUCache[str, KeyRecord] = TLRUCache(
            MAX_KEYS, ttu=lambda _key_id, record, _now: record.read_at + MAX_AGE_SECONDS, timer=clock
        )

    def get(self, key_id: str) -> KeyRecord | None:
        with self._lock:
            return self._records.get(key_id)

    def put(self, record: KeyRecord) -> None:
        with self._lock:
            self._records[record.key_id] = record

    def drop(self, key_id: str) -> None:
        with self._lock:
            self._records.pop(key_id, None)

    def clear(self) -> None:
        with self._lock:
            self._records.clear()


local_cache = KeyCache()

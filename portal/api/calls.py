"""A call that was let in: what an operation works with, and what becomes of its calls to Pumble. Nothing of HTTP is here."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db import connection

from keys.exceptions import OwnerNotAuthorized
from keys.key_cache import KeyRecord
from keys.limits import CallBudget, PumbleQuota
from pumble_bridge import client, clients, deadline, resilience
from pumble_bridge.client import PumbleClient


@dataclass(frozen=True)
class ApiCall:
    """The key, Pumble as its owner, and Pumble as the app's bot."""

    key: KeyRecord
    pumble: PumbleClient
    observer: "CallObserver"

    @property
    def owner_id(self) -> str:
        return self.key.owner_pumble_id

    @property
    def bot_user_id(self) -> str:
        return self.key.bot_user_id

    @cached_property
    def bot(self) -> PumbleClient:
        """
        Raises:
            OwnerNotAuthorized: the bot's token cannot be read.
        """
        return _usable(clients.client_for_key_bot(self.key, self.observer.for_sender("bot")))

    def allows(self, channel_id: str) -> bool:
        """Return whether the key may touch and see this channel."""
        return self.key.channels is None or channel_id in self.key.channels


@dataclass(slots=True)
class CallObserver:
    """What the calls to Pumble take from the limits, and whether they change something.

    Attributes:
        wrote: a request that changes something was about to leave.
        would_send: in a dry run, the requests that would have left: `{as, method, path, body}`.
    """

    budget: CallBudget
    wrote: bool = False
    would_send: list[dict[str, Any]] = field(default_factory=list)

    def for_sender(self, sender: str) -> "SenderObserver":
        """Return the observer of one of the two in whose name calls are made: `owner` or `bot`."""
        return SenderObserver(self, sender)


@dataclass(frozen=True, slots=True)
class SenderObserver:
    call: CallObserver
    sender: str

    def before(self, quota: PumbleQuota | None, *, changes: bool) -> None:
        """
        Raises:
            RateLimited.
        """
        self.call.budget.take_of_pumble(quota, changes=changes)

    def writes(self, method: str, path: str, body: dict[str, Any] | None) -> bool:
        """Return whether the request may leave."""
        if self.call.budget.rehearsal:
            self.call.would_send.append({"as": self.sender, "method": method, "path": path, "body": body})
            return False
        self.call.wrote = True
        return True


def open_call(key: KeyRecord, observer: CallObserver) -> ApiCall:
    """Return the call that this key opens. Nothing is asked of the database or of Pumble.

    Raises:
        OwnerNotAuthorized: there is no token to act with.
    """
    if key.encrypted_bot_token is None:
        raise OwnerNotAuthorized
    return ApiCall(key, _usable(clients.client_for_key_owner(key, observer.for_sender("owner"))), observer)


@contextlib.contextmanager
def asking_pumble(call: ApiCall) -> Iterator[None]:
    """Hold the deadline of the call, and one of its workspace's slots, while the block asks Pumble.

    Raises:
        PumbleNotAsked: there is no slot.
    """
    connection.close_if_unusable_or_obsolete()  # a call that waits for Pumble needs none, and others do
    with deadline.within(client.CALL_TIMEOUT), resilience.CALLS.slot(call.key.workspace_id):
        yield


def _usable(pumble: PumbleClient | None) -> PumbleClient:
    if pumble is None:
        raise OwnerNotAuthorized
    return pumble

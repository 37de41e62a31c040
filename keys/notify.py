"""What the domain wants said: whose view of their keys is no longer true. Who shows keys registers a listener."""

import functools
from typing import Protocol

from django.db import transaction

from keys.models import Member


class Listener(Protocol):
    def __call__(self, member: Member) -> None:
        """Something that `member` sees of themselves or their keys changed; the change is committed."""


_listeners: list[Listener] = []


def register(listener: Listener) -> None:
    if listener not in _listeners:
        _listeners.append(listener)


def changed(member: Member) -> None:
    """Tell the listeners once the transaction is through. What fails there is logged and undoes nothing."""
    for listener in _listeners:
        transaction.on_commit(functools.partial(listener, member), robust=True)

"""Each person's open modals, from bottom to top; at most three. Source: Pumble app platform reference, 4.1."""

import threading
from dataclasses import dataclass
from typing import Any

from sandbox.ids import new_id

MAX_DEPTH = 3


class TooManyModals(Exception):
    """Three modals are open already."""


@dataclass(slots=True)
class Modal:
    app_id: str
    channel_id: str
    view: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.view["id"])


class ModalStore:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stacks: dict[str, list[Modal]] = {}

    def stack_of(self, person_id: str) -> list[Modal]:
        with self._lock:
            return list(self._stacks.get(person_id, []))

    def find(self, person_id: str, view_id: str) -> Modal | None:
        return next((modal for modal in self.stack_of(person_id) if modal.id == view_id), None)

    def close_all(self, person_id: str) -> None:
        """Close all of a person's modals without a hook, as a reload of the page does."""
        with self._lock:
            self._stacks.pop(person_id, None)

    def is_on_top(self, person_id: str, view_id: str) -> bool:
        """Return whether this is the topmost modal. Only that one can be used."""
        return [modal.id for modal in self.stack_of(person_id)][-1:] == [view_id]

    def open(self, person_id: str, app_id: str, channel_id: str, view: dict[str, Any]) -> None:
        """Close all modals and open this one."""
        with self._lock:
            self._stacks[person_id] = [Modal(app_id, channel_id, _with_new_id(view))]

    def push(self, person_id: str, app_id: str, channel_id: str, view: dict[str, Any]) -> None:
        """Open a modal on top of the others.

        Raises:
            TooManyModals: three are open already.
        """
        with self._lock:
            stack = self._stacks.setdefault(person_id, [])
            if len(stack) >= MAX_DEPTH:
                raise TooManyModals
            stack.append(Modal(app_id, channel_id, _with_new_id(view)))

    def replace(self, person_id: str, view_id: str, view: dict[str, Any]) -> bool:
        """Replace a modal with `view` under a new id. Return False if it is not open."""
        with self._lock:
            for modal in self._stacks.get(person_id, []):
                if modal.id == view_id:
                    modal.view = _with_new_id(_pick(modal, "parentViewId") | view)
                    return True
            return False

    def update(self, person_id: str, app_id: str, view_id: str, view: dict[str, Any]) -> bool:
        """Update an app's own modal. Its id and parent stay. Return False if the app has no such modal open."""
        with self._lock:
            for modal in self._stacks.get(person_id, []):
                if modal.id == view_id and modal.app_id == app_id:
                    unchanged = _pick(modal, "id", "parentViewId")
                    modal.view = {"state": {"values": {}}, **view, **unchanged, "type": "MODAL"}
                    return True
            return False

    def close(self, person_id: str, view_id: str) -> None:
        """Close a modal and all modals on top of it."""
        with self._lock:
            stack = self._stacks.get(person_id, [])
            for depth, modal in enumerate(stack):
                if modal.id == view_id:
                    del stack[depth:]
                    return

    def clear(self) -> None:
        with self._lock:
            self._stacks.clear()


def _pick(modal: Modal, *names: str) -> dict[str, Any]:
    return {name: modal.view[name] for name in names if name in modal.view}


def _with_new_id(view: dict[str, Any]) -> dict[str, Any]:
    return {"state": {"values": {}}, **view, "type": "MODAL", "id": new_id()}


MODALS = ModalStore()

"""Sign-ins that wait for the code from the mail."""

import hmac
import secrets
import threading
from dataclasses import dataclass, field

from sandbox.ids import new_id

CAPACITY = 1000
ATTEMPTS = 5


@dataclass(slots=True)
class Lead:
    id: str
    email: str
    code: str = field(repr=False)
    attempts: int = 0
    activated: bool = False


class Leads:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Lead] = {}

    def begin(self, email: str) -> Lead:
        lead = Lead(new_id(), email, f"{secrets.randbelow(10**6):06d}")
        with self._lock:
            while len(self._kept) >= CAPACITY:
                del self._kept[next(iter(self._kept))]
            self._kept[lead.id] = lead
        return lead

    def activate(self, lead_id: str, email: str, code: str) -> bool:
        """Whether this was the code; after five wrong ones no code is."""
        with self._lock:
            lead = self._kept.get(lead_id)
            if lead is None or lead.email != email or lead.attempts >= ATTEMPTS:
                return False
            lead.attempts += 1
            lead.activated = hmac.compare_digest(lead.code.encode(), code.encode())
            return lead.activated

    def take(self, lead_id: str) -> Lead | None:
        """The lead, if its code was given; it signs in once."""
        with self._lock:
            lead = self._kept.get(lead_id)
            return self._kept.pop(lead_id) if lead is not None and lead.activated else None

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


LEADS = Leads()

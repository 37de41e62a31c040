"""Signing in as the command line tool does. Source: Pumble app platform reference, 1.4 (session endpoints)."""

import hmac
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any

from sandbox import messages
from sandbox.developers import jwt
from sandbox.developers.endpoint import ACCESS, EXCHANGE, REFRESH, Visit, active
from sandbox.exceptions import Invalid, NotFound, Unauthorized
from sandbox.ids import new_id
from sandbox.models import HUMAN, Channel, Person, Workspace
from sandbox.rest import fields

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


EXCHANGE_SECONDS, ACCESS_SECONDS, REFRESH_SECONDS = 300, 3600, 30 * 24 * 3600
YOUR_CODE = "Your code to sign in is {code}."
MOST = 2000


def begin(visit: Visit) -> dict[str, Any]:
    """The code that Pumble would mail: no mail leaves this machine, so it is whispered in one's own notes.

    An unknown address gets an id too, and no code.
    """
    email = fields.text(visit.body(), "email", least=1, most=254).strip().lower()
    lead = LEADS.begin(email)
    for person in _people(email):
        notes = Channel.objects.filter(channel_type=Channel.Type.SELF, memberships__person=person).first()
        if notes is not None:
            messages.whisper_from_pumble(notes, person.id, YOUR_CODE.format(code=lead.code))
    return {"id": lead.id}


def activate(visit: Visit) -> dict[str, Any]:
    body = visit.body()
    email = fields.text(body, "email", least=1, most=254).strip().lower()
    lead_id = fields.text(body, "leadId", most=100)
    if not LEADS.activate(lead_id, email, fields.text(body, "code", most=20)):
        raise Invalid("Invalid code")
    return {"id": lead_id}


def login(visit: Visit) -> dict[str, Any]:
    """The workspaces of the person behind the address, each with a token to exchange for a session there."""
    lead = LEADS.take(fields.text(visit.body(), "leadId", most=100))
    if lead is None:
        raise Unauthorized
    return {
        "items": [
            {
                "workspace": _workspace(person.workspace),
                "workspaceUser": {"id": person.id},
                "exchangeToken": jwt.issue(EXCHANGE, person.id, EXCHANGE_SECONDS),
            }
            for person in _people(lead.email)
        ]
    }


def exchange(visit: Visit, workspace_id: str) -> dict[str, str]:
    return _session(visit, workspace_id, EXCHANGE, "exchangeToken")


def refresh(visit: Visit, workspace_id: str) -> dict[str, str]:
    return _session(visit, workspace_id, REFRESH, "refreshToken")


def info(visit: Visit, workspace_id: str) -> dict[str, str]:
    """Asked without a session."""
    workspace = Workspace.objects.filter(pk=workspace_id).first()
    if workspace is None:
        raise NotFound
    return _workspace(workspace)


def member(visit: Visit, workspace_id: str, person_id: str) -> dict[str, str]:
    """Asked without a session."""
    person = active(person_id)
    if person is None or person.workspace_id != workspace_id:
        raise NotFound
    return {"id": person.id, "name": person.name, "email": person.email}


def _session(visit: Visit, workspace_id: str, kind: str, name: str) -> dict[str, str]:
    person = active(jwt.person_of(kind, fields.text(visit.body(), name, most=MOST)))
    if person is None or person.workspace_id != workspace_id:
        raise Unauthorized
    return {
        "token": jwt.issue(ACCESS, person.id, ACCESS_SECONDS),
        "refreshToken": jwt.issue(REFRESH, person.id, REFRESH_SECONDS),
    }


def _people(email: str) -> list[Person]:
    rows = Person.objects.filter(HUMAN, email=email, status=Person.Status.ACTIVATED)
    return list(rows.select_related("workspace").order_by("id"))


def _workspace(row: Workspace) -> dict[str, str]:
    return {"id": row.id, "name": row.name}

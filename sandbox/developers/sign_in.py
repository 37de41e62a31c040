"""Signing in with the command line tool. Source: Pumble app platform reference, 1.4 (session endpoints)."""

import hmac
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any

from sandbox import messages
from sandbox.developers import jwt
from sandbox.developers.endpoint import ACCESS, EXCHANGE, REFRESH, PublicCall, get_active_person
from sandbox.exceptions import NotFound, Unauthorized, ValidationError
from sandbox.ids import new_id
from sandbox.models import HUMAN, Channel, Person, Workspace
from sandbox.rest import fields

MAX_LEADS = 1000
MAX_ATTEMPTS = 5


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
        self._leads: dict[str, Lead] = {}

    def create(self, email: str) -> Lead:
        lead = Lead(new_id(), email, f"{secrets.randbelow(10**6):06d}")
        with self._lock:
            while len(self._leads) >= MAX_LEADS:
                del self._leads[next(iter(self._leads))]
            self._leads[lead.id] = lead
        return lead

    def activate(self, lead_id: str, email: str, code: str) -> bool:
        """Return whether the code is right. After five attempts no code is."""
        with self._lock:
            lead = self._leads.get(lead_id)
            if lead is None or lead.email != email or lead.attempts >= MAX_ATTEMPTS:
                return False
            lead.attempts += 1
            lead.activated = hmac.compare_digest(lead.code.encode(), code.encode())
            return lead.activated

    def pop_activated(self, lead_id: str) -> Lead | None:
        """Return and remove the lead if its code was entered. It signs in once."""
        with self._lock:
            lead = self._leads.get(lead_id)
            return self._leads.pop(lead_id) if lead is not None and lead.activated else None

    def clear(self) -> None:
        with self._lock:
            self._leads.clear()


LEADS = Leads()


EXCHANGE_TOKEN_LIFETIME, ACCESS_TOKEN_LIFETIME, REFRESH_TOKEN_LIFETIME = 300, 3600, 30 * 24 * 3600
YOUR_CODE = "Your code to sign in is {code}."
MAX_TOKEN_LENGTH = 2000


def request_code(call: PublicCall) -> dict[str, Any]:
    """Send a code to each person with this e-mail address.

    No mail leaves this machine, so the code is an ephemeral message in the person's own channel. An unknown address gets
    an id and no code.
    """
    email = fields.text(call.body(), "email", minimum=1, maximum=254).strip().lower()
    lead = LEADS.create(email)
    for person in _people(email):
        notes = Channel.objects.filter(channel_type=Channel.Type.SELF, memberships__person=person).first()
        if notes is not None:
            messages.send_ephemeral_from_pumble(notes, person.id, YOUR_CODE.format(code=lead.code))
    return {"id": lead.id}


def activate(call: PublicCall) -> dict[str, Any]:
    body = call.body()
    email = fields.text(body, "email", minimum=1, maximum=254).strip().lower()
    lead_id = fields.text(body, "leadId", maximum=100)
    if not LEADS.activate(lead_id, email, fields.text(body, "code", maximum=20)):
        raise ValidationError("Invalid code")
    return {"id": lead_id}


def login(call: PublicCall) -> dict[str, Any]:
    """List the workspaces of the person, each with a token to exchange for a session there."""
    lead = LEADS.pop_activated(fields.text(call.body(), "leadId", maximum=100))
    if lead is None:
        raise Unauthorized
    return {
        "items": [
            {
                "workspace": _workspace(person.workspace),
                "workspaceUser": {"id": person.id},
                "exchangeToken": jwt.issue(EXCHANGE, person.id, EXCHANGE_TOKEN_LIFETIME),
            }
            for person in _people(lead.email)
        ]
    }


def exchange(call: PublicCall, workspace_id: str) -> dict[str, str]:
    return _issue_tokens(call, workspace_id, EXCHANGE, "exchangeToken")


def refresh(call: PublicCall, workspace_id: str) -> dict[str, str]:
    return _issue_tokens(call, workspace_id, REFRESH, "refreshToken")


def workspace_info(call: PublicCall, workspace_id: str) -> dict[str, str]:
    """Return the workspace. This call has no authentication."""
    workspace = Workspace.objects.filter(pk=workspace_id).first()
    if workspace is None:
        raise NotFound
    return _workspace(workspace)


def member_info(call: PublicCall, workspace_id: str, person_id: str) -> dict[str, str]:
    """Return the person. This call has no authentication."""
    person = get_active_person(person_id)
    if person is None or person.workspace_id != workspace_id:
        raise NotFound
    return {"id": person.id, "name": person.name, "email": person.email}


def _issue_tokens(call: PublicCall, workspace_id: str, kind: str, name: str) -> dict[str, str]:
    person = get_active_person(jwt.verify(kind, fields.text(call.body(), name, maximum=MAX_TOKEN_LENGTH)))
    if person is None or person.workspace_id != workspace_id:
        raise Unauthorized
    return {
        "token": jwt.issue(ACCESS, person.id, ACCESS_TOKEN_LIFETIME),
        "refreshToken": jwt.issue(REFRESH, person.id, REFRESH_TOKEN_LIFETIME),
    }


def _people(email: str) -> list[Person]:
    rows = Person.objects.filter(HUMAN, email=email, status=Person.Status.ACTIVATED)
    return list(rows.select_related("workspace").order_by("id"))


def _workspace(row: Workspace) -> dict[str, str]:
    return {"id": row.id, "name": row.name}

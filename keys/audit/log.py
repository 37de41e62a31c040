"""Recording of audit events, in the transaction of the change: without its event, a change is rolled back."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db import transaction

from keys import chain_numbers, key_format, signals
from keys.audit import verifier
from keys.models import ApiKey, AuditAddress, AuditChain, AuditEvent, Member, Workspace

Surface = AuditEvent.Surface
Type = AuditEvent.Type


# Events that change nothing that a call with a key depends on. Only these may be recorded outside a transaction.
_EVENTS_WITHOUT_CHANGE = frozenset(
    {
        Type.KEY_IDENTIFIED,
        Type.MEMBER_SIGNED_IN,
        Type.MEMBER_SIGNED_OUT,
        Type.RIGHTS_REFUSED,
        Type.OPERATOR_SIGNED_IN,
        Type.OPERATOR_SIGN_IN_REFUSED,
        Type.OPERATOR_SIGNED_OUT,
        Type.OPERATOR_LOOKED,
        Type.AUDIT_EXPORTED,
    }
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and through which surface.

    Attributes:
        member: None for operators on the command line, maintenance and Pumble.
        address: the client's; None if it is unknown.
        key: the key that changes keys over HTTP, if one does. `member` is its owner, but the rights are those of the key.
    """

    member: Member | None
    surface: AuditEvent.Surface
    address: str | None = None
    request_id: str = ""
    key: ApiKey | None = None


OPERATOR = Actor(member=None, surface=Surface.CLI)
MAINTENANCE = Actor(member=None, surface=Surface.SYSTEM)
PUMBLE = Actor(member=None, surface=Surface.PUMBLE)


def record(
    event_type: AuditEvent.Type,
    *,
    workspace: Workspace | None,
    by: Actor,
    now: datetime,
    key: ApiKey | None = None,
    member: Member | None = None,
    **detail: Any,
) -> AuditEvent:
    """Append an event to the chain of the workspace, and return it. Send `audit_event_recorded` after the commit.

    The chain stays locked until the end of the transaction, so take all other locks before. The first action after the
    commit invalidates the cached keys of all processes.

    Args:
        workspace: None for the chain of the installation.
        detail: JSON values, such as the state before and after. `by_key` names the key that did it, if a key did. Nothing secret, and no name or e-mail of a person: refer to
            people by Pumble's ids. Addresses only in lists named `allowed_addresses`.

    Raises:
        TransactionManagementError: the event belongs to a change, and there is no transaction.
    """
    if event_type not in _EVENTS_WITHOUT_CHANGE and not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            f"{event_type} is recorded outside its change's transaction"
        )
    if by.key is not None:
        detail |= {"by_key": by.key.key_id, "by_key_name": by.key.name}
    addresses: list[AuditAddress] = []
    with transaction.atomic(savepoint=False):
        chain = lock_chain(workspace.pumble_id if workspace else AuditChain.INSTALLATION)
        event = AuditEvent(
            chain=chain,
            number=chain.number + 1,
            previous=chain.digest,
            type=event_type,
            surface=by.surface,
            actor_ref=actor_reference(by.member),
            member_ref=actor_reference(member),
            key_ref=key.key_id if key else "",
            detail=_sanitize_detail(detail, _pseudonymizer(addresses, member=member)),
            address_pseudonym=_pseudonymizer(addresses, member=by.member or member)(by.address)
            if by.address
            else "",
            request_id=by.request_id,
            at=now,
            workspace=workspace,
            actor=by.member,
            member=member,
            key=key,
        )
        event.digest = verifier.compute_digest(canonical_content(event))
        event.save(force_insert=True)
        for row in addresses:
            row.event = event
        if addresses:
            AuditAddress.objects.bulk_create(addresses)
        if workspace is not None:
            transaction.on_commit(partial(chain_numbers.raise_number, chain.name, event.number), robust=True)
        send_signal = partial(signals.audit_event_recorded.send_robust, sender=AuditEvent, event=event)
        transaction.on_commit(send_signal, robust=True)
    return event


def canonical_content(event: AuditEvent) -> verifier.Record:
    """Return the part of the event that its digest covers."""
    return {
        "chain": event.chain_id,
        "number": event.number,
        "at": format_time(event.at),
        "type": str(event.type),
        "surface": str(event.surface),
        "actor": event.actor_ref,
        "member": event.member_ref,
        "key": event.key_ref,
        "detail": event.detail,
        "address": event.address_pseudonym,
        "request_id": event.request_id,
        "previous": event.previous,
    }


def actor_reference(member: Member | None) -> str:
    """Return how events refer to a person: by Pumble's user id, or `operator:USERNAME`; "" for None."""
    if member is None:
        return ""
    return member.pumble_user_id or f"operator:{member.username}"


def format_time(at: datetime) -> str:
    """Return the time in UTC with microseconds, as digests cover it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def lock_chain(name: str) -> AuditChain:
    """Return the chain, created if it is missing, and locked until the end of the transaction."""
    locked = AuditChain.objects.select_for_update(no_key=True).filter(pk=name)
    chain = locked.first()
    if chain is None:
        AuditChain.objects.bulk_create([AuditChain(name=name)], ignore_conflicts=True)
        chain = locked.get()
    return chain


def _pseudonymizer(rows: list[AuditAddress], *, member: Member | None) -> Callable[[str], str]:
    """Return the function that replaces an address by its pseudonym. It appends the row that keeps the address to `rows`."""
    salt = secrets.token_hex(16)
    known: dict[str, str] = {}

    def pseudonymize(address: str) -> str:
        if address not in known:
            known[address] = verifier.pseudonymize_address(address, salt)
            rows.append(AuditAddress(member=member, pseudonym=known[address], salt=salt, address=address))
        return known[address]

    return pseudonymize


def _sanitize_detail(value: Any, pseudonymize: Callable[[str], str]) -> Any:
    """Return `value` fit to be kept: without API keys or addresses, and without characters that a database changes."""
    if isinstance(value, str):
        return key_format.redact(value.replace("\x00", "").encode("utf-8", "replace").decode())
    if isinstance(value, dict):
        return {
            str(name): [pseudonymize(str(address)) for address in item or ()]
            if name == "allowed_addresses"
            else _sanitize_detail(item, pseudonymize)
            for name, item in value.items()
        }
    return (
        [_sanitize_detail(item, pseudonymize) for item in value] if isinstance(value, list | tuple) else value
    )

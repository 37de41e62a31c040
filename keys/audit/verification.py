"""Verification of the chains in the database, and comparison with an export."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice

from django.db import connection
from django.db.models import F, Max, Q

from keys.audit import export, triggers
from keys.audit.verifier import ChainBroken, ChainVerifier, Record
from keys.models import AuditChain, AuditEvent, AuditVerification

_BATCH_SIZE = 500


def verify_and_record(
    chain: AuditChain, *, now: datetime, through: Callable[[Iterator[Record]], Iterable[Record]] = iter
) -> AuditVerification:
    """Verify the chain and its triggers, store the result, and return it. See `verify_chain`."""
    events, problem = 0, ""
    if missing := triggers.find_missing(connection):
        problem = missing_triggers_text(missing)
    else:
        try:
            events = verify_chain(chain, through=through).events
        except ChainBroken as broken:
            problem = str(broken)
    result = {"at": now, "events": events, "problem": problem}
    return AuditVerification.objects.update_or_create(chain=chain, defaults=result)[0]


def missing_triggers_text(missing: Iterable[str]) -> str:
    return f"the triggers that protect the audit events are missing: {', '.join(missing)}; run `migrate` to create them"


def verify_chain(
    chain: AuditChain, *, through: Callable[[Iterator[Record]], Iterable[Record]] = iter
) -> ChainVerifier:
    """Verify the events of the chain that were not pruned, up to the last one at the start. Return the verifier.

    Args:
        through: an iterator that the events pass through, such as a progress bar.

    Raises:
        ChainBroken: an event was altered. The text names the first one.
    """
    chain_verifier = ChainVerifier(chain.name)
    for chain_range in export.chain_ranges([chain]):
        for record in through(export.records(chain_range.events)):
            chain_verifier.feed(record)
    try:
        chain_verifier.finish(chain.number, chain.digest)
    except ChainBroken:
        now = AuditChain.objects.filter(pk=chain.pk).first()
        if now is not None and now.pruned_number > chain.pruned_number:  # retention ran meanwhile
            return verify_chain(now, through=through)
        raise
    _check_references(chain)
    _check_end(chain)
    return chain_verifier


def _check_end(chain: AuditChain) -> None:
    """Raise ChainBroken if the chain has an event after its end. An event and the end are written together."""
    last = AuditEvent.objects.filter(chain=chain).aggregate(last=Max("number"))["last"] or 0
    now = AuditChain.objects.get(pk=chain.pk)
    if last > now.number:
        raise ChainBroken(f"event {now.number + 1} of {chain.name} is after the end of its chain")


def _check_references(chain: AuditChain) -> None:
    """Raise ChainBroken if a foreign key, by which pages find events, does not match the reference in the event.

    Operators can change their username, so their references are not compared.
    """
    installation = chain.name == AuditChain.INSTALLATION
    wrong = Q(workspace__isnull=not installation) | ~Q(workspace=None) & ~Q(workspace__pumble_id=chain.name)
    wrong |= Q(key=None) & ~Q(key_ref="") | ~Q(key=None) & ~Q(key_ref=F("key__key_id"))
    wrong |= Q(actor=None) & ~Q(actor_ref="") | _refers_to_other("actor")
    wrong |= Q(member=None) & ~Q(member_ref="") | _refers_to_other("member")
    events = AuditEvent.objects.filter(wrong, chain=chain).order_by("number")
    number = events.values_list("number", flat=True).first()
    if number is not None:
        raise ChainBroken(
            f"event {number} of {chain.name} was changed: its foreign keys do not match its references"
        )


def _refers_to_other(who: str) -> Q:
    of_a_workspace = Q(**{f"{who}__pumble_user_id__isnull": False})
    return of_a_workspace & ~Q(**{f"{who}_ref": F(f"{who}__pumble_user_id")})


def missing_events(records: Iterable[Record]) -> Iterator[Record]:
    """Yield the events of an export that the database does not have, except those that retention deleted."""
    entries = (record for record in records if record["number"])
    while batch := list(islice(entries, _BATCH_SIZE)):
        names = {record["chain"] for record in batch}
        pruned = dict(AuditChain.objects.filter(pk__in=names).values_list("name", "pruned_number"))
        existing = set(
            AuditEvent.objects.filter(
                chain__in=names, number__in=[record["number"] for record in batch]
            ).values_list("chain_id", "number", "digest")
        )
        for record in batch:
            known = (record["chain"], record["number"], record["digest"]) in existing
            if not known and record["number"] > pruned.get(record["chain"], 0):
                yield record

"""Whether the chains in the database are as they were written, and what they lack of an export."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from django.db.models import F, Max, Q

from keys.audit import export
from keys.audit.verifier import ChainBroken, ChainVerifier, Record
from keys.models import AuditChain, AuditEvent

_BATCH_SIZE = 500


def verify_chain(
    chain: AuditChain, *, through: Callable[[Iterator[Record]], Iterable[Record]] = iter
) -> ChainVerifier:
    """Every event of the chain that was not pruned, up to the one that was its last when this began.

    Args:
        through: what the events pass through on their way, such as a progress bar.

    Raises:
        Broken: names the first event that is not as it was written.
    """
    walk = ChainVerifier(chain.name)
    for span in export.chain_ranges([chain]):
        for record in through(export.records(span.events)):
            walk.feed(record)
    try:
        walk.finish(chain.number, chain.digest)
    except ChainBroken:
        now = AuditChain.objects.filter(pk=chain.pk).first()
        if now is not None and now.pruned_number > chain.pruned_number:  # retention came in between
            return verify_chain(now, through=through)
        raise
    _check_references(chain)
    _check_end(chain)
    return walk


def _check_end(chain: AuditChain) -> None:
    """No event stands behind the end: an event and the end that it moves come together."""
    last = AuditEvent.objects.filter(chain=chain).aggregate(last=Max("number"))["last"] or 0
    now = AuditChain.objects.get(pk=chain.pk)
    if last > now.number:
        raise ChainBroken(f"event {now.number + 1} of {chain.name} stands behind the end of its chain")


def _check_references(chain: AuditChain) -> None:
    """The foreign keys, by which pages find events, lead to what the texts tell of. Operators may take other names."""
    installation = chain.name == AuditChain.INSTALLATION
    wrong = Q(workspace__isnull=not installation) | ~Q(workspace=None) & ~Q(workspace__pumble_id=chain.name)
    wrong |= Q(key=None) & ~Q(key_ref="") | ~Q(key=None) & ~Q(key_ref=F("key__key_id"))
    wrong |= Q(actor=None) & ~Q(actor_ref="") | _refers_to_other("actor")
    wrong |= Q(member=None) & ~Q(member_ref="") | _refers_to_other("member")
    events = AuditEvent.objects.filter(wrong, chain=chain).order_by("number")
    number = events.values_list("number", flat=True).first()
    if number is not None:
        raise ChainBroken(f"event {number} of {chain.name} was changed: it leads to another than it tells of")


def _refers_to_other(who: str) -> Q:
    of_a_workspace = Q(**{f"{who}__pumble_user_id__isnull": False})
    return of_a_workspace & ~Q(**{f"{who}_ref": F(f"{who}__pumble_user_id")})


def missing_events(records: Iterable[Record]) -> Iterator[Record]:
    """The events of an export that the database does not have like this; those that retention removed aside."""
    entries = (record for record in records if record["number"])
    while batch := list(islice(entries, _BATCH_SIZE)):
        names = {record["chain"] for record in batch}
        pruned = dict(AuditChain.objects.filter(pk__in=names).values_list("name", "pruned_number"))
        there = set(
            AuditEvent.objects.filter(
                chain__in=names, number__in=[record["number"] for record in batch]
            ).values_list("chain_id", "number", "digest")
        )
        for record in batch:
            known = (record["chain"], record["number"], record["digest"]) in there
            if not known and record["number"] > pruned.get(record["chain"], 0):
                yield record

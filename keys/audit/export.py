"""Streamed exports of audit events: JSON Lines, or CSV without cells that a spreadsheet could take for formulas.

`keys.audit.verifier` reads and verifies both. Memory use does not grow with the number of events.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Min, QuerySet

from keys.audit import verifier
from keys.audit.log import format_time
from keys.models import AuditAddress, AuditChain, AuditEvent

CONTENT_TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
_BATCH_SIZE = 500
_FIELDS = (
    *("chain_id", "number", "at", "type", "surface", "actor_ref", "member_ref", "key_ref"),
    *("detail", "address_pseudonym", "request_id", "previous", "digest"),
)


@dataclass(frozen=True, slots=True)
class ChainRange:
    """A range of events of one chain that an export contains without gaps.

    Attributes:
        first: the number of the first event; None if the range begins with the first event that was not pruned.
        after: the number before the range.
        number, digest: those of the last event.
    """

    chain: str
    first: int | None
    after: int
    number: int
    digest: str

    @property
    def count(self) -> int:
        return self.number - self.after

    @property
    def events(self) -> QuerySet[AuditEvent]:
        return AuditEvent.objects.filter(chain=self.chain, number__gt=self.after, number__lte=self.number)

    @property
    def declaration(self) -> dict[str, Any]:
        return {"from": self.first or "start", "number": self.number, "digest": self.digest}


def chain_ranges(chains: Iterable[AuditChain], since: datetime | None = None) -> list[ChainRange]:
    """Return the ranges that the chains have now, from the first event at or after `since`. Omit chains without events."""
    ranges = []
    for chain in chains:
        first = None
        if since is not None:
            recent = AuditEvent.objects.filter(chain=chain, at__gte=since)
            first = recent.aggregate(first=Min("number"))["first"]
            if first is None:
                continue
        after = first - 1 if first else chain.pruned_number
        if after < chain.number:
            ranges.append(ChainRange(chain.name, first, after, chain.number, chain.digest))
    return ranges


def export_events(events: QuerySet[AuditEvent], form: str) -> Iterator[str]:
    """Yield the lines of an export of filtered events, which may have gaps. `form` is `jsonl` or `csv`."""
    return _format_lines(records(events), {}, form)


def export_ranges(ranges: Iterable[ChainRange], form: str) -> Iterator[str]:
    """Yield the lines of an export that declares to have no gaps in the ranges. `form` is `jsonl` or `csv`."""
    ranges = list(ranges)
    events = (record for chain_range in ranges for record in records(chain_range.events))
    return _format_lines(events, {chain_range.chain: chain_range.declaration for chain_range in ranges}, form)


def records(events: QuerySet[AuditEvent]) -> Iterator[verifier.Record]:
    """Yield each event in the form of `keys.audit.verifier`, by chain and number."""
    rows = events.order_by("chain_id", "number").values_list("pk", *_FIELDS).iterator(chunk_size=_BATCH_SIZE)
    while batch := list(islice(rows, _BATCH_SIZE)):
        addresses: dict[int, dict[str, str]] = {}
        kept = AuditAddress.objects.filter(event__in=[pk for pk, *_ in batch])
        for pk, address, salt in kept.values_list("event_id", "address", "salt"):
            addresses.setdefault(pk, {})[address] = salt
        for pk, *values in batch:
            record = dict(zip((*verifier.CONTENT, "digest"), values, strict=True))
            record["at"] = format_time(record["at"])
            record["addresses"] = addresses.get(pk, {})
            yield record


def _format_lines(events: Iterable[verifier.Record], declared: dict[str, Any], form: str) -> Iterator[str]:
    write = {"jsonl": _json_line, "csv": _csv_line}[form]
    if form == "csv":
        yield _row(verifier.COLUMNS)
    yield write(_entry(verifier.BEGUN, {"chains": declared}))
    count = 0
    for record in events:
        yield write(record)
        count += 1
    yield write(_entry(verifier.ENDED, {"events": count}))


def _entry(kind: str, detail: dict[str, Any]) -> verifier.Record:
    """Return an entry of an export that is no event."""
    blank: verifier.Record = dict.fromkeys(verifier.COLUMNS, "")
    return blank | {"number": 0, "type": kind, "detail": detail, "addresses": {}}


def _json_line(record: verifier.Record) -> str:
    return json.dumps({name: record[name] for name in verifier.COLUMNS}, separators=(",", ":")) + "\n"


def _csv_line(record: verifier.Record) -> str:
    cells = (record[name] for name in verifier.COLUMNS)
    return _row(cell if isinstance(cell, str) else json.dumps(cell) for cell in cells)


class _Echo:
    """A file object whose `write` returns the text."""

    def write(self, text: str) -> str:
        return text


def _row(cells: Iterable[str]) -> str:
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
    written: Any = writer.writerow([verifier.escape_formula(cell) for cell in cells])
    return str(written)

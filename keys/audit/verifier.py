#!/usr/bin/env python3
"""Verify the chain of audit events, in an export or from a database.

This file needs nothing but Python: `python verifier.py export.jsonl` (or `.csv`). Exit status 0: nothing was changed. 1:
something was changed, and the first event is named. 2: the file is no export.

An event is a dict with the names in `CONTENT`, whose values are texts except `number` and `detail`, and with `digest` and
`addresses`. The digest is the SHA-256 of the content as JSON with sorted names, no spaces and ASCII only. The content has the
digest of the previous event of the chain. The first event follows the empty digest. If old events were deleted by
retention, an `audit.checkpoint` event that is still there records the last of them.

Addresses of people stand in the content as pseudonyms: the SHA-256 of salt and address. So an address can be erased and the
chain still verifies. `addresses` has those that were not erased, each with its salt.

An export begins and ends with an entry that is no event. The first declares for each complete chain which numbers it has. A
chain without a declaration was filtered, and may have gaps.
"""

import csv
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TextIO

CONTENT = (
    "chain",
    "number",
    "at",
    "type",
    "surface",
    "actor",
    "member",
    "key",
    "detail",
    "address",
    "request_id",
    "previous",
)
COLUMNS = (*CONTENT, "digest", "addresses")
BEGUN, ENDED = "export.begun", "export.ended"
CHECKPOINT = "audit.checkpoint"
_DECODED = {"number", "detail", "addresses"}  # in CSV each of these cells holds JSON
_MAX_LINE_LENGTH = 16 * 1024 * 1024
_FORMULA = re.compile(r"""['\x00-\x1f]|[\s"']*[=+\-@\uff0b\uff0d\uff1d\uff20]""")

Record = dict[str, Any]


class ChainBroken(Exception):
    """The chain was altered. The text says where and how."""


class InvalidExport(Exception):
    """The file is no export, or so damaged that the event cannot be named."""


def compute_digest(record: Record) -> str:
    """Return the digest of an event with this content, 64 hexadecimal digits."""
    content = {name: record[name] for name in CONTENT}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def pseudonymize_address(address: str, salt: str) -> str:
    """Return the pseudonym of an address."""
    return f"address:{hashlib.sha256(f'{salt}:{address}'.encode()).hexdigest()}"


digest_of, mark_of = compute_digest, pseudonymize_address  # the names that migration 0006 imports


@dataclass
class ChainVerifier:
    """The verification of one chain, event by event in the order of their numbers.

    Attributes:
        whole: whether gaps are errors. Otherwise the parts between gaps are counted as `runs`.
        anchored: whether the first event must be the first of the chain, or follow the last one that a checkpoint records.
        events: how many events were verified.
        first, number: the numbers of the first and the last of them.
        digest: the digest of the last.
    """

    chain: str
    whole: bool = True
    anchored: bool = True
    events: int = 0
    runs: int = 0
    first: int = 0
    number: int = 0
    digest: str = ""
    _before_first: str = ""
    _checkpoints: dict[int, str] = field(default_factory=dict)

    def feed(self, record: Record) -> None:
        """Verify the next event.

        Raises:
            ChainBroken: the event was altered, or does not follow the previous one.
        """
        number, previous = record["number"], record["previous"]
        follows = number == self.number + 1 and previous == self.digest
        if self.events and number <= self.number:
            how = "occurs twice: one of the two was inserted" if number == self.number else "is out of order"
            raise ChainBroken(f"{self._event(number)} {how}")
        if compute_digest(record) != record["digest"]:
            how = "was changed" if follows or not self.events else "was changed or moved"
            raise ChainBroken(f"{self._event(number)} {how}: its digest is not that of its content")
        self._check_addresses(record)
        if not self.events:
            self.first, self._before_first, self.runs = number, previous, 1
            if number == 1 and previous:
                raise ChainBroken(f"{self._event(1)} was not the first event of its chain")
        elif number > self.number + 1:
            if self.whole:
                raise ChainBroken(f"{self._missing(self.number + 1, number - 1)} removed or moved")
            self.runs += 1
        elif not follows:
            raise ChainBroken(
                f"{self._event(self.number)} was replaced, or {number} inserted: {number} was written after another event"
            )
        if record["type"] == CHECKPOINT and isinstance(record["detail"], dict):
            last = record["detail"].get("number")
            if isinstance(last, int):
                self._checkpoints = {last: str(record["detail"].get("digest"))}
        self.events += 1
        self.number, self.digest = number, record["digest"]

    def finish(self, number: int, digest: str) -> None:
        """Verify the end of the chain. `number` and `digest` are those of the last event, or of an earlier one.

        Raises:
            ChainBroken: events are missing at the beginning or at the end.
        """
        missing = self.first - 1
        if self.anchored and missing > 0 and self._checkpoints.get(missing) != self._before_first:
            raise ChainBroken(f"{self._missing(1, missing)} removed, and no checkpoint records that")
        if self.number < number:
            raise ChainBroken(f"{self._missing(self.number + 1, number)} cut off at the end")
        if self.number == number and self.digest != digest:
            raise ChainBroken(
                f"{self._event(number)} is not the event that was written last: the chain was rewritten"
            )

    def _check_addresses(self, record: Record) -> None:
        content = ""
        for address, salt in record["addresses"].items():
            content = content or json.dumps([record["address"], record["detail"]])
            if pseudonymize_address(address, str(salt)) not in content:
                raise ChainBroken(
                    f"{self._event(record['number'])} was changed: {address} is not its address"
                )

    def _event(self, number: int) -> str:
        return f"event {number} of {self.chain}"

    def _missing(self, first: int, last: int) -> str:
        return (
            f"event {first} of {self.chain} was"
            if first == last
            else f"events {first} to {last} of {self.chain} were"
        )


@dataclass
class Verdict:
    """The result of a verification, by chain: what the export declares to be complete, and the verifier of each chain."""

    declared: dict[str, dict[str, Any]]
    chains: dict[str, ChainVerifier]


def verify(records: Iterable[Record]) -> Verdict:
    """Verify an export to its end. Memory use grows only with the number of chains.

    Raises:
        ChainBroken: an event was altered. The text names the first one.
        InvalidExport.
    """
    entries = iter(records)
    begun = next(entries, None)
    if begun is None or begun["type"] != BEGUN:
        raise InvalidExport("the first entry is not the beginning of an export")
    declared = _declarations(begun)
    verdict = Verdict(declared, {})
    ended: Record | None = None
    for record in entries:
        if ended is not None:
            raise ChainBroken("something was added after the end of the export")
        if record["type"] == ENDED:
            ended = record
            continue
        chain = record["chain"]
        if chain not in verdict.chains:
            declaration = declared.get(chain)
            anchored = declaration is not None and declaration["from"] == "start"
            verdict.chains[chain] = ChainVerifier(chain, whole=declaration is not None, anchored=anchored)
        verdict.chains[chain].feed(record)
    _check_end(verdict, ended)
    return verdict


def _check_end(verdict: Verdict, ended: Record | None) -> None:
    for chain, declaration in verdict.declared.items():
        chain_verifier = verdict.chains.setdefault(chain, ChainVerifier(chain))
        if chain_verifier.events and declaration["from"] not in {"start", chain_verifier.first}:
            raise ChainBroken(f"the first events of {chain} that the export declares are missing")
        chain_verifier.finish(declaration["number"], declaration["digest"])
    if ended is None:
        raise ChainBroken("the export was cut off: its last entry is missing")
    declared, count = (
        ended["detail"].get("events"),
        sum(chain_verifier.events for chain_verifier in verdict.chains.values()),
    )
    if declared != count:
        raise ChainBroken(f"the export has {count} events, but its last entry says {declared}")


def _declarations(begun: Record) -> dict[str, dict[str, Any]]:
    """Return the declaration of each chain.

    It has `from`, which is "start" or the number of the first event, and `number` and `digest` of an event that must exist.
    """
    declared = begun["detail"].get("chains")
    is_valid = isinstance(declared, dict) and all(
        isinstance(declaration, dict)
        and isinstance(declaration.get("from"), str | int)
        and isinstance(declaration.get("number"), int)
        and isinstance(declaration.get("digest"), str)
        for declaration in declared.values()
    )
    if not is_valid:
        raise InvalidExport("the first entry does not declare which chains are complete")
    return dict(declared)


def read(stream: TextIO) -> Iterator[Record]:
    """Yield the entries of an export. Open the text `stream` with `newline=""`.

    Raises:
        InvalidExport: an entry that cannot be read.
    """
    start = stream.read(1)
    lines = _lines(start, stream)
    return _read_jsonl(lines) if start == "{" else _read_csv(lines)


def _lines(start: str, stream: TextIO) -> Iterator[str]:
    while line := start + stream.readline(_MAX_LINE_LENGTH):
        if len(line) >= _MAX_LINE_LENGTH:
            raise InvalidExport("a line is longer than 16 MiB")
        start = ""
        yield line


def _read_jsonl(lines: Iterator[str]) -> Iterator[Record]:
    for number, line in enumerate(lines, start=1):
        yield _validate(_decode(line, number), number)


def _read_csv(lines: Iterator[str]) -> Iterator[Record]:
    csv.field_size_limit(_MAX_LINE_LENGTH)
    rows = csv.DictReader(lines, strict=True)
    try:
        for number, row in enumerate(rows, start=2):
            cells = {
                name: unescape_formula(cell) if isinstance(cell, str) else cell for name, cell in row.items()
            }
            yield _validate(
                {
                    name: _decode(cell or "", number) if name in _DECODED else cell
                    for name, cell in cells.items()
                },
                number,
            )
    except csv.Error as error:
        raise InvalidExport(f"invalid CSV: {error}") from error


def _decode(text: str, number: int) -> Any:
    try:
        return json.loads(text)  # noqa: TID251 - this file needs nothing else; invalid JSON is refused
    except (ValueError, RecursionError) as error:
        raise InvalidExport(f"entry {number} cannot be read") from error


def _validate(record: Any, number: int) -> Record:
    is_valid = (
        isinstance(record, dict)
        and set(record) == set(COLUMNS)
        and type(record["number"]) is int
        and isinstance(record["detail"], dict)
        and isinstance(record["addresses"], dict)
        and all(isinstance(record[name], str) for name in COLUMNS if name not in _DECODED)
    )
    if not is_valid:
        raise InvalidExport(f"entry {number} is not an audit event")
    return dict(record)


def escape_formula(text: str) -> str:
    """Return the text as a CSV cell that no spreadsheet takes for a formula: put an apostrophe before it if needed.

    A text that begins with an apostrophe gets one too, so that `unescape_formula` returns the original.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unescape_formula(cell: str) -> str:
    """Return the text that `escape_formula` was called with."""
    return cell.removeprefix("'")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)  # noqa: T201
        return 2
    try:
        with open(arguments[0], encoding="utf-8", newline="") as stream:  # noqa: PTH123
            verdict = verify(read(stream))
    except ChainBroken as broken:
        print(f"BROKEN: {broken}", file=sys.stderr)  # noqa: T201
        return 1
    except (InvalidExport, OSError, UnicodeDecodeError) as error:
        print(f"not an export: {error}", file=sys.stderr)  # noqa: T201
        return 2
    for line in report(verdict):
        print(line)  # noqa: T201
    return 0


def report(verdict: Verdict) -> Iterator[str]:
    """Yield the result in words, one line for each chain."""
    for chain, chain_verifier in sorted(verdict.chains.items()):
        if not chain_verifier.whole:
            yield f"{chain}: filtered, {chain_verifier.events} events in {chain_verifier.runs} runs; none was changed"
        elif chain_verifier.events:
            kind = "complete" if chain_verifier.anchored else "complete from its first event on"
            yield f"{chain}: {kind}, events {chain_verifier.first} to {chain_verifier.number}, the last has the digest {chain_verifier.digest}"
    if not any(chain_verifier.events for chain_verifier in verdict.chains.values()):
        yield "no events"


if __name__ == "__main__":  # pragma: no cover - runs in a bare Python, where nothing can measure it
    sys.exit(main(sys.argv[1:]))

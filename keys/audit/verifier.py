#!/usr/bin/env python3
"""Checks the chain of audit events, in an export that stands alone or as they come from a database.

Needs nothing but Python: `python verifier.py export.jsonl` (or `.csv`). Exit status 0: nothing was changed; 1: something
was, the first is named; 2: this is no export.

An event is a dict of the names in `CONTENT`, whose values are texts but for `number` and `detail`, and of
`digest` and `addresses`. Its digest is the SHA-256 of the content as JSON with sorted names, no blanks and ASCII only;
the content holds the digest of the event before it in the chain. The first event follows the empty digest. Where old events were removed by retention, an `audit.checkpoint` that
is still there names the last of them.

Addresses of people stand in the content as marks, SHA-256 of salt and address, so that an address can be erased while
the chain still verifies. `addresses` has those that were kept, each with its salt.

An export begins and ends with an entry that is no event. The one at the beginning promises for each chain that it gives
whole which numbers there are; a chain without a promise was filtered, and may have gaps.
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
_COULD_BE_A_FORMULA = re.compile(r"""['\x00-\x1f]|[\s"']*[=+\-@\uff0b\uff0d\uff1d\uff20]""")

Record = dict[str, Any]


class ChainBroken(Exception):
    """The chain is not as it was written. The text says where and how."""


class InvalidExport(Exception):
    """What was read is not an export, or is damaged beyond telling which event it is."""


def compute_digest(record: Record) -> str:
    """The digest that an event of this content has; 64 hexadecimal digits."""
    content = {name: record[name] for name in CONTENT}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def pseudonymize_address(address: str, salt: str) -> str:
    """What stands for an address where it must be possible to forget it."""
    return f"address:{hashlib.sha256(f'{salt}:{address}'.encode()).hexdigest()}"


digest_of, mark_of = compute_digest, pseudonymize_address  # the names that migration 0006 imports


@dataclass
class ChainVerifier:
    """One chain, read event after event in the order of their numbers.

    Attributes:
        whole: whether every event from the first one on must come; else gaps are counted as `runs`.
        anchored: whether the first event must be the chain's first, or follow what a checkpoint vouches for.
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
        """
        Raises:
            Broken: the event was changed, or it does not follow the one before.
        """
        number, previous = record["number"], record["previous"]
        follows = number == self.number + 1 and previous == self.digest
        if self.events and number <= self.number:
            how = "occurs twice: one of the two was inserted" if number == self.number else "is out of order"
            raise ChainBroken(f"{self._event(number)} {how}")
        if compute_digest(record) != record["digest"]:
            how = "was changed" if follows or not self.events else "was changed or put in another's place"
            raise ChainBroken(f"{self._event(number)} {how}: its digest is not that of its content")
        self._check_addresses(record)
        if not self.events:
            self.first, self._before_first, self.runs = number, previous, 1
            if number == 1 and previous:
                raise ChainBroken(f"{self._event(1)} is not the first that was written")
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
        """No more events come. `number` and `digest` are the last one's, or an earlier one's.

        Raises:
            Broken: events are missing at the beginning or at the end.
        """
        gone = self.first - 1
        if self.anchored and gone > 0 and self._checkpoints.get(gone) != self._before_first:
            raise ChainBroken(f"{self._missing(1, gone)} removed, and no checkpoint tells of it")
        if self.number < number:
            raise ChainBroken(f"{self._missing(self.number + 1, number)} cut off at the end")
        if self.number == number and self.digest != digest:
            raise ChainBroken(
                f"{self._event(number)} is not the last that was written: the chain was written anew"
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
    """What an export turned out to be. `declared` is what it said it would give whole, by chain."""

    declared: dict[str, dict[str, Any]]
    chains: dict[str, ChainVerifier]


def verify(records: Iterable[Record]) -> Verdict:
    """Read an export to its end, in constant memory but for a few texts per chain.

    Raises:
        Broken: the first event that is not as it was written.
        NoExport.
    """
    entries = iter(records)
    begun = next(entries, None)
    if begun is None or begun["type"] != BEGUN:
        raise InvalidExport("the first entry does not say that an export begins")
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
            promise = declared.get(chain)
            anchored = promise is not None and promise["from"] == "start"
            verdict.chains[chain] = ChainVerifier(chain, whole=promise is not None, anchored=anchored)
        verdict.chains[chain].feed(record)
    _check_end(verdict, ended)
    return verdict


def _check_end(verdict: Verdict, ended: Record | None) -> None:
    for chain, promise in verdict.declared.items():
        walk = verdict.chains.setdefault(chain, ChainVerifier(chain))
        if walk.events and promise["from"] not in {"start", walk.first}:
            raise ChainBroken(f"the first events of {chain} that the export promises are missing")
        walk.finish(promise["number"], promise["digest"])
    if ended is None:
        raise ChainBroken("the export was cut off: it does not say that it ends")
    report, there = ended["detail"].get("events"), sum(walk.events for walk in verdict.chains.values())
    if report != there:
        raise ChainBroken(f"the export has {there} events, and says that it has {report}")


def _declarations(begun: Record) -> dict[str, dict[str, Any]]:
    """By chain: `from`, "start" or the number of the first event; `number` and `digest` of an event that must come."""
    declared = begun["detail"].get("chains")
    sound = isinstance(declared, dict) and all(
        isinstance(promise, dict)
        and isinstance(promise.get("from"), str | int)
        and isinstance(promise.get("number"), int)
        and isinstance(promise.get("digest"), str)
        for promise in declared.values()
    )
    if not sound:
        raise InvalidExport("the first entry does not say which chains the export gives whole")
    return dict(declared)


def read(stream: TextIO) -> Iterator[Record]:
    """The entries of an export; `stream` is text that was opened with `newline=""`.

    Raises:
        NoExport: an entry that cannot be read.
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
        raise InvalidExport(f"no CSV: {error}") from error


def _decode(text: str, number: int) -> Any:
    try:
        return json.loads(text)  # noqa: TID251 - this file stands alone; what cannot be read is refused
    except (ValueError, RecursionError) as error:
        raise InvalidExport(f"entry {number} cannot be read") from error


def _validate(record: Any, number: int) -> Record:
    sound = (
        isinstance(record, dict)
        and set(record) == set(COLUMNS)
        and type(record["number"]) is int
        and isinstance(record["detail"], dict)
        and isinstance(record["addresses"], dict)
        and all(isinstance(record[name], str) for name in COLUMNS if name not in _DECODED)
    )
    if not sound:
        raise InvalidExport(f"entry {number} is no audit event")
    return dict(record)


def escape_formula(text: str) -> str:
    """`text` as a cell that no spreadsheet takes for a formula: where it could be one, an apostrophe goes before it.

    So it does before a text that begins with an apostrophe itself, so that `unescape_formula` gives back what there was.
    """
    return f"'{text}" if _COULD_BE_A_FORMULA.match(text) else text


def unescape_formula(cell: str) -> str:
    """What `escape_formula` was given."""
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
        print(f"no export: {error}", file=sys.stderr)  # noqa: T201
        return 2
    for line in report(verdict):
        print(line)  # noqa: T201
    return 0


def report(verdict: Verdict) -> Iterator[str]:
    """The verdict, a line for each chain."""
    for chain, walk in sorted(verdict.chains.items()):
        if not walk.whole:
            yield f"{chain}: filtered, {walk.events} events in {walk.runs} runs; none was changed"
        elif walk.events:
            kind = "complete" if walk.anchored else "complete from its first event on"
            yield f"{chain}: {kind}, events {walk.first} to {walk.number}, the last has the digest {walk.digest}"
    if not any(walk.events for walk in verdict.chains.values()):
        yield "no events"


if __name__ == "__main__":  # pragma: no cover - runs in a bare Python, where nothing can measure it
    sys.exit(main(sys.argv[1:]))

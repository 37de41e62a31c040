"""Exports: what they hold, in how much memory, and what a spreadsheet makes of them."""

import csv
import io
import json
import tracemalloc
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from hypothesis import example, given
from hypothesis import strategies as st

from keys import audit, lifecycle
from keys.audit import OPERATOR, Actor, Surface, Type, export, verification, verifier
from keys.models import ApiKey, AuditChain, AuditEvent, Member, Workspace
from tests.conftest import NOW
from tests.keys.chains import lengthen

EVENTS = 10_000
MAX_MEMORY = 3 * 1024 * 1024


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def exported(*arguments: str) -> str:
    out = io.StringIO()
    call_command("audit_export", *arguments, stdout=out)
    return out.getvalue()


def read(text: str) -> list[verifier.Record]:
    return [record for record in verifier.read(io.StringIO(text, newline="")) if record["number"]]


class TestAnExport:
    @pytest.mark.parametrize("form", ["jsonl", "csv"])
    def test_tells_all_that_is_known_of_an_event(self, alice: Member, form: str) -> None:
        by = Actor(alice, Surface.WEB, "203.0.113.7", "request-1")
        key, _ = lifecycle.issue(owner=alice, name="ci", by=by, now=NOW, allowed_addresses=["203.0.113.0/24"])

        (record, _exported) = read(exported("--workspace", "Acme", "--format", form))

        assert record == record | {
            "chain": "a" * 24,
            "number": 1,
            "at": "2026-12-31T23:59:58.000000Z",
            "type": "key.issued",
            "surface": "WEB",
            "actor": alice.pumble_user_id,
            "member": alice.pumble_user_id,
            "key": key.key_id,
            "request_id": "request-1",
        }
        assert set(record["addresses"]) == {"203.0.113.7", "203.0.113.0/24"}

    def test_that_is_made_is_an_event_itself(self, acme: Workspace) -> None:
        exported("--workspace", "Acme")
        exported()

        assert list(AuditEvent.objects.order_by("pk").values_list("type", "workspace", "surface")) == [
            ("audit.exported", acme.pk, "CLI"),
            ("audit.exported", None, "CLI"),
        ]

    def test_since_a_day_has_no_earlier_events(self, acme: Workspace) -> None:
        for days in range(4):
            audit.record(Type.APP_INSTALLED, workspace=acme, by=OPERATOR, now=NOW + timedelta(days=days))

        numbers = [
            record["number"] for record in read(exported("--workspace", "Acme", "--since", "2027-01-02"))
        ]

        assert numbers == [3, 4, 5][: len(numbers)]
        assert numbers[0] == 3
        assert not read(exported("--workspace", "Acme", "--since", "2999-01-01"))

    def test_of_an_unknown_workspace_or_day_is_refused(self, acme: Workspace) -> None:
        for arguments in (["--workspace", "Nowhere"], ["--since", "yesterday"], ["--format", "xml"]):
            with pytest.raises(CommandError):
                exported(*arguments)
        assert not AuditEvent.objects.exists()

    def test_draws_its_progress_on_a_terminal_only(
        self, acme: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lengthen(acme, 20)
        for stream, drawn in ((Terminal(), True), (io.StringIO(), False)):
            monkeypatch.setattr("sys.stderr", stream)
            exported()
            assert ("event" in stream.getvalue()) == drawn


@pytest.mark.slow
class TestMemory:
    def test_does_not_grow_with_the_events_that_are_exported_and_verified(self, alice: Member) -> None:
        assert alice.workspace is not None
        key, _ = lifecycle.issue(owner=alice, name="ci", by=OPERATOR, now=NOW)
        lengthen(alice.workspace, EVENTS - 1, key=key)
        chain = AuditChain.objects.get()

        tracemalloc.start()
        try:
            assert sum(1 for _ in export.export_ranges(export.chain_ranges([chain]), "csv")) == EVENTS + 3
            assert sum(1 for _ in export.export_events(AuditEvent.objects.all(), "jsonl")) == EVENTS + 2
            assert verification.verify_chain(chain).events == EVENTS
            assert tracemalloc.get_traced_memory()[1] < MAX_MEMORY
        finally:
            tracemalloc.stop()


class TestACell:
    @pytest.mark.parametrize(
        "text",
        [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            '"=1',
            "'=1",
            " =1",
            "＝1",
            "\x00=1",
            "\"' =1",
        ],
    )
    def test_that_could_be_a_formula_is_none(self, text: str) -> None:
        assert verifier.escape_formula(text) == f"'{text}"

    @given(st.text())
    @example("'=1")
    @example("''")
    def test_is_given_back_as_it_was(self, text: str) -> None:
        safe = verifier.escape_formula(text)

        assert verifier.unescape_formula(safe) == text
        assert not safe.startswith(("=", "+", "-", "@", "\t", "\r"))

    def test_of_a_name_that_is_a_formula_is_read_back(self, alice: Member) -> None:
        formula = '=HYPERLINK("http://evil.example";"x")'
        root = Member.objects.create_superuser(formula, "a long enough password")
        audit.record(Type.OPERATOR_SIGNED_IN, workspace=None, by=Actor(root, Surface.ADMIN), now=NOW)
        by = Actor(alice, Surface.WEB, request_id="=cmd|'/c calc'!A1")
        lifecycle.issue(owner=alice, name=formula, by=by, now=NOW)

        text = exported("--format", "csv")

        for row in csv.reader(io.StringIO(text)):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
        exported_event = next(record for record in read(text) if record["type"] == "key.issued")
        assert (exported_event["detail"]["name"], exported_event["request_id"]) == (
            formula,
            "=cmd|'/c calc'!A1",
        )


class TestOtherThings:
    def test_that_are_told_to_the_auditor(self, alice: Member, monkeypatch: pytest.MonkeyPatch) -> None:
        key, plaintext = lifecycle.issue(owner=alice, name="ci", by=OPERATOR, now=NOW)
        log = io.BytesIO(f"log: {plaintext.text}".encode())
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(log))

        call_command("identify_key", stdout=io.StringIO())

        event = AuditEvent.objects.get(type="key.identified")
        assert (event.key_ref, event.member, event.surface) == (key.key_id, alice, "CLI")
        assert plaintext.text not in json.dumps(list(AuditEvent.objects.values()), default=str)
        assert ApiKey.objects.get().revoked_at is None

"""Somebody who owns the tables alters the past: `audit_verify` and the verifier of exports say where."""

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from keys import audit, lifecycle
from keys.audit import OPERATOR, Actor, Surface, Type, export, verification, verifier
from keys.audit.log import canonical_content
from keys.models import ApiKey, AuditAddress, AuditChain, AuditEvent, Member, Workspace
from tests.conftest import NOW
from tests.environment import PROJECT
from tests.keys.chains import lengthen, unguarded

ADDRESS = "203.0.113.7"
HOUR = timedelta(hours=1)
AWAY = 1_000_000  # a number of no event


@pytest.fixture
def ten(alice: Member) -> list[AuditEvent]:
    """A chain of ten events, of Alice and her key."""
    assert alice.workspace is not None
    key, _ = lifecycle.issue(
        owner=alice, name="ci", by=Actor(alice, Surface.WEB, ADDRESS, "request-1"), now=NOW
    )
    lengthen(alice.workspace, 9, key=key)
    return list(AuditEvent.objects.order_by("number"))


def verify(*arguments: str) -> str:
    out = io.StringIO()
    call_command("audit_verify", *arguments, stdout=out)
    return out.getvalue()


def rewrite(event: AuditEvent, **fields: object) -> None:
    """As if it had always been so: with a digest that fits."""
    for name, value in fields.items():
        setattr(event, name, value)
    event.digest = verifier.compute_digest(canonical_content(event))
    AuditEvent.objects.filter(pk=event.pk).update(digest=event.digest, **fields)


def change(ten: list[AuditEvent]) -> None:
    AuditEvent.objects.filter(number=5).update(detail={"before": "x", "after": "y"})


def change_and_digest_anew(ten: list[AuditEvent]) -> None:
    rewrite(ten[4], detail={"before": "x", "after": "y"})


def remove(ten: list[AuditEvent]) -> None:
    AuditEvent.objects.filter(number=5).delete()


def remove_the_first(ten: list[AuditEvent]) -> None:
    AuditEvent.objects.filter(number__lte=4).delete()


def cut_the_tail(ten: list[AuditEvent]) -> None:
    AuditEvent.objects.filter(number__gte=9).delete()


def insert(ten: list[AuditEvent]) -> None:
    """A new fifth event; those after it move up by one, with digests of their own that fit."""
    for event in reversed(ten[4:]):
        rewrite(event, number=event.number + 1)
    made_up = AuditEvent.objects.get(number=4)
    made_up.pk, made_up.number, made_up.previous = None, 5, made_up.digest
    made_up.digest = verifier.compute_digest(canonical_content(made_up))
    made_up.save(force_insert=True)


def reorder(ten: list[AuditEvent]) -> None:
    for pk, number in ((ten[4].pk, AWAY), (ten[5].pk, 5), (ten[4].pk, 6)):
        AuditEvent.objects.filter(pk=pk).update(number=number)


def write_all_anew(ten: list[AuditEvent]) -> None:
    """A whole chain that fits in itself, under an end that was not moved."""
    digest = ten[3].digest
    for event in ten[4:]:
        rewrite(event, request_id="made up", previous=digest)
        digest = event.digest


def lead_elsewhere(ten: list[AuditEvent]) -> None:
    """The texts stay; the pages, which follow the foreign key, would show another's event."""
    stranger = Member.objects.create(
        username="s", workspace_id=ten[0].workspace_id, pumble_user_id="f" * 24, name="S"
    )
    AuditEvent.objects.filter(number=5).update(actor=stranger)


def move_the_end_back(ten: list[AuditEvent]) -> None:
    """So that the next change would take the place of what stands there."""
    AuditChain.objects.update(number=8, digest=ten[7].digest)


def call_all_of_it_pruned(ten: list[AuditEvent]) -> None:
    AuditEvent.objects.all().delete()
    AuditChain.objects.update(pruned_number=10, pruned_digest=ten[9].digest)


def move_the_address(ten: list[AuditEvent]) -> None:
    AuditAddress.objects.update(address="192.0.2.66")


FORGERIES = [
    (change, "event 5 of a{24} was changed: its digest is not that of its content"),
    (change_and_digest_anew, "event 5 of a{24} was replaced, or 6 inserted"),
    (remove, "event 5 of a{24} was removed"),
    (remove_the_first, "events 1 to 4 of a{24} were removed, and no checkpoint records that"),
    (cut_the_tail, "events 9 to 10 of a{24} were cut off at the end"),
    (insert, "event 5 of a{24} was replaced, or 6 inserted"),
    (reorder, "event 5 of a{24} was changed or moved"),
    (write_all_anew, "event 10 of a{24} is not the event that was written last: the chain was rewritten"),
    (lead_elsewhere, "event 5 of a{24} was changed: its foreign keys do not match its references"),
    (move_the_end_back, "event 9 of a{24} is after the end of its chain"),
    (call_all_of_it_pruned, "events 1 to 10 of a{24} were cut off at the end"),
    (move_the_address, "event 1 of a{24} was changed: 192.0.2.66 is not its address"),
]


@pytest.mark.usefixtures("ten")
class TestAChain:
    def test_as_it_was_written_is_sound(self) -> None:
        assert verify() == f"{'a' * 24} (Acme): 10 events, unchanged\n"

    @pytest.mark.parametrize(
        ("forge", "message"), FORGERIES, ids=lambda value: getattr(value, "__name__", "")
    )
    def test_that_was_tampered_with_is_found(
        self, ten: list[AuditEvent], forge: Callable[[list[AuditEvent]], None], message: str
    ) -> None:
        with unguarded():
            forge(ten)

        with pytest.raises(CommandError, match=message):
            verify()

    def test_of_another_workspace_is_left_out_where_one_is_named(
        self, ten: list[AuditEvent], mallory: Member
    ) -> None:
        audit.record(Type.APP_INSTALLED, workspace=mallory.workspace, by=OPERATOR, now=NOW)
        with unguarded():
            remove(ten)

        assert verify("--workspace", "Other") == f"{'b' * 24} (Other): 1 events, unchanged\n"

    def test_that_is_pruned_while_it_is_looked_at_is_sound_from_there_on(self, acme: Workspace) -> None:
        before = AuditChain.objects.get(pk=acme.pumble_id)
        assert audit.checkpoint(acme.pumble_id, before=NOW + timedelta(days=30), now=NOW + timedelta(days=60))
        with unguarded():
            AuditEvent.objects.filter(number__lte=10).delete()

        assert verification.verify_chain(before).events == 1

    def test_is_not_called_sound_where_nothing_guards_it(self) -> None:
        with unguarded(), pytest.raises(CommandError, match="are missing"):
            verify()


@pytest.fixture(params=["jsonl", "csv"])
def exported(ten: list[AuditEvent], tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A complete export of the ten events."""
    path = tmp_path / f"export.{request.param}"
    text = "".join(export.export_ranges(export.chain_ranges(AuditChain.objects.all()), request.param))
    path.write_bytes(text.encode())
    return path


def verify_alone(path: Path) -> tuple[int, str]:
    """What the verifier says in a Python that knows nothing of Django."""
    command = [sys.executable, "-I", "-S", str(PROJECT / "keys/audit/verifier.py"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def verify_file(*arguments: object) -> tuple[int, str]:
    """The same here: its exit status and what it says."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        return verifier.main([str(argument) for argument in arguments]), output.getvalue()


def tamper(path: Path, how: Callable[[list[bytes]], list[bytes]]) -> None:
    """`how` gets the lines and gives back others. Lines 0 to 9 are the events."""
    lines = path.read_bytes().splitlines(keepends=True)
    head = 1 if path.suffix == ".jsonl" else 2
    path.write_bytes(b"".join([*lines[:head], *how(lines[head:-1]), lines[-1]]))


def made(promised: object, *events: verifier.Record) -> bytes:
    """An export of somebody's own making, with digests that fit."""
    blank: verifier.Record = dict.fromkeys(verifier.COLUMNS, "") | {"number": 0, "addresses": {}}
    begun = blank | {"type": verifier.BEGUN, "detail": {"chains": promised}}
    entries, digest = [begun], ""
    for event in events:
        entry = blank | {"chain": "a" * 24, "previous": digest, "detail": {}} | event
        entry["digest"] = digest = verifier.compute_digest(entry)
        entries.append(entry)
    entries.append(blank | {"type": verifier.ENDED, "detail": {"events": len(events)}})
    return "".join(json.dumps(entry) + "\n" for entry in entries).encode()


class TestAnExport:
    def test_is_verified_by_one_file_without_the_portal(self, exported: Path) -> None:
        status, output = verify_alone(exported)

        assert (status, output.partition(", the last")[0]) == (0, f"{'a' * 24}: complete, events 1 to 10")

    @pytest.mark.parametrize(
        ("how", "message"),
        [
            (lambda lines: [*lines[:4], lines[4].replace(b"nightly", b"weekly"), *lines[5:]], "event 5"),
            (lambda lines: [*lines[:4], *lines[5:]], "event 5 of a+ was removed"),
            (lambda lines: lines[:-2], "events 9 to 10 of a+ were cut off at the end"),
            (lambda lines: lines[2:], "events 1 to 2 of a+ were removed"),
            (lambda lines: [*lines[:5], *lines[4:]], "event 5 of a+ occurs twice"),
            (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "removed"),
            (lambda lines: [lines[0].replace(b"203.0.113.7", b"192.0.2.66"), *lines[1:]], "not its address"),
            (lambda lines: [*lines, lines[9]], "event 10 of a+ occurs twice"),
            (lambda lines: [*lines, lines[4]], "event 5 of a+ is out of order"),
        ],
        ids=[
            "changed",
            "removed",
            "cut",
            "beheaded",
            "doubled",
            "reordered",
            "moved",
            "added",
            "out of order",
        ],
    )
    def test_that_was_tampered_with_is_found(
        self, exported: Path, how: Callable[[list[bytes]], list[bytes]], message: str
    ) -> None:
        tamper(exported, how)

        assert verify_file(exported)[0] == 1
        with pytest.raises(verifier.ChainBroken, match=message), exported.open(newline="") as stream:
            verifier.verify(verifier.read(stream))

    def test_whose_download_broke_off_is_found(self, exported: Path) -> None:
        lines = exported.read_bytes().splitlines(keepends=True)
        exported.write_bytes(b"".join(lines[:-1]))

        assert verify_file(exported)[0] == 1

    @pytest.mark.parametrize(
        "content",
        [
            *(
                b"",
                b"{}\n",
                b"[]",
                b"{" * 100_000,
                b'{"a":1}',
                b"a,b\n1,2\n",
                b"\xff\xfe",
                b'"unclosed',
                b"\x00",
            ),
            b"{" + b" " * 16 * 1024 * 1024,
            made([]),
            made({"a" * 24: {"from": "start", "number": "10", "digest": ""}}),
        ],
        ids=range(12),
    )
    def test_that_is_none_is_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "export.jsonl"
        path.write_bytes(content)

        status, output = verify_file(path)
        assert (status, output.startswith("not an export: ")) == (2, True)

    @pytest.mark.parametrize("arguments", [[], ["--help"], ["one", "two"]], ids=len)
    def test_that_is_not_named_is_asked_for(self, arguments: list[str]) -> None:
        status, output = verify_file(*arguments)

        assert (status, "python verifier.py export.jsonl" in output) == (2, True)

    @pytest.mark.parametrize("promised", [{}, {"a" * 24: {"from": "start", "number": 0, "digest": ""}}])
    def test_of_nothing_says_so(self, tmp_path: Path, promised: dict[str, object]) -> None:
        path = tmp_path / "export.jsonl"
        path.write_bytes(made(promised))

        assert verify_file(path) == (0, "no events\n")

    @pytest.mark.parametrize(
        ("events", "message"),
        [
            ([{"number": 1, "previous": "f" * 64}, {"number": 2}], "event 1 of a{24} was not the first"),
            (
                [{"number": 2, "type": verifier.CHECKPOINT, "detail": {"number": "1", "digest": ""}}],
                "event 1 of a{24} was removed, and no checkpoint records that",
            ),
        ],
        ids=["a first that follows another", "a checkpoint that vouches for no number"],
    )
    def test_that_was_written_anew_without_its_beginning_is_found(
        self, events: list[verifier.Record], message: str
    ) -> None:
        whole = {"a" * 24: {"from": "start", "number": 2, "digest": ""}}
        export_of_theirs = io.StringIO(made(whole, *events).decode())

        with pytest.raises(verifier.ChainBroken, match=message):
            verifier.verify(verifier.read(export_of_theirs))

    def test_that_goes_on_behind_its_end_is_found(self, exported: Path) -> None:
        last = exported.read_bytes().splitlines(keepends=True)[-1]
        exported.write_bytes(exported.read_bytes() + last)

        status, output = verify_file(exported)
        assert (status, "added after the end" in output) == (1, True)

    def test_that_was_filtered_says_so_and_is_verified_as_far_as_it_goes(
        self, ten: list[AuditEvent], tmp_path: Path
    ) -> None:
        path = tmp_path / "export.csv"
        some = AuditEvent.objects.filter(number__in=[2, 3, 4, 7, 9, 10]).order_by("-at")
        path.write_bytes("".join(export.export_events(some, "csv")).encode())

        assert verify_file(path) == (0, f"{'a' * 24}: filtered, 6 events in 3 runs; none was changed\n")
        tamper(path, lambda lines: [lines[0], *lines[2:]])
        assert verify_file(path)[0] == 1

    def test_that_begins_later_promises_no_gaps_from_there_on(
        self, ten: list[AuditEvent], tmp_path: Path
    ) -> None:
        (span,) = export.chain_ranges(AuditChain.objects.all(), since=ten[6].at)
        path = tmp_path / "export.jsonl"
        path.write_text("".join(export.export_ranges([span], "jsonl")))

        assert "complete from its first event on, events 7 to 10" in verify_file(path)[1]
        tamper(path, lambda lines: lines[1:])
        assert "first events" in verify_file(path)[1]

    def test_after_retention_begins_with_what_a_checkpoint_vouches_for(
        self, acme: Workspace, tmp_path: Path
    ) -> None:
        lengthen(acme, 6, at=NOW - timedelta(days=60))
        lengthen(acme, 3)
        assert audit.checkpoint(acme.pumble_id, before=NOW - timedelta(days=30), now=NOW)
        path = tmp_path / "export.jsonl"
        path.write_text("".join(export.export_ranges(export.chain_ranges(AuditChain.objects.all()), "jsonl")))

        assert f"{acme.pumble_id}: complete, events 7 to 10" in verify_file(path)[1]
        tamper(path, lambda lines: lines[1:])
        assert "no checkpoint records that" in verify_file(path)[1]


def lose_the_last(number: int, workspace: Workspace) -> None:
    """As a backup has it that was made before them: neither events nor the chain's end know of them."""
    with unguarded():
        chain = AuditChain.objects.get(pk=workspace.pumble_id)
        AuditEvent.objects.filter(number__gt=chain.number - number).delete()
        last = chain.events.order_by("-number").first()
        AuditChain.objects.update(number=last.number if last else 0, digest=last.digest if last else "")


class TestARestoredBackup:
    def test_is_told_by_an_export_of_later(self, exported: Path, acme: Workspace) -> None:
        lose_the_last(2, acme)
        audit.record(Type.APP_INSTALLED, workspace=acme, by=OPERATOR, now=NOW)

        assert "9 events, unchanged" in verify()
        with pytest.raises(CommandError, match="lacks 2 events") as refused:
            verify("--against", str(exported))
        assert f"event 9 of {acme.pumble_id}: key.renamed" in str(refused.value)

    def test_is_told_by_the_first_of_very_many_that_it_lacks_and_by_their_number(
        self, acme: Workspace, mallory: Member, tmp_path: Path
    ) -> None:
        lengthen(acme, 25)
        path = tmp_path / "export.jsonl"
        path.write_text("".join(export.export_ranges(export.chain_ranges(AuditChain.objects.all()), "jsonl")))
        lose_the_last(25, acme)

        assert export.chain_ranges(AuditChain.objects.all()) == []
        assert verify() == f"{acme.pumble_id} (Acme): 0 events, unchanged\n"
        with pytest.raises(CommandError, match="lacks 25 events") as refused:
            verify("--against", str(path))
        message = str(refused.value)
        assert (message.count("  event "), "  and 5 more" in message) == (20, True)
        assert "The database has every event of the export." in verify(
            "--workspace", "Other", "--against", str(path)
        )

    def test_is_not_compared_with_what_is_no_export(self, acme: Workspace, tmp_path: Path) -> None:
        path = tmp_path / "notes.txt"
        for content in (None, b"", b"\xff", b"nothing of the kind"):
            if content is not None:
                path.write_bytes(content)
            with pytest.raises(CommandError, match=r"notes\.txt is not an audit export"):
                verify("--against", str(path))

    def test_has_all_of_an_export_of_before(self, exported: Path, acme: Workspace) -> None:
        lengthen(acme, 3)

        assert "The database has every event of the export." in verify("--against", str(exported))

    def test_is_not_compared_with_an_export_that_was_tampered_with(self, exported: Path) -> None:
        tamper(exported, lambda lines: lines[:-1])

        with pytest.raises(CommandError, match="was altered"):
            verify("--against", str(exported))

    def test_revives_no_key_once_its_revocations_were_applied_again(
        self, alice: Member, olivia: Member, tmp_path: Path
    ) -> None:
        assert alice.workspace is not None
        names = ["kept", "revoked", "replaced", "disabled", "disabled before"]
        keys = {name: live_key(alice, name) for name in names}
        lifecycle.disable(key=keys["disabled before"], by=OPERATOR, now=NOW)
        lifecycle.enable(key=keys["disabled before"], by=OPERATOR, now=NOW)
        known = AuditEvent.objects.count()
        backup = {key.pk: ApiKey.objects.filter(pk=key.pk).values().get() for key in keys.values()}
        by = Actor(olivia, Surface.ADMIN)
        reason = ApiKey.RevokeReason.BY_ADMINISTRATOR
        lifecycle.revoke(key=keys["revoked"], by=by, reason=reason, now=NOW, note="found in a gist")
        lifecycle.disable(key=keys["disabled"], by=by, now=NOW)
        new, _ = lifecycle.rotate(
            key=keys["replaced"], grace=lifecycle.GRACE_PERIODS["now"], by=Actor(alice, Surface.WEB), now=NOW
        )
        lifecycle.confirm(key=new, by=OPERATOR, now=NOW)
        path = tmp_path / "export.jsonl"
        with path.open("w") as stream:
            call_command("audit_export", stdout=stream)
        lose_the_last(AuditEvent.objects.filter(workspace=alice.workspace).count() - known, alice.workspace)
        ApiKey.objects.filter(pk=new.pk).delete()
        for pk, row in backup.items():
            ApiKey.objects.filter(pk=pk).update(**row)

        out = io.StringIO()
        call_command("reapply_revocations", str(path), stdout=out)

        states = {name: ApiKey.objects.get(pk=key.pk) for name, key in keys.items()}
        assert {name: key.state(NOW).value for name, key in states.items()} == {
            "kept": "ACTIVE",
            "revoked": "REVOKED",
            "replaced": "REVOKED",
            "disabled": "DISABLED",
            "disabled before": "ACTIVE",
        }
        assert (states["revoked"].revoked_reason, states["revoked"].revoked_note) == (
            reason,
            "found in a gist",
        )
        assert "Stopped again: 3" in out.getvalue()
        call_command("reapply_revocations", str(path), stdout=out)
        assert "Stopped again: 0" in out.getvalue()


@pytest.mark.django_db
def test_a_key_in_its_grace_that_was_stopped_later_holds_no_other_up(alice: Member) -> None:
    old, leaked = live_key(alice, "old"), live_key(alice, "leaked")
    by = Actor(alice, Surface.WEB)
    new, _ = lifecycle.rotate(key=old, grace=lifecycle.GRACE_PERIODS["1h"], by=by, now=NOW)
    lifecycle.confirm(key=new, by=OPERATOR, now=NOW)
    changes = [("key.disabled", old), ("key.disabled", new), ("key.revoked", leaked)]
    lost = [{"type": kind, "key": key.key_id, "detail": {}} for kind, key in changes]

    lifecycle.reapply_revocations(lost, by=OPERATOR, now=NOW)

    states = [ApiKey.objects.get(pk=key.pk).state(NOW).value for _, key in changes]
    assert states == ["REVOKED", "DISABLED", "REVOKED"]


@pytest.mark.django_db
def test_a_key_that_is_over_by_itself_is_left_as_it_is(alice: Member) -> None:
    by = Actor(alice, Surface.WEB)
    expired, _ = lifecycle.issue(owner=alice, name="expired", by=by, now=NOW, expires_at=NOW + HOUR)
    retiring, disabled = live_key(alice, "retiring"), live_key(alice, "disabled")
    new, _ = lifecycle.rotate(key=retiring, grace=HOUR, by=by, now=NOW)
    lifecycle.confirm(key=new, by=OPERATOR, now=NOW)
    lifecycle.disable(key=disabled, by=by, now=NOW)
    changes = [("key.disabled", expired), ("key.rotated", retiring), ("key.disabled", disabled)]
    lost = [{"type": kind, "key": key.key_id, "detail": {}} for kind, key in changes]
    events = AuditEvent.objects.count()

    assert lifecycle.reapply_revocations([*lost[1:]], by=OPERATOR, now=NOW) == []
    assert lifecycle.reapply_revocations(lost[:1], by=OPERATOR, now=NOW + HOUR) == []

    assert AuditEvent.objects.count() == events


def live_key(owner: Member, name: str) -> ApiKey:
    key, _ = lifecycle.issue(owner=owner, name=name, by=OPERATOR, now=NOW)
    return lifecycle.confirm(key=key, by=OPERATOR, now=NOW)

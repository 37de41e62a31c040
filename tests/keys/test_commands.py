"""The command line as another's script uses it: real processes, exit codes, JSON."""

import gzip
import io
import json
import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from keys import key_format, lifecycle, policies, scopes
from keys.audit import OPERATOR, Actor, Surface
from keys.management.commands.identify_key import MAX_BYTES
from keys.models import ApiKey, AuditEvent, Member, Workspace
from keys.policies import PolicyValues
from pumble_bridge import tokens
from pumble_bridge.models import AcceptedHook, Authorization, OAuthState
from tests.authentication import check
from tests.conftest import make_member
from tests.environment import PROJECT

API = Actor(None, Surface.API)


def run(*arguments: str) -> Any:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def create(member: Member, *more: str, name: str = "ci") -> dict[str, Any]:
    text = run(
        "create_key", "--workspace=Acme", f"--member={member.email}", f"--name={name}", "--json", *more
    )
    made: dict[str, Any] = json.loads(text)
    return made


@pytest.mark.django_db
class TestCreateKey:
    def test_prints_a_working_key_once_as_json(self, alice: Member) -> None:
        made = create(alice)

        assert set(made) == {"id", "key", "name", "scopes", "expiresAt"}
        key = check(made["key"].encode(), by=API, now=timezone.now())
        assert (key.key_id, key.owner, key.confirmed_at is not None) == (made["id"], alice, True)
        assert made["expiresAt"] is None
        assert AuditEvent.objects.filter(type="key.issued", surface="CLI").count() == 1

    def test_takes_scopes_and_an_expiry(self, alice: Member) -> None:
        made = create(alice, "--scope=user:read", "--scope=channels:list", "--expires-days=30")

        assert made["scopes"] == ["channels:list", "user:read"]
        at = ApiKey.objects.get().expires_at
        assert at is not None
        assert made["expiresAt"] == at.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert timedelta(days=29, hours=23) < at - timezone.now() <= timedelta(days=30)

    def test_names_the_workspace_by_id_too(self, alice: Member) -> None:
        text = run("create_key", f"--workspace={'a' * 24}", "--member=ALICE@acme.test", "--name=x")

        assert text.startswith("pmb_")

    def test_gives_full_access_without_end_where_nobody_chose_and_says_so(self, alice: Member) -> None:
        text = run("create_key", "--workspace=Acme", f"--member={alice.email}", "--name=ci")

        assert "Full access is the default. For less: --preset read-only, or --scope." in text
        assert "No expiry is the default. For an end: --expires-days 90." in text
        assert ApiKey.objects.get().expires_at is None

    def test_gives_the_default_of_the_workspace_unless_somebody_chooses(
        self, alice: Member, olivia: Member
    ) -> None:
        assert olivia.workspace is not None
        values = PolicyValues(default_preset="read-only", default_lifetime=timedelta(days=14))
        policies.change_policy(workspace=olivia.workspace, values=values, by=OPERATOR, now=timezone.now())

        made = [
            create(alice, *more, name=f"ci{number}")
            for number, more in enumerate(
                ([], ["--preset=post-messages", "--no-expiry"], ["--scope=user:read", "--expires-days=3"])
            )
        ]

        assert [key["scopes"] for key in made] == [
            list(scopes.READ_ONLY),
            scopes.in_order(scopes.POST_MESSAGES),
            ["user:read"],
        ]
        assert [key["expiresAt"] is None for key in made] == [False, True, False]

    def test_binds_the_key_to_addresses_channels_and_a_limit(self, alice: Member) -> None:
        create(alice, "--ip=10.0.0.0/8", "--ip=2001:db8::1", f"--channel={'a' * 24}=#ops", "--per-minute=5")

        key = ApiKey.objects.get()
        assert key.allowed_addresses == ["10.0.0.0/8", "2001:db8::1/128"]
        assert (key.channels, key.calls_per_minute) == ({"a" * 24: "ops"}, 5)

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"--ip": "10.1.2.3/8"}, "Did you mean 10.0.0.0/8"),
            ({"--channel": "ops"}, "1 to 50 channels"),
            ({"--per-minute": "1001"}, "1 to 1,000"),
            ({"--workspace": "Nowhere"}, "no workspace"),
            ({"--workspace": "Twin"}, f"more than one workspace.*{'c' * 24}, {'d' * 24}"),
            ({"--member": "twin@acme.test"}, "more than one member"),
            ({"--member": "nobody@acme.test"}, "no member"),
            ({"--member": "mallory@other.test"}, "no member"),
            ({"--name": " "}, "1 to 64"),
            ({"--expires-days": "0"}, "must be from 1 to"),
            ({"--expires-days": "99999999"}, "must be from 1 to"),
        ],
    )
    def test_says_why_it_refuses(
        self, alice: Member, mallory: Member, changes: dict[str, str], why: str
    ) -> None:
        for letter in "cd":
            Workspace.objects.create(pumble_id=letter * 24, name="Twin", created_at=timezone.now())
            twin = make_member(Workspace.objects.get(name="Acme"), f"twin {letter}")
            Member.objects.filter(pk=twin.pk).update(email="twin@acme.test")
        options = {"--workspace": "Acme", "--member": alice.email, "--name": "ci"} | changes

        with pytest.raises(CommandError, match=why):
            run("create_key", *(f"{name}={value}" for name, value in options.items()))
        assert not ApiKey.objects.exists()

    def test_refuses_a_second_key_of_the_name_and_someone_who_has_not_authorised(
        self, alice: Member, bob: Member
    ) -> None:
        create(alice)
        Member.objects.filter(pk=bob.pk).update(authorized_at=None)

        with pytest.raises(CommandError, match="already has"):
            create(alice)
        with pytest.raises(CommandError, match="has not authorized"):
            create(bob)

    def test_knows_names_in_any_unicode_form(self, alice: Member) -> None:
        Workspace.objects.update(name="Cafe\u0301")
        arguments = ("create_key", "--workspace=Caf\u00e9", f"--member={alice.email}")

        run(*arguments, "--name=n\u0303")

        assert ApiKey.objects.get().name == "\u00f1"
        with pytest.raises(CommandError, match="already has"):
            run(*arguments, "--name=\u00d1")
        with pytest.raises(CommandError, match=r"The name contains U\+202E \(right-to-left override\)"):
            run(*arguments, "--name=a\u202eb")

    @pytest.mark.parametrize(
        "more",
        [
            ["-read-only"],
            ["read-only"],
            ["\u2014scope", "user:read"],
            ["--scope", ""],
            ["--scope", "user:raed"],
            ["--scope", "user:read,users:list"],
            ["--ip", ""],
            ["--ip", "10.0.0.0/0"],
            ["--channel", ""],
            ["--channel", "general"],
            ["--expires-days", ""],
            ["--expires-days", "0"],
            ["--expires", "30d"],
            ["--per-minute", "0"],
            ["--scopes", "user:read"],
            ["--preset", "read"],
            ["--preset", "read-only", "--scope", "user:read"],
            ["--no-expiry", "--expires-days", "3"],
        ],
    )
    def test_makes_no_key_where_a_restriction_is_mistyped_or_empty(
        self, alice: Member, more: list[str]
    ) -> None:
        with pytest.raises((CommandError, SystemExit)):
            run("create_key", "--workspace=Acme", f"--member={alice.email}", "--name=ci", *more)
        assert not ApiKey.objects.exists()

    def test_revokes_a_key_it_could_not_print(self, alice: Member) -> None:
        class Closed(io.StringIO):
            def write(self, text: str) -> int:
                raise BrokenPipeError

        with pytest.raises(CommandError, match="revoked"):
            call_command(
                "create_key", "--workspace=Acme", f"--member={alice.email}", "--name=ci", stdout=Closed()
            )

        assert ApiKey.objects.get().revoked_reason == "NOT_DELIVERED"


@pytest.mark.django_db
class TestListKeys:
    def test_lists_live_keys_without_a_secret_and_all_of_them_when_asked(
        self, alice: Member, mallory: Member
    ) -> None:
        made = create(alice)
        gone, _ = lifecycle.issue(owner=alice, name="gone", by=OPERATOR, now=timezone.now())
        lifecycle.revoke(key=gone, by=OPERATOR, reason=ApiKey.RevokeReason.BY_OPERATOR, now=timezone.now())
        lifecycle.issue(owner=mallory, name="foreign", by=OPERATOR, now=timezone.now())

        text = run("list_keys", "--workspace=Acme", "--json")
        (listed,) = json.loads(text)

        assert set(listed) == {
            "id",
            "name",
            "workspace",
            "member",
            "state",
            "scopes",
            "expiresAt",
            "lastUsedAt",
        }
        assert (listed["id"], listed["member"], listed["state"]) == (made["id"], alice.email, "active")
        assert made["key"][17:] not in text
        states = {key["name"]: key["state"] for key in json.loads(run("list_keys", "--all", "--json"))}
        assert states == {"ci": "active", "gone": "revoked", "foreign": "pending"}
        assert json.loads(run("list_keys", f"--member={mallory.email}", "--json"))[0]["name"] == "foreign"
        assert made["id"] in run("list_keys")

    def test_tells_people_of_one_address_apart_by_their_workspace(
        self, alice: Member, mallory: Member
    ) -> None:
        Member.objects.filter(pk=mallory.pk).update(email=alice.email)
        create(alice)
        lifecycle.issue(owner=mallory, name="foreign", by=OPERATOR, now=timezone.now())

        (listed,) = json.loads(run("list_keys", "--workspace=Other", f"--member={alice.email}", "--json"))

        assert listed["name"] == "foreign"

    def test_says_so_where_there_are_none(self, alice: Member) -> None:
        assert run("list_keys", f"--member={alice.email}") == "No keys.\n"


@pytest.mark.django_db
class TestRevokeKey:
    def test_stops_the_key_and_keeps_the_reason(self, alice: Member) -> None:
        made = create(alice)

        run("revoke_key", made["id"], "--reason=leaked in a ticket")
        run("revoke_key", made["id"], "--reason=again")

        key = ApiKey.objects.get()
        assert (key.revoked_reason, key.revoked_note) == ("BY_OPERATOR", "leaked in a ticket")
        with pytest.raises(CommandError, match="no key"):
            run("revoke_key", "nonsense", "--reason=x")

    def test_takes_a_whole_key_that_leaked_for_its_id(self, alice: Member) -> None:
        made = create(alice)

        assert made["key"] not in run("revoke_key", made["key"], "--reason=leaked")

        assert ApiKey.objects.get().revoked_at is not None


@pytest.mark.django_db
class TestMaintenance:
    def test_ends_what_is_out_of_date_and_nothing_else(self, alice: Member) -> None:
        now = timezone.now()
        lifecycle.issue(owner=alice, name="old", by=OPERATOR, now=now - timedelta(minutes=16))
        lifecycle.issue(owner=alice, name="new", by=OPERATOR, now=now)
        for index, age in enumerate((timedelta(seconds=700), timedelta(seconds=500))):
            AcceptedHook.objects.create(dedup_key=f"{index}", accepted_at=now - age)
            OAuthState.objects.create(
                digest=f"{index}", browser_digest="", expires_at=now - age + timedelta(seconds=600)
            )

        output = run("maintenance")

        done = dict(part.split(": ") for part in output.strip().split("; "))
        names = ("pending keys revoked", "sign-ins pruned", "hook marks pruned")
        assert [done[name] for name in names] == ["1", "1", "1"]
        assert list(ApiKey.objects.live(now).values_list("name", flat=True)) == ["new"]


@pytest.mark.slow
class TestEveryCommand:
    NAMES = ["create_key", "list_keys", "revoke_key", "maintenance", "seed", "sandbox"]

    @pytest.mark.parametrize("name", NAMES)
    def test_explains_itself(self, name: str) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", name, "--help"], cwd=PROJECT, capture_output=True, text=True
        )

        assert (done.returncode, "usage:" in done.stdout) == (0, True)

    @pytest.mark.parametrize(
        "arguments",
        [["create_key"], ["create_key", "--workspace=A", "--scope=everything"], ["revoke_key", "x"]],
    )
    def test_ends_with_2_on_wrong_usage(self, arguments: list[str]) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=PROJECT, capture_output=True, text=True
        )

        assert done.returncode == 2
        assert "usage:" in done.stderr

    def test_ends_with_1_and_the_reason_on_stderr_when_refused(self) -> None:
        environment = os.environ | {"SANDBOX_PORT": "1"}
        done = subprocess.run(
            [sys.executable, "manage.py", "seed"],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
        )

        assert done.returncode == 1
        assert "PUMBLE_API_URL" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.django_db
class TestIdentifyKey:
    def identify(self, monkeypatch: pytest.MonkeyPatch, text: str | bytes, *options: str) -> str:
        """What it says in the strictest locale."""
        data = text if isinstance(text, bytes) else text.encode()
        monkeypatch.setattr(
            sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="ascii", errors="strict")
        )
        return str(run("identify_key", *options))

    def test_says_whose_key_it_is_and_its_state_and_never_repeats_it(
        self, alice: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = create(alice)
        run("revoke_key", made["id"], "--reason=found in a paste")

        output = self.identify(monkeypatch, f"export KEY={made['key']} # and {made['key']}\n")
        (identified,) = json.loads(self.identify(monkeypatch, made["key"], "--json"))

        assert output.split() == [made["id"], "revoked", "Acme", alice.email, "ci"]
        assert (identified["id"], identified["state"], identified["member"]) == (
            made["id"],
            "revoked",
            alice.email,
        )
        assert made["key"][17:] not in output

    def test_reads_no_more_than_it_can_hold(self, alice: Member, monkeypatch: pytest.MonkeyPatch) -> None:
        text = create(alice)["key"] + " " * MAX_BYTES

        with pytest.raises(CommandError, match="longer than 20000000 bytes"):
            self.identify(monkeypatch, text)
        assert not AuditEvent.objects.filter(type="key.identified").exists()

    @pytest.mark.parametrize(
        "encode",
        [
            pytest.param(lambda text: text.encode(), id="UTF-8"),
            pytest.param(lambda text: text.encode("utf-8-sig"), id="UTF-8 with BOM"),
            pytest.param(lambda text: text.encode("utf-16"), id="UTF-16 with BOM, as PowerShell writes it"),
            pytest.param(lambda text: b"\xfe\xff" + text.encode("utf-16-be"), id="UTF-16 BE with BOM"),
            pytest.param(lambda text: text.encode("utf-16-le"), id="UTF-16 LE"),
            pytest.param(lambda text: text.encode("utf-16-be"), id="UTF-16 BE"),
            pytest.param(lambda text: text.encode("latin-1"), id="Latin-1"),
            pytest.param(lambda text: "“".encode("cp1252") + text.encode("cp1252"), id="cp1252"),
            pytest.param(lambda text: text.encode("utf-32"), id="UTF-32"),
            pytest.param(lambda text: b"start\n" + text.encode("utf-16-le"), id="UTF-16 behind UTF-8"),
            pytest.param(lambda text: b"x" + text.encode("utf-16-be")[:-1], id="UTF-16, cut in a character"),
            pytest.param(lambda text: b"\xff\xc3\x28" + text.encode(), id="bytes of no encoding"),
            pytest.param(lambda text: b"A=1\0B=" + text.encode("latin-1") + b"\0", id="/proc/PID/environ"),
        ],
    )
    def test_reads_whatever_encoding_a_log_has(
        self, alice: Member, monkeypatch: pytest.MonkeyPatch, encode: Any
    ) -> None:
        made = create(alice)

        output = self.identify(monkeypatch, encode(f"{made['key']} für Zoë\n"))

        assert output.split()[:2] == [made["id"], "active"]
        assert made["key"][17:] not in output

    @pytest.mark.parametrize(
        ("data", "why"),
        [
            (gzip.compress(b"a log"), "decompress it with zcat"),
            (b"PK\x03\x04 a log", "decompress it with unzip"),
            (b"\x80\xfe\xff" * 9, "nothing of the form"),
            ("pmb_cutoff00_cutoff00".encode("utf-16"), "cut off or mistyped"),
        ],
    )
    def test_says_of_bytes_why_it_finds_none(
        self, monkeypatch: pytest.MonkeyPatch, data: bytes, why: str
    ) -> None:
        with pytest.raises(CommandError, match=why):
            self.identify(monkeypatch, data)

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            (lambda _key: "", "nothing of the form"),
            (lambda key: key[:-1], "cut off or mistyped"),
            (lambda key: key[:20] + ("a" if key[20] != "a" else "b") + key[21:], "cut off or mistyped"),
            (lambda _key: key_format.generate().text, "are not of this installation"),
        ],
    )
    def test_says_why_it_finds_none(
        self, alice: Member, monkeypatch: pytest.MonkeyPatch, change: Any, why: str
    ) -> None:
        with pytest.raises(CommandError, match=why) as refused:
            self.identify(monkeypatch, change(create(alice)["key"]))
        assert "pmb_" not in str(refused.value).replace("pmb_ID_SECRET", "")


@pytest.mark.django_db
class TestRotateSecrets:
    def test_puts_tokens_under_the_newest_key_so_that_the_old_one_can_go(
        self, alice: Member, settings: Settings
    ) -> None:
        names = {"workspace_id": "a" * 24, "user_id": alice.pumble_user_id, "kind": "access"}
        stored = tokens.encrypt("token", **names)  # type: ignore[arg-type]
        authorization = Authorization.objects.create(member=alice, encrypted_access_token=stored)
        newer = Fernet.generate_key().decode()
        settings.TOKEN_ENCRYPTION_KEYS = [newer, *settings.TOKEN_ENCRYPTION_KEYS]

        report = json.loads(run("rotate_secrets", "--json"))

        assert (report["tokensReencrypted"], report["tokensUnreadable"]) == (1, 0)
        settings.TOKEN_ENCRYPTION_KEYS = [newer]
        authorization.refresh_from_db()
        assert authorization.access_token == "token"
        settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        assert json.loads(run("rotate_secrets", "--json"))["tokensUnreadable"] == 1
        assert "that no key of TOKEN_ENCRYPTION_KEYS can read: 1; their people have to" in run(
            "rotate_secrets"
        )
        events = AuditEvent.objects.filter(type="secrets.rotated", workspace=None).order_by("number")
        assert [event.detail["tokens_unreadable"] for event in events] == [0, 1, 1]

    def test_reports_keys_on_older_peppers_and_on_those_that_are_gone(
        self, alice: Member, settings: Settings
    ) -> None:
        create(alice)
        old = settings.KEY_PEPPERS
        output = run("rotate_secrets")
        assert "Every live key is on the newest pepper" in output
        assert "can read" not in output

        settings.KEY_PEPPERS = {7: b"n" * 31 + b"!"} | old
        assert "Live keys on pepper 1: 1 (move to 7 when used)" in run("rotate_secrets")
        settings.KEY_PEPPERS = {7: b"n" * 31 + b"!"}
        assert json.loads(run("rotate_secrets", "--json"))["peppersMissing"] == [1]

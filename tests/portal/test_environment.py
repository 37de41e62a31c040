"""The start: a missing or malformed value ends it with one line that names the variable, and never the value."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.environment import PROJECT

PEPPER = base64.b64encode(b"a pepper of thirty-two bytes....").decode()
PRODUCTION = {
    "LOCAL_PUMBLE": "false",
    "PUBLIC_URL": "https://keys.example.com",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-0123456789-of-tests",
    "KEY_PEPPERS": f"1:{PEPPER}",
    "TOKEN_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "PUMBLE_APP_ID": "65f0a1b2c3d4e5f60718ffff",
    "PUMBLE_APP_KEY": "app-key-of-production",
    "PUMBLE_APP_CLIENT_SECRET": "xpcls-production",
    "PUMBLE_APP_SIGNING_SECRET": "xpss-production",
}


def start(data_dir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    everything = inherited | {"DATA_DIR": str(data_dir)} | environment
    return subprocess.run(command, cwd=PROJECT, env=everything, capture_output=True, text=True)


class TestTheStart:
    def test_in_production_has_nothing_to_warn_of(self, tmp_path: Path) -> None:
        done = start(tmp_path, **PRODUCTION)

        assert (done.returncode, done.stdout.strip()) == (
            0,
            "System check identified no issues (3 silenced).",
        )

    def test_with_the_local_pumble_needs_nothing_and_keeps_its_secrets_private(self, tmp_path: Path) -> None:
        folder = tmp_path / "data"

        assert start(folder, LOCAL_PUMBLE="true").returncode in {0, 1}

        secrets = folder / "secrets.json"
        before = secrets.read_text()
        assert (secrets.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
        start(folder, LOCAL_PUMBLE="true")
        assert secrets.read_text() == before

    @pytest.mark.parametrize(
        "name", [name for name in PRODUCTION if name not in {"LOCAL_PUMBLE", "PUBLIC_URL"}]
    )
    def test_without_a_secret_names_it(self, tmp_path: Path, name: str) -> None:
        done = start(tmp_path, **{**PRODUCTION, name: ""})

        assert done.returncode == 1
        assert done.stderr.strip().startswith(f"{name}: is required")
        assert len(done.stderr.strip().splitlines()) == 1

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("SECRET_KEY", "short"),
            ("SECRET_KEY", "a" * 64),
            ("SECRET_KEY", PEPPER),
            ("KEY_PEPPERS", PEPPER),
            ("KEY_PEPPERS", "1:c2hvcnQ="),
            ("KEY_PEPPERS", f"1:{PEPPER},2:{PEPPER}"),
            ("KEY_PEPPERS", f"x:{PEPPER}"),
            ("KEY_PEPPERS", "1:" + base64.b64encode(bytes(32)).decode()),
            ("TOKEN_ENCRYPTION_KEYS", "not-a-key"),
            ("TOKEN_ENCRYPTION_KEYS", base64.urlsafe_b64encode(b"a pepper of thirty-two bytes....").decode()),
            ("PUMBLE_APP_ID", "65f0a1b2c3d4e5f60718aa01"),
            ("PUMBLE_APP_KEY", "local-pumble-app-key-not-for-production"),
            ("PUMBLE_APP_CLIENT_SECRET", "xpcls-local-pumble-not-for-production"),
            ("PUMBLE_APP_SIGNING_SECRET", "xpss-local-pumble-not-for-production"),
            ("PUMBLE_APP_SIGNING_SECRET_FALLBACKS", "xpss-local-pumble-not-for-production"),
            ("DEBUG", "true"),
            ("DEBUG", "maybe"),
            ("LOCAL_PUMBLE", "2"),
            ("PORT", "eighty"),
            ("PORT", "0"),
            ("PUBLIC_URL", "portal.invalid"),
            ("PUBLIC_URL", "https://keys.example.com/?x=1"),
            ("PUMBLE_API_URL", "ftp://x"),
            ("DATABASE_URL", "mysql://u:p@h/db"),
            ("DATABASE_URL", "nonsense"),
            ("ALLOWED_HOSTS", "*"),
            ("API_STATUS", "honest"),
            ("LOG_FORMAT", "xml"),
        ],
    )
    def test_with_an_unfit_value_names_the_variable_and_never_the_value(
        self, tmp_path: Path, name: str, value: str
    ) -> None:
        done = start(tmp_path, **{**PRODUCTION, name: value})

        said = done.stderr.strip()
        assert (done.returncode, len(said.splitlines())) == (1, 1), said
        assert said.split(":")[0].split("_")[0] in name or name.split("_")[0] in said
        assert len(value) < 5 or value not in said


class TestTheExample:
    def test_has_a_line_for_every_variable_the_code_reads_and_no_other(self) -> None:
        import re

        source = (PROJECT / "portal/settings.py").read_text() + (
            PROJECT / "portal/environment.py"
        ).read_text()
        source += (PROJECT / "portal/gunicorn.conf.py").read_text()
        source += "".join(path.read_text() for path in (PROJECT / "pumble_bridge/sandbox").rglob("*.py"))
        calls = r"(?:env\.\w+|self\.(?:text|words)|required|environ\.get|environ\[|switch\w*)\(?\s*\"([A-Z][A-Z_]+)\""
        read = set(re.findall(calls, source)) - {"DJANGO_SETTINGS_MODULE", "PROMETHEUS_MULTIPROC_DIR"}
        example = re.findall(r"^#? ?([A-Z][A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE)

        assert set(example) >= read
        assert len(example) == len(set(example))


class TestASecretInAFile:
    def test_is_as_good_as_one_in_the_environment(self, tmp_path: Path) -> None:
        files = {}
        for name in PRODUCTION.keys() - {"LOCAL_PUMBLE", "PUBLIC_URL"}:
            path = tmp_path / name
            path.write_text(PRODUCTION[name] + "\n")
            files[f"{name}_FILE"] = str(path)
        kept = {name: PRODUCTION[name] for name in ("LOCAL_PUMBLE", "PUBLIC_URL")}

        assert start(tmp_path / "data", **kept, **files).returncode == 0

    @pytest.mark.parametrize(
        ("variables", "said"),
        [
            ({"SECRET_KEY_FILE": "/nowhere"}, "only one of the two"),
            ({"SECRET_KEY": "", "SECRET_KEY_FILE": "/nowhere"}, "can be read"),
            ({"METRICS_TOKEN": "short"}, "at least 32"),
        ],
    )
    def test_that_cannot_be_had_ends_the_start_with_its_name(
        self, tmp_path: Path, variables: dict[str, str], said: str
    ) -> None:
        done = start(tmp_path, **PRODUCTION | variables)

        assert done.returncode == 1
        assert said in done.stderr
        assert done.stderr.startswith(next(reversed(variables)))
        assert "short" not in done.stderr

"""The start: a missing or malformed value ends it with one line that names the variable, and never the value."""

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

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
            "System check identified no issues (2 silenced).",
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
            ("WORKERS", "0"),
            ("WORKERS", "many"),
            ("WORKERS", "65"),
            ("THREADS", "257"),
            ("PUBLIC_URL", "http://keys.example.com"),
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


class TestTheDeployCheck:
    def test_warns_of_a_data_directory_that_others_may_read(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o755)

        said = start(tmp_path, **PRODUCTION).stderr

        assert "portal.W001" in said
        assert "chmod 700" in said

    def test_warns_of_callers_who_all_look_like_the_proxy(self, tmp_path: Path) -> None:
        warned = start(tmp_path, **PRODUCTION, BIND="0.0.0.0")
        trusted = start(tmp_path, **PRODUCTION, BIND="0.0.0.0", TRUSTED_PROXIES="10.0.0.0/8")

        assert "portal.W002" in warned.stderr
        assert trusted.returncode == 0


class TestSeveralProcesses:
    SHARED = {
        "WORKERS": "2",
        "REDIS_URL": "redis://127.0.0.1:6379/0",
        "DATABASE_URL": "postgres://p:p@h:5432/p",
    }

    def test_may_start_where_they_share_what_they_know(self, tmp_path: Path) -> None:
        assert start(tmp_path, **PRODUCTION, **self.SHARED).returncode == 0

    @pytest.mark.parametrize("missing", ["REDIS_URL", "DATABASE_URL"])
    def test_may_not_start_without_what_they_need_to_share(self, tmp_path: Path, missing: str) -> None:
        done = start(tmp_path, **PRODUCTION | self.SHARED | {missing: ""})

        assert (done.returncode, len(done.stderr.strip().splitlines())) == (1, 1)
        assert done.stderr.startswith("WORKERS: may be above 1 only with")
        assert missing in done.stderr


class TestWhatComesBeforeTheSecrets:
    """The app at Pumble is created from its manifest, and only then are there credentials."""

    def manifest(self, data_dir: Path, **environment: str) -> dict[str, Any]:
        bare = {
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(data_dir),
            "PUBLIC_URL": "https://keys.example.com",
        }
        done = subprocess.run(
            [sys.executable, "manage.py", "manifest"],
            cwd=PROJECT,
            env=bare | environment,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        printed: dict[str, Any] = json.loads(done.stdout)
        return printed

    def test_is_the_manifest(self, tmp_path: Path) -> None:
        manifest = self.manifest(tmp_path)

        assert manifest["redirectUrls"] == ["https://keys.example.com/pumble/redirect"]
        assert "id" not in manifest

    def test_which_names_the_app_when_there_is_one(self, tmp_path: Path) -> None:
        assert self.manifest(tmp_path, PUMBLE_APP_ID="6" * 24)["id"] == "6" * 24

    def test_is_no_way_to_start_a_server(self, tmp_path: Path) -> None:
        bare = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)}
        for command in (["-m", "gunicorn", "manifest"], ["-m", "gunicorn", "-c", "portal/gunicorn.conf.py"]):
            done = subprocess.run(
                [sys.executable, *command], cwd=PROJECT, env=bare, capture_output=True, text=True, timeout=20
            )
            assert done.returncode != 0


class TestTheExample:
    def test_has_a_line_for_every_variable_the_code_reads_and_no_other(self) -> None:
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

    def test_may_begin_with_a_dollar(self, tmp_path: Path) -> None:
        odd = PRODUCTION | {"SECRET_KEY": "$" + PRODUCTION["SECRET_KEY"]}

        assert start(tmp_path, **odd).returncode == 0

    @pytest.mark.parametrize(
        ("variables", "said"),
        [
            ({"SECRET_KEY_FILE": "/nowhere"}, "only one of the two"),
            ({"SECRET_KEY": "", "SECRET_KEY_FILE": "/nowhere"}, "can be read"),
            ({"SECRET_KEY": "", "SECRET_KEY_FILE": "/"}, "can be read"),
            ({"SECRET_KEY": "", "SECRET_KEY_FILE": "/dev/null"}, "can be read"),
            ({"METRICS_TOKEN": "short"}, "at least 32"),
            ({"METRICS_TOKEN": "a token of words that are apart..."}, "letters and digits"),
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

"""Settings: a missing or malformed value stops the start with one line that names the variable, never the value."""

import base64
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from tests.deployment import composition
from tests.environment import PROJECT, free_port

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


# Root reads and writes what it likes; without these capabilities it is as any account.
WITHOUT_PRIVILEGES = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


def start(data_dir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return check(PROJECT, environment | {"DATA_DIR": str(data_dir)})


def check(project: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Check the settings as an account without privileges."""
    inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        [*WITHOUT_PRIVILEGES, *command],
        cwd=project,
        env=inherited | environment,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project."""
    folder = tmp_path_factory.mktemp("project")
    composition.lay_out(folder)
    return folder


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
            ("WORKERS", "0"),
            ("WORKERS", "many"),
            ("WORKERS", "65"),
            ("THREADS", "257"),
            ("PUBLIC_URL", "http://keys.example.com"),
            ("PUBLIC_URL", "portal.invalid"),
            ("PUBLIC_URL", "https://keys.example.com/keys/"),
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


class TestPublicUrl:
    def test_is_required_outside_the_local_pumble(self, tmp_path: Path) -> None:
        done = start(tmp_path, **PRODUCTION | {"PUBLIC_URL": ""})

        assert (done.returncode, done.stderr.strip()) == (
            1,
            "PUBLIC_URL: is required; .env.example shows its form",
        )

    def test_may_have_an_address_of_ipv6(self, tmp_path: Path) -> None:
        assert start(tmp_path, **PRODUCTION | {"PUBLIC_URL": "https://[2001:db8::1]"}).returncode == 0


class TestPorts:
    def test_may_be_named_as_kubernetes_names_a_service_where_nothing_uses_them(self, tmp_path: Path) -> None:
        done = start(tmp_path, **PRODUCTION, SANDBOX_PORT="tcp://10.0.0.1:9000")

        assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize(
        ("variables", "name"),
        [
            ({"LOCAL_PUMBLE": "true", "SANDBOX_PORT": "tcp://10.0.0.1:9000"}, "SANDBOX_PORT"),
            (PRODUCTION | {"PORT": "tcp://10.0.0.1:8000"}, "PORT"),
            (PRODUCTION | {"PORT": "000000000000080000"}, "PORT"),
            (PRODUCTION | {"PORT": "9" * 5000}, "PORT"),
        ],
    )
    def test_are_numbers_where_they_are_used(
        self, tmp_path: Path, variables: dict[str, str], name: str
    ) -> None:
        done = start(tmp_path, **variables)

        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
        assert done.stderr.startswith(f"{name}: expects a whole number")
        assert ("Kubernetes" in done.stderr) == ("://" in variables[name])


class TestBind:
    @pytest.mark.parametrize("value", ["::1", "[::1]", "localhost"])
    def test_is_an_address_of_either_kind_that_the_health_check_asks(
        self, tmp_path: Path, value: str
    ) -> None:
        port = str(free_port())
        own = os.environ | PRODUCTION | {"DATA_DIR": str(tmp_path), "BIND": value, "PORT": port}
        server = [sys.executable, "-m", "gunicorn", "-c", "portal/gunicorn.conf.py"]
        process = subprocess.Popen(server, cwd=PROJECT, env=own, stderr=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 30
            while self.ask_health(own):
                assert process.poll() is None
                assert time.monotonic() < until
        finally:
            process.terminate()
            process.wait(20)
        assert self.ask_health(own) == 1

    def ask_health(self, environment: dict[str, str]) -> int:
        command = [sys.executable, "deploy/healthcheck.py"]
        return subprocess.run(command, cwd=PROJECT, env=environment, timeout=10).returncode

    @pytest.mark.parametrize(
        "value",
        ["127.0.0.1:8000", "[::1]:8000", "::1::", "[localhost]", "unix:/run/portal", "*", "256.1.1.1", "a b"],
    )
    def test_is_refused_where_no_server_could_listen(self, tmp_path: Path, value: str) -> None:
        done = start(tmp_path, **PRODUCTION, BIND=value)

        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
        assert done.stderr.startswith("BIND: expects an address")


class TestDataDir:
    def below_a_file(self, folder: Path) -> Path:
        (folder / "file").touch()
        return folder / "file/data"

    def a_file(self, folder: Path) -> Path:
        (folder / "file").touch()
        return folder / "file"

    def not_writable(self, folder: Path) -> Path:
        (folder / "data").mkdir(mode=0o500)
        return folder / "data"

    def below_one_that_is_not_writable(self, folder: Path) -> Path:
        return self.not_writable(folder) / "data"

    def a_broken_link(self, folder: Path) -> Path:
        (folder / "data").symlink_to("/nowhere")
        return folder / "data"

    def with_a_name_too_long(self, folder: Path) -> Path:
        return folder / ("x" * 300)

    def with_the_database_of_another_account(self, folder: Path) -> Path:
        (folder / "portal.sqlite3").touch(mode=0o400)
        return folder

    @pytest.mark.parametrize(
        "make",
        [
            below_a_file,
            a_file,
            not_writable,
            below_one_that_is_not_writable,
            a_broken_link,
            with_a_name_too_long,
            with_the_database_of_another_account,
        ],
    )
    def test_that_cannot_be_used_is_named_with_its_cure(
        self, tmp_path: Path, make: Callable[..., Path]
    ) -> None:
        done = start(make(self, tmp_path), **PRODUCTION)

        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
        assert re.match(r"DATA_DIR: /.* cannot be (created|written)", done.stderr)

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"SECRET_KEY": "x"}', "\0"])
    def test_with_damaged_secrets_is_named_with_its_cure(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "secrets.json").write_text(content)

        done = start(tmp_path, LOCAL_PUMBLE="true")

        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
        assert "secrets.json cannot be read or is damaged" in done.stderr

    def test_is_not_touched_where_the_database_is_elsewhere(self, tmp_path: Path) -> None:
        elsewhere = {"DATABASE_URL": "postgres://p:p@127.0.0.1:1/p"}

        assert start(self.below_a_file(tmp_path), **PRODUCTION | elsewhere).returncode == 0


class TestDotenv:
    """A file `.env` in a project of its own."""

    @pytest.fixture
    def dotenv(self, project: Path) -> Iterator[Path]:
        path = project / ".env"
        yield path
        if path.is_dir():
            path.rmdir()
        path.unlink(missing_ok=True)

    def check(self, dotenv: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return check(dotenv.parent, environment)

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            pytest.param(
                b"\xef\xbb\xbfLOCAL_PUMBLE=true\n", "begins with a byte order mark", id="UTF-8 with BOM"
            ),
            pytest.param("LOCAL_PUMBLE=true\n".encode("utf-16"), "looks like UTF-16", id="UTF-16 with BOM"),
            pytest.param("LOCAL_PUMBLE=true\n".encode("utf-16-le"), "looks like UTF-16", id="UTF-16 LE"),
            pytest.param("LOCAL_PUMBLE=true\n".encode("utf-16-be"), "looks like UTF-16", id="UTF-16 BE"),
            pytest.param("LOCAL_PUMBLE=true\n".encode("utf-32"), "looks like UTF-16", id="UTF-32"),
            pytest.param(
                "LOCAL_PUMBLE=true\n# für uns\n".encode("latin-1"), "line 2 is not UTF-8", id="Latin-1"
            ),
            pytest.param(
                b"LOCAL_PUMBLE=true\nSECRET_KEY: 0123456789\n", "line 2 expects NAME=VALUE", id="a colon"
            ),
            pytest.param(b"LOCAL_PUMBLE = true\n", "line 1 expects NAME=VALUE", id="spaces"),
            pytest.param(b'{"LOCAL_PUMBLE": true}\n', "line 1 expects NAME=VALUE", id="JSON"),
        ],
    )
    def test_that_cannot_be_understood_is_refused_with_the_cure(
        self, dotenv: Path, content: bytes, said: str
    ) -> None:
        dotenv.write_bytes(content)

        done = self.check(dotenv)

        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
        assert done.stderr.startswith(f".env: {said}")
        assert "0123456789" not in done.stderr

    @pytest.mark.parametrize(
        ("make", "said"),
        [
            (lambda path: path.touch(mode=0), "cannot be read (Permission denied)"),
            (lambda path: path.mkdir(), "is not a file"),
            (os.mkfifo, "is not a file"),
            (lambda path: path.symlink_to("/nowhere/.env"), "cannot be read (No such file or directory)"),
            (lambda path: path.symlink_to(path), "cannot be read (Too many levels of symbolic links)"),
        ],
    )
    def test_that_cannot_be_read_is_refused_with_the_cure(
        self, dotenv: Path, make: Callable[[Path], None], said: str
    ) -> None:
        make(dotenv)

        done = self.check(dotenv, LOCAL_PUMBLE="true")

        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
        assert done.stderr.startswith(f".env: {said}")

    def test_may_have_comments_quotes_and_export(self, dotenv: Path) -> None:
        dotenv.write_text("# für uns\n\nexport LOCAL_PUMBLE='true'\nLOG_FORMAT=\"xml\"\n")

        assert self.check(dotenv).stderr.startswith("LOG_FORMAT: expects")

    def test_gives_way_to_the_environment(self, dotenv: Path) -> None:
        dotenv.write_text("LOCAL_PUMBLE=true\nLOG_FORMAT=xml\n")

        assert self.check(dotenv, LOG_FORMAT="json").returncode in {0, 1}
        assert "LOG_FORMAT" not in self.check(dotenv, LOG_FORMAT="json").stderr

    @pytest.mark.parametrize(
        "content",
        [
            (PROJECT / ".env.example").read_text(),
            "PUBLIC_URL=https://keys.example.com\nPUMBLE_API_URL=https://api-ga.pumble.com\n",
            "DATABASE_URL=postgres://production\nWORKERS=8\n",
            "LOCAL_PUMBLE=false\nPUMBLE_APP_ID=1\nTOKEN_ENCRYPTION_KEYS=unfit\nPORT=unfit\n",
        ],
    )
    def test_for_production_is_ignored_by_the_local_pumble(self, dotenv: Path, content: str) -> None:
        dotenv.write_text(content)
        show = "from django.conf import settings as s; print(s.PUBLIC_URL, s.PUMBLE_API_URL, s.LOG_FORMAT)"

        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", show],
            cwd=dotenv.parent,
            env={"PATH": os.environ["PATH"], "LOCAL_PUMBLE": "true", "PORT": "8765", "SANDBOX_PORT": "8766"},
            capture_output=True,
            text=True,
        )

        assert done.stdout.strip() == "http://127.0.0.1:8765 http://127.0.0.1:8766 console", done.stderr

    def test_for_the_local_pumble_counts(self, dotenv: Path) -> None:
        dotenv.write_text("LOCAL_PUMBLE=yes\nDEBUG=perhaps\n")

        assert self.check(dotenv, LOCAL_PUMBLE="true").stderr.startswith("DEBUG: expects")

    @pytest.mark.parametrize(
        "line",
        [
            "PUMBLE_API_URL=https://api-ga.pumble.com",
            "PUMBLE_CONSENT_SCREEN_URL=https://app.pumble.com/access-request",
            "PUMBLE_API_URL=https://PUMBLE.com:443",
        ],
    )
    def test_for_the_local_pumble_may_not_name_production_pumble(self, dotenv: Path, line: str) -> None:
        dotenv.write_text(f"LOCAL_PUMBLE=true\n{line}\n")

        done = self.check(dotenv)

        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
        assert done.stderr.startswith(f"{line.partition('=')[0]}: is the URL of production Pumble")


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

    def test_do_not_start_on_a_port_that_another_portal_shares_out(self, tmp_path: Path) -> None:
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = str(other.getsockname()[1])
            done = subprocess.run(
                [sys.executable, "-m", "gunicorn", "-c", "portal/gunicorn.conf.py"],
                cwd=PROJECT,
                env={"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "PORT": port}
                | PRODUCTION
                | self.SHARED,
                capture_output=True,
                text=True,
                timeout=30,
            )

        assert (done.returncode, done.stderr.splitlines()[-1]) == (
            1,
            f"port {port} is in use; choose another with PORT=...",
        )


class TestTheManifestBeforeTheSecrets:
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
        source += "".join(path.read_text() for path in (PROJECT / "sandbox").rglob("*.py"))
        calls = r"(?:env\.\w+|self\.(?:text|list)|required|environ\.get|environ\[|switch\w*)\(?\s*\"([A-Z][A-Z_]+)\""
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
        ("encoding", "said"),
        [("utf-8-sig", "begins with a byte order mark"), ("utf-16", "looks like UTF-16")],
    )
    def test_in_another_encoding_ends_the_start_with_its_name(
        self, tmp_path: Path, encoding: str, said: str
    ) -> None:
        path = tmp_path / "secret"
        path.write_text(PRODUCTION["SECRET_KEY"], encoding=encoding)

        done = start(tmp_path, **PRODUCTION | {"SECRET_KEY": "", "SECRET_KEY_FILE": str(path)})

        assert done.returncode == 1
        assert done.stderr.startswith(f"SECRET_KEY_FILE: {said}")

    @pytest.mark.parametrize(
        ("variables", "said"),
        [
            ({"SECRET_KEY_FILE": "/nowhere"}, "set only one of them"),
            ({"SECRET_KEY": "", "SECRET_KEY_FILE": "/nowhere"}, "readable file"),
            ({"SECRET_KEY": "", "SECRET_KEY_FILE": "/"}, "readable file"),
            ({"SECRET_KEY": "", "SECRET_KEY_FILE": "/dev/null"}, "readable file"),
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

"""`manage.py` as a shell, a pipe and a supervisor meet it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from portal.command_line import LineBufferedOutput
from tests.environment import PROJECT, free_port

SIGPIPE_STATUS = 128 + signal.SIGPIPE


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of an installation with a database of its own, in which there are a few audit events."""
    own = {"DATA_DIR": str(tmp_path_factory.mktemp("data")), "DATABASE_URL": "", "PORT": str(free_port())}
    environment = os.environ | own
    for command in ("migrate -v0", "rotate_secrets", "rotate_secrets"):
        assert shell(f"manage {command}", environment).returncode == 0
    return environment


def shell(line: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a line of Bash, in which `manage` is `manage.py`. Its status is that of the first command that failed."""
    script = f'set -o pipefail; manage() {{ "{sys.executable}" manage.py "$@"; }}; {line}'
    return subprocess.run(
        ["bash", "-c", script], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=30
    )


class TestAReaderThatHasEnough:
    @pytest.mark.parametrize(
        "command",
        [
            "audit_export",
            "audit_export --format csv",
            "list_keys",
            "list_keys --json",
            "audit_verify",
            "rotate_secrets",
            "maintenance",
            "maintenance --every 3600",
            "manifest",
            "check",
            "showmigrations",
            "help",
        ],
    )
    def test_ends_each_command_quietly_with_the_status_of_a_closed_pipe(
        self, installation: dict[str, str], command: str
    ) -> None:
        done = shell(f"manage {command} | true", installation)

        said = [line for line in done.stderr.splitlines() if " INFO " not in line and " WARNING " not in line]
        assert (done.returncode, said) == (SIGPIPE_STATUS, [])

    def test_has_the_first_line(self, installation: dict[str, str]) -> None:
        listed = shell("manage list_keys | head -1", installation)
        exported = shell("manage audit_export | head -1", installation)

        assert (listed.stdout, listed.stderr) == ("No keys.\n", "")
        assert (exported.stdout.count("\n"), exported.stderr) == (1, "")

    def test_may_read_the_errors_too(self, installation: dict[str, str]) -> None:
        done = shell("manage list_keys --workspace Nowhere 2>&1 | true", installation)

        assert (done.returncode, done.stderr) == (SIGPIPE_STATUS, "")


class TestAnOutput:
    def test_on_a_full_disk_is_missed_in_one_line(self, installation: dict[str, str]) -> None:
        done = shell("manage audit_export > /dev/full", installation)

        assert done.returncode == 1
        assert done.stderr == "manage.py: the output cannot be written: No space left on device\n"

    def test_that_is_closed_is_missed_before_anything_is_done(self, installation: dict[str, str]) -> None:
        done = shell("manage rotate_secrets >&-", installation)

        assert done.returncode == 1
        assert done.stderr.startswith("manage.py: standard output is closed")

    @pytest.mark.parametrize("closed", ["2>&-", "<&-", "<&- 2>&-"])
    def test_is_whole_where_another_stream_is_closed(self, installation: dict[str, str], closed: str) -> None:
        done = shell(f"manage list_keys {closed}", installation)

        assert (done.returncode, done.stdout) == (0, "No keys.\n")

    def test_says_each_line_at_once_and_escapes_what_its_encoding_lacks(self, tmp_path: Path) -> None:
        path = tmp_path / "output"
        with path.open("w", encoding="ascii", errors="strict") as stream:
            output = LineBufferedOutput(stream)

            output.write("Zoë\n")

            assert path.read_bytes() == b"Zo\\xeb\n"


class TestADatabase:
    @pytest.mark.parametrize("command", ["migrate", "list_keys", "serve"])
    def test_that_cannot_be_reached_is_said_in_one_line(
        self, installation: dict[str, str], command: str
    ) -> None:
        elsewhere = "postgres://portal:secret@database.invalid:5432/portal"
        done = shell(f"manage {command}", installation | {"DATABASE_URL": elsewhere})

        assert (done.returncode, "Traceback" in done.stderr) == (1, False)
        assert "the database cannot be" in done.stderr.splitlines()[-1]
        assert "failed to resolve host 'database.invalid'" in done.stderr
        assert "secret" not in done.stderr

    def test_without_tables_is_said_in_one_line(self, installation: dict[str, str], tmp_path: Path) -> None:
        done = shell("manage list_keys", installation | {"DATA_DIR": str(tmp_path)})

        assert (done.returncode, done.stderr) == (
            1,
            "manage.py: the database lacks tables of this version; run the command migrate first\n",
        )


class TestBytesOnStandardInput:
    @pytest.mark.parametrize("strict", [{}, {"LC_ALL": "C", "PYTHONIOENCODING": "ascii:strict"}])
    def test_are_read_in_every_locale(self, installation: dict[str, str], strict: dict[str, str]) -> None:
        done = shell("printf '\\377\\376\\303(\\200' | manage identify_key", installation | strict)

        assert done.returncode == 1
        assert done.stderr.strip().endswith(
            "no key found: the text contains nothing of the form pmb_ID_SECRET"
        )

    @pytest.mark.parametrize("no_text", ["0> /dev/null", "<&-", "< /dev/null"])
    def test_that_are_none_are_said_in_one_line(self, installation: dict[str, str], no_text: str) -> None:
        done = shell(f"manage identify_key {no_text}", installation)

        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr

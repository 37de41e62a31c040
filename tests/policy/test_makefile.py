"""`make` with a broken environment, and with Python variables of the developer."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.environment import PROJECT

# A Python that makes an environment without a download: what it is asked for is the tests' own.
PYTHON = f"""#!/bin/sh
case "$*" in
    "-m venv --clear "*)
        rm -rf "$4"/* && mkdir -p "$4/bin"
        printf '#!/bin/sh\\nexec "{sys.executable}" "$@"\\n' > "$4/bin/python"
        chmod +x "$4/bin/python" ;;
    *) exec "{sys.executable}" "$@" ;;
esac
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout that requires nothing, after its first `make`."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copy(PROJECT / "Makefile", folder)
    (folder / "requirements.txt").touch()
    (folder / "python").write_text(PYTHON)
    (folder / "python").chmod(0o755)
    assert make(folder).returncode == 0
    return folder


@pytest.fixture
def checkout(made: Path, tmp_path: Path) -> Path:
    """The same for one test."""
    return Path(shutil.copytree(made, tmp_path / "checkout"))


def make(checkout: Path, *more: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Install what `make run` needs."""
    command = ["make", f"PYTHON={checkout}/python", *(more or [".venv/run.stamp"])]
    return subprocess.run(
        command, cwd=checkout, env=os.environ | environment, capture_output=True, text=True, timeout=50
    )


def works(checkout: Path) -> bool:
    command = [str(checkout / ".venv/bin/python"), "-c", "import django"]
    return (checkout / ".venv/run.stamp").exists() and subprocess.run(command).returncode == 0


def without_python(venv: Path) -> None:
    (venv / "bin/python").unlink()


def python_is_a_broken_link(venv: Path) -> None:
    (venv / "bin/python").unlink()
    (venv / "bin/python").symlink_to("/usr/bin/python3.1")


def lacks(package: str) -> Callable[[Path], None]:
    def remove(venv: Path) -> None:
        refuse = f'case "$*" in *{package}*) exit 1 ;; *) exec "{sys.executable}" "$@" ;; esac'
        (venv / "bin/python").write_text(f"#!/bin/sh\n{refuse}\n")

    return remove


def install_was_interrupted(venv: Path) -> None:
    (venv / "run.stamp").unlink()
    (venv / "half a package").touch()


def is_a_broken_link(venv: Path) -> None:
    shutil.rmtree(venv)
    venv.symlink_to("/nowhere")


def is_a_file(venv: Path) -> None:
    shutil.rmtree(venv)
    venv.touch()


def is_empty(venv: Path) -> None:
    shutil.rmtree(venv)
    venv.mkdir()


def python_is_no_program(venv: Path) -> None:
    (venv / "bin/python").write_text("garbage")
    (venv / "bin/python").chmod(0o644)


@pytest.mark.slow
class TestAnEnvironment:
    @pytest.mark.parametrize(
        "broken",
        [
            without_python,
            python_is_a_broken_link,
            python_is_no_program,
            lacks("pip"),
            lacks("django"),
            install_was_interrupted,
            is_a_broken_link,
            is_a_file,
            is_empty,
        ],
    )
    def test_that_is_half_made_is_made_anew(self, checkout: Path, broken: Callable[[Path], None]) -> None:
        broken(checkout / ".venv")

        run = make(checkout)

        assert run.returncode == 0, run.stderr
        assert works(checkout)
        assert not (checkout / ".venv/half a package").exists()

    def test_that_works_is_left_alone(self, checkout: Path) -> None:
        (checkout / ".venv/kept").touch()

        run = make(checkout)

        assert "up to date" in run.stdout
        assert (checkout / ".venv/kept").exists()

    def test_that_is_older_than_the_requirements_is_brought_up_to_date(self, checkout: Path) -> None:
        (checkout / ".venv/kept").touch()
        os.utime(checkout / ".venv/run.stamp", (0, 0))

        run = make(checkout)

        assert "Installing the locked requirements" in run.stdout
        assert (checkout / ".venv/kept").exists()


class TestADevelopersSettingsOfPython:
    def test_reach_nothing_that_make_starts(self, checkout: Path) -> None:
        (checkout / "more.mk").write_text("shown:\n\t@env\n")
        own = {"PYTHONUNBUFFERED": "1", "PYTHONPATH": "/nowhere", "PYTHONWARNINGS": "ignore", "KEPT": "yes"}

        shown = make(checkout, "-f", "Makefile", "-f", "more.mk", "shown", **own).stdout

        assert "KEPT=yes" in shown
        assert not [line for line in shown.splitlines() if line.startswith("PYTHON")]

"""The package, built from the tracked files and installed into an empty environment without the repository."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from tests.environment import PROJECT


@dataclass(frozen=True)
class Installation:
    root: Path
    wheel: Path
    sdist: Path

    @classmethod
    def create(cls, root: Path, wheel: Path, sdist: Path) -> Self:
        """Install the wheel into a new environment."""
        venv.create(root, with_pip=False)
        installation = cls(root, wheel, sdist)
        # The requirements come from the environment of the tests, so that nothing is downloaded.
        (installation.site_packages / "requirements.pth").write_text(sysconfig.get_path("purelib"))
        installation.install(wheel)
        return installation

    def install(self, wheel: Path) -> None:
        pip = [sys.executable, "-m", "pip", "--python", str(self.root / "bin/python"), "install"]
        quiet = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
        subprocess.run([*pip, *quiet, str(wheel)], check=True, cwd=self.root)

    @property
    def program(self) -> str:
        return str(self.root / "bin/pumble-api-keys")

    @property
    def site_packages(self) -> Path:
        return next(self.root.glob("lib/python*/site-packages"))

    def files(self) -> dict[Path, int]:
        """Return the installed files and their times of change. Python may cache byte code."""
        found = (path for path in self.site_packages.rglob("*") if "__pycache__" not in path.parts)
        return {path: path.stat().st_mtime_ns for path in found if path.is_file()}

    def run(self, folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the program to its end, in a folder."""
        return subprocess.run(
            [self.program, *arguments],
            cwd=folder,
            env=bare_environment() | environment,
            capture_output=True,
            text=True,
            timeout=100,
        )


def bare_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    folder = tmp_path_factory.mktemp("package")
    clone, dist, root = folder / "clone", folder / "dist", folder / "installed"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, clone / name)

    build = [sys.executable, "-m", "hatchling", "build", "-d", str(dist), "-t"]
    subprocess.run([*build, "sdist"], cwd=clone, check=True, stdout=subprocess.DEVNULL)
    (sdist,) = dist.glob("*.tar.gz")
    shutil.unpack_archive(sdist, folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    subprocess.run([*build, "wheel"], cwd=unpacked, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = dist.glob("*.whl")
    shutil.rmtree(clone)
    shutil.rmtree(folder / "unpacked")

    return Installation.create(root, wheel, sdist)


def older_wheel(sdist: Path, folder: Path) -> Path:
    """Build a wheel of an older version, with a module that is no longer there."""
    shutil.unpack_archive(sdist, folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    (unpacked / "portal/__init__.py").write_text('__version__ = "0.0.1"\n')
    (unpacked / "portal/gone.py").write_text("")
    (unpacked / "PKG-INFO").unlink()  # it has the version of the sdist
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(folder), "-t", "wheel"]
    subprocess.run(build, cwd=unpacked, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    return wheel

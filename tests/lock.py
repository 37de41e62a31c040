"""`make lock`: compile the locked requirements from pyproject.toml, with hashes, for every platform.

The compiler lives in an environment of its own under `.venv/lock`; nothing of the project depends on it.
"""

import subprocess
import venv
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
TOOL = PROJECT / ".venv/lock"
COMMON = [
    *("--universal", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--quiet"),
    *("--python-version", "3.11", "--custom-compile-command", "make lock"),
]


def main() -> None:
    if not (TOOL / "bin/uv").exists():
        venv.create(TOOL, with_pip=True)
        subprocess.run([TOOL / "bin/python", "-m", "pip", "install", "--quiet", "uv ~= 0.13"], check=True)
    for lock, options in {
        "requirements.txt": ["pyproject.toml"],
        "requirements-test.txt": ["--group", "test", "--constraints", "requirements.txt"],
        "requirements-docs.txt": ["--group", "docs"],
        "requirements-node.txt": ["--group", "node"],
        "requirements-mcp-legacy.txt": ["--group", "mcp-legacy"],
        "requirements-bench.txt": ["pyproject.toml", "--extra", "bench", "--constraints", "requirements.txt"],
    }.items():
        subprocess.run(
            [TOOL / "bin/uv", "pip", "compile", *COMMON, *options, "-o", lock], cwd=PROJECT, check=True
        )


if __name__ == "__main__":
    main()

"""The table of what the portal is delivered with: each package's license and why it is there. `python -m tests.licenses` writes it.

Why: for a requirement of our own the comment beside it in pyproject.toml, for another who asks for it.
"""

import importlib.metadata
import re
import tomllib
from dataclasses import dataclass

from tests.environment import PROJECT

TABLE = PROJECT / "docs/licenses.md"
HEAD = """# Licenses

What the portal is delivered with: each package of `requirements.txt`, its license and why it is there. Written by `python -m tests.licenses`.

| package | license | why |
|---|---|---|
"""
# Of packages that only other systems or Pythons install.
ELSEWHERE = {"async-timeout": "Apache-2.0", "colorama": "BSD-3-Clause", "tzdata": "Apache-2.0"}
_SAID_OTHERWISE = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD 3-Clause OR Apache-2.0": "BSD-3-Clause OR Apache-2.0",
    "MIT License": "MIT",
}


@dataclass(frozen=True, slots=True)
class Package:
    name: str
    license: str
    why: str


def packages() -> list[Package]:
    """Every package of requirements.txt, by name."""
    own = _reasons()
    return [
        Package(name, _license(name), own.get(name) or f"for {', '.join(asking)}")
        for name, asking in sorted(_locked().items())
    ]


def table() -> str:
    return HEAD + "".join(f"| {one.name} | {one.license} | {one.why} |\n" for one in packages())


def _reasons() -> dict[str, str]:
    """Package to the comment on its line, of the delivered requirements."""
    text = (PROJECT / "pyproject.toml").read_text()
    declared = tomllib.loads(text)["project"]["dependencies"]
    reasons = {}
    for requirement in declared:
        line = next(line for line in text.splitlines() if f'"{requirement}"' in line)
        reasons[re.split(r"[^A-Za-z0-9.-]", requirement)[0]] = line.partition(" # ")[2].strip()
    return reasons


def _locked() -> dict[str, list[str]]:
    """Package to who asks for it, as the lock says."""
    asking: dict[str, list[str]] = {}
    name = ""
    for line in (PROJECT / "requirements.txt").read_text().splitlines():
        if found := re.match(r"([a-z0-9.-]+)(\[[a-z,]+\])?==", line):
            name = found[1]
            asking[name] = []
        elif name and (via := re.match(r"    # (?:via )? *([a-z0-9.-]+)$", line)) and via[1] != "via":
            asking[name].append(via[1])
    return asking


def _license(name: str) -> str:
    if name in ELSEWHERE:
        return ELSEWHERE[name]
    said = importlib.metadata.metadata(name)
    fields = ("License-Expression", "License", "Classifier")
    candidates = [line for field in fields for line in said.get_all(field) or []]
    candidates = [
        line.split(" :: ")[-1] for line in candidates if "::" not in line or line.startswith("License")
    ]
    name = next((one for one in candidates if one and "\n" not in one), "unknown")
    return _SAID_OTHERWISE.get(name, name)


if __name__ == "__main__":
    TABLE.write_text(table())
    print(f"Wrote {TABLE.relative_to(PROJECT)}.")

"""The guides as tests: what they say to type is typed at a running stack, and must print what they say it prints.

A `console` block is a shell: lines after `$ ` are commands, the others what they print. A `chat` block is the channel
#general: lines after `Name> ` are typed by that person, the others are the app's reply that only this person sees. All blocks
of one guide share a shell and run in their order. `...` stands for any text, or on a line of its own for any lines. Ids, keys and
times differ in each run: an id or key of the guide stands for the one that was printed in its place, also in later commands.

A `python` block is a program that prints nothing.

`<!-- skip: next "reason" -->` before a block names what the block needs and the tests do not have.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sybil import Example, Sybil
from sybil.integration.pytest import SybilItem
from sybil.parsers.markdown import CodeBlockParser, SkipParser

from tests.environment import PROJECT
from tests.stack import Stack, running

MAX_COMMAND_SECONDS = 30
_TYPED = re.compile(r"^(\$|[A-Z][a-z]+>) (.+(?:\\\n.+)*)\n?", re.MULTILINE)
# How what differs in each run is written in a guide, to what may stand in its place.
_DIFFERS = {
    r"pmb_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}": r"pmb_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}",  # a key
    r"pmb_[0-9A-Za-z]{4}…[0-9A-Za-z]{4}": r"pmb_[0-9A-Za-z]{4}…[0-9A-Za-z]{4}",  # what lists show of it
    r"\b(?=\w*[a-z])(?=\w*[A-Z])(?=\w*\d)[0-9A-Za-z]{12}\b": r"[0-9A-Za-z]{12}",  # its public id
    r"\b(?=\w*[a-f])[0-9a-f]{24}\b": r"[0-9a-f]{24}",  # an id of Pumble's, or of a request
    r"\d{4}-\d\d-\d\dT[\d:.]+": r"\d{4}-\d\d-\d\dT[\d:.]+",  # a time
    r"^\.\.\.\n": r"(?:[^\n]*\n)*?",
    r"\n\.\.\.\Z": r".*",
    r"\.\.\.": r".*?",
}
_DIFFERING = re.compile("|".join(f"({written})" for written in _DIFFERS), re.MULTILINE)


class Guide:
    """One guide, lived: its shell, and what its ids and keys stand for."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack = stack
        self._meant: dict[str, str] = {}
        self._shell = folder / "shell"
        self._shell.write_text("")
        self._people = {
            user["name"].split()[0]: user["id"]
            for workspace in requests.get(f"{stack.pumble}/act/workspaces", timeout=10).json()
            for user in workspace["users"]
        }
        self._general = next(
            channel["id"]
            for workspace in requests.get(f"{stack.pumble}/act/workspaces", timeout=10).json()
            for channel in workspace["channels"]
            if (workspace["name"], channel["name"]) == ("Acme", "general")
        )

    def live(self, block: str) -> str | None:
        """Type what the block says to type. What is wrong with what came of it, if anything is."""
        steps = list(_TYPED.finditer(block))
        if not steps or steps[0].start():
            return "The block does not begin with what to type: `$ command` or `Name> line`."
        ends = [*(step.start() for step in steps[1:]), len(block)]
        for step, end in zip(steps, ends, strict=True):
            expected = block[step.end() : end].strip()
            who, line = step[1], self._as_here(step[2])
            printed = self._as_written(self._run(line) if who == "$" else self._say(who[:-1], line)).strip()
            if not self._fits(printed, expected):
                return f"{step[0]}printed:\n{printed}\n\nbut the guide says:\n{expected}"
        return None

    def run_program(self, program: str) -> str | None:
        """Run a program with the variables of the shell. What it printed, though a guide shows none that prints."""
        return self._run(f"{sys.executable} - <<'END'\n{self._as_here(program)}\nEND") or None

    def _run(self, command: str) -> str:
        script = f". {self._shell}\n{command}\nexport -p > {self._shell}"
        shell = subprocess.run(
            ["bash", "-c", script],
            cwd=PROJECT,
            env=self.stack.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=MAX_COMMAND_SECONDS,
        )
        return shell.stdout

    def _say(self, name: str, line: str) -> str:
        said = {"userId": self._people[name], "channelId": self._general, "text": line}
        answer = requests.post(f"{self.stack.pumble}/act/message", json=said, timeout=10).json()
        texts = [message["text"] for message in answer["screen"]["ephemeral"]]
        return str(texts[-1]) if line.startswith("/") else ""

    def _as_here(self, text: str) -> str:
        """A line of the guide, with this run's addresses, ids and keys."""
        text = _DIFFERING.sub(lambda found: self._meant.get(found[0], found[0]), text)
        text = text.replace(".venv/bin/python", sys.executable)
        text = re.sub(r"\bvar(?=[/ ])", str(self.stack.data_dir), text)
        return text.replace("http://127.0.0.1:8000", self.stack.portal).replace(
            "http://127.0.0.1:9000", self.stack.pumble
        )

    def _as_written(self, text: str) -> str:
        """What was printed, with the guide's addresses."""
        return text.replace(self.stack.portal, "http://127.0.0.1:8000").replace(
            self.stack.pumble, "http://127.0.0.1:9000"
        )

    def _fits(self, printed: str, expected: str) -> bool:
        """Whether this was printed; then what its ids and keys stand for is known."""
        pattern, literals, after = "", [], 0
        for found in _DIFFERING.finditer(expected):
            kind = list(_DIFFERS.values())[(found.lastindex or 1) - 1]
            pattern += f"{re.escape(expected[after : found.start()])}({kind})"
            literals.append(found[0])
            after = found.end()
        match = re.fullmatch(pattern + re.escape(expected[after:]), printed, re.DOTALL)
        if match:
            for literal, meant in zip(literals, match.groups(), strict=True):
                if "..." not in literal:
                    self._meant[literal] = meant
                if literal.startswith("pmb_") and "…" not in literal:
                    self._meant[literal[4:16]] = meant[4:16]
        return match is not None


def _live(example: Example) -> str | None:
    guide: Guide = example.namespace["guide"]
    return guide.live(str(example.parsed))


def _run_program(example: Example) -> str | None:
    guide: Guide = example.namespace["guide"]
    return guide.run_program(str(example.parsed))


pytest_collect_file = Sybil(
    path=str(PROJECT),
    patterns=["README.md", "docs/*.md"],
    parsers=[
        CodeBlockParser("console", _live),
        CodeBlockParser("chat", _live),
        CodeBlockParser("python", _run_program),
        SkipParser(),
    ],
    fixtures=["guide"],
).pytest()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the blocks of a guide in their order, whatever the order of the tests."""
    blocks = sorted(
        (item for item in items if isinstance(item, SybilItem)),
        key=lambda item: (item.example.path, item.example.line),
    )
    items[:] = [item for item in items if not isinstance(item, SybilItem)] + list(blocks)


@pytest.fixture(scope="session")
def guides_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("guides")) as stack:
        yield stack


@pytest.fixture(scope="module")
def guide(guides_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Guide:
    return Guide(guides_stack, tmp_path_factory.mktemp("guide"))

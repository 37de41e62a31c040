"""Rules about the whole project: dependencies are pinned and hashed, and no registry is named."""

import base64
import binascii
import itertools
import json
import re
import socket
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keys import key_format
from tests import audit, licenses, node
from tests.environment import PROJECT
from tests.mcp import clients

MAY_BE_DELIVERED = {
    *("MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "PSF-2.0", "MPL-2.0"),
    "LGPL-3.0-only",  # psycopg, unmodified and exchangeable as a package of its own
}
EXAMPLES = {"pmb_HinAcQ2ncH7E_WHNGLINUhpFhAPuurB5ErjiSo2w70s0m3iihb4"}  # the guides'; of no portal
LOCKS = [
    *("requirements.txt", "requirements-test.txt", "requirements-docs.txt", "requirements-node.txt"),
    *("requirements-bench.txt", "requirements-mcp-legacy.txt"),
]
NPM_LOCKS = [node.LOCK, clients.TYPESCRIPT / "package-lock.json"]


class TestRequirements:
    @pytest.mark.parametrize("name", LOCKS)
    def test_are_each_pinned_and_hashed(self, name: str) -> None:
        text = (PROJECT / name).read_text().replace("\\\n", " ")
        lines = [line for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]

        assert lines
        for line in lines:
            assert re.match(r"[a-z0-9.\-_]+(\[[a-z,]+\])?==[^ ]+ ", line), line
            assert "--hash=sha256:" in line, line

    @pytest.mark.parametrize("name", LOCKS)
    def test_name_no_index_and_no_path(self, name: str) -> None:
        text = (PROJECT / name).read_text()

        assert not re.search(r"https?://|file:|index.url|find.links|@ /", text)

    @pytest.mark.parametrize("lock", NPM_LOCKS, ids=str)
    def test_of_npm_are_hashed_and_name_no_host(self, lock: Path) -> None:
        text = lock.read_text()
        packages = json.loads(text)["packages"]

        assert "://" not in text
        assert len(packages) > 3
        for name, package in packages.items():
            assert not name or package["integrity"].startswith("sha512-"), name

    def test_each_have_a_reason_of_one_line(self) -> None:
        text = (PROJECT / "pyproject.toml").read_text()
        project = tomllib.loads(text)
        lines = text.splitlines()

        groups = project["dependency-groups"].values()
        for requirement in [*project["project"]["dependencies"], *itertools.chain(*groups)]:
            line = next(line for line in lines if f'"{requirement}"' in line)
            assert len(line.partition(" # ")[2].strip()) > 3, requirement

    def test_may_be_delivered_under_our_license(self) -> None:
        for package in licenses.packages():
            assert set(re.split(" AND | OR ", package.license)) <= MAY_BE_DELIVERED, package

    def test_are_listed_with_their_licenses(self) -> None:
        assert licenses.TABLE.read_text() == licenses.table(), "run: python -m tests.licenses"


class TestTheAudit:
    """`make audit` asks others; what it makes of their answers is judged here."""

    FINE = {"name": "a", "version": "1", "vulns": []}

    def judge(self, *dependencies: dict[str, Any]) -> list[str]:
        return audit.judge(json.dumps({"dependencies": dependencies}).encode())

    def test_is_content_where_everything_was_looked_up(self) -> None:
        assert self.judge(self.FINE) == []

    def test_names_what_is_vulnerable_and_the_cure(self) -> None:
        found = self.FINE | {"vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}

        assert self.judge(self.FINE, found) == ["VULNERABLE: a 1: CVE-1 (2)"]

    def test_fails_on_what_could_not_be_looked_up(self) -> None:
        assert self.judge(self.FINE, {"name": "b", "skip_reason": "not found"}) == [
            "NOT AUDITED: b: not found"
        ]

    @pytest.mark.parametrize("printed", [b"", b"Traceback", b"{}", b'{"dependencies": []}'])
    def test_fails_without_a_report(self, printed: bytes) -> None:
        assert audit.judge(printed)[0].startswith("NOT AUDITED")


class TestATest:
    @pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "8.8.8.8"])
    def test_cannot_reach_the_network(self, address: str) -> None:
        with pytest.raises(PermissionError, match="wants to speak to"):
            socket.create_connection((address, 443), timeout=1)


class TestTheSource:
    def texts(self) -> Iterator[tuple[str, str]]:
        """Every tracked file that is text: name and content."""
        listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True)
        for name in listed.stdout.splitlines():
            try:
                yield name, (PROJECT / name).read_text()
            except UnicodeDecodeError:
                continue

    def test_is_free_of_bidirectional_controls(self) -> None:
        for name, text in self.texts():
            assert not re.search("[\u202a-\u202e\u2066-\u2069]", text), name

    def test_holds_no_key_that_could_be_somebodys(self) -> None:
        for name, text in self.texts():
            found = {key.text for key in key_format.find_in(text)}
            assert found <= EXAMPLES or name.startswith("tests/"), name

    def test_holds_no_private_key(self) -> None:
        for name, text in self.texts():
            assert "PRIVATE " + "KEY-----" not in text, name

    def test_holds_no_encryption_key_or_pepper(self) -> None:
        """32 random bytes in base64 or in hex, of which a digest of a requirement is none."""
        for name, text in self.texts():
            for word in re.findall(r"(?<![\w+/-])[\w+/-]{43}=(?![\w=])", text):
                assert not _is_random(word), name
            for value in re.findall(r"(?:SECRET_KEY|_SECRET|PASSWORD|TOKEN)=([\w-]{20,})", text):
                assert not _is_random(value), name


class TestTheScan:
    def test_knows_secrets_from_words(self) -> None:
        script = [str(PROJECT / "deploy/new-env.sh"), "https://keys.example.com"]
        made = subprocess.run(script, capture_output=True, text=True, check=True).stdout
        secrets = [line.partition("=")[2].removeprefix("1:") for line in made.splitlines()[1:5]]

        assert [_is_random(secret) for secret in secrets] == [True] * 4
        assert not _is_random(base64.b64encode(b"a pepper of thirty-two bytes....").decode())


def _is_random(word: str) -> bool:
    """Whether these are no words: bytes of which most are no letters."""
    try:
        raw = base64.urlsafe_b64decode(word.replace("+", "-").replace("/", "_") + "==")
    except (binascii.Error, ValueError):
        return False
    return sum(chr(byte).isascii() and chr(byte).isprintable() for byte in raw) < len(raw) * 0.8

"""Rules about the whole: what is installed is pinned and hashed, what is read is documented, no registry is named."""

import re
import subprocess

import pytest

from keys import errors as keys_errors
from portal.api import errors as api_errors
from pumble_bridge import errors as pumble_errors
from tests.environment import PROJECT

LOCKS = ["requirements.txt", "requirements-test.txt"]


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


class TestErrors:
    def subclasses(self, base: type[Exception]) -> set[type[Exception]]:
        return {base} | {found for child in base.__subclasses__() for found in self.subclasses(child)}

    def test_that_reach_a_client_all_have_their_answer(self) -> None:
        families = [keys_errors.KeyRefused, api_errors.ApiError, pumble_errors.PumbleError]
        unanswered = set()
        for family in families:
            for kind in self.subclasses(family) - set(families):
                error = kind.__new__(kind)
                if isinstance(error, pumble_errors.PumbleRefused):
                    error.status = 403
                if api_errors.rule_for(error).reason == "internal" and kind.__module__.startswith(
                    ("keys", "portal", "pumble_bridge.errors")
                ):
                    unanswered.add(kind)

        assert not unanswered


class TestTheSource:
    def test_is_free_of_bidirectional_controls_and_private_keys(self) -> None:
        listed = subprocess.run(
            ["git", "ls-files", "*.py", "*.html", "*.js", "*.css", "*.md"],
            cwd=PROJECT,
            capture_output=True,
            text=True,
        )
        for name in listed.stdout.splitlines():
            text = (PROJECT / name).read_text()
            assert not re.search("[\u202a-\u202e\u2066-\u2069]", text), name
            assert "PRIVATE KEY-----" not in text or name.startswith("tests/"), name

"""The guides: length of the README, links, paths, and complete tables."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands

from tests.environment import PROJECT

PAGES = [*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")]
DESCRIPTION = (PROJECT / "tests/portal/openapi.json").read_text()
OPERATIONS = json.loads(DESCRIPTION)["paths"]


def test_the_readme_is_one_screen() -> None:
    assert len((PROJECT / "README.md").read_text().splitlines()) <= 120


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_a_link_leads_to_a_file_of_the_project(page: Path) -> None:
    text = page.read_text()
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text) + re.findall(
        r'(?:src|srcset)="(?!https?:)([^"]+)"', text
    )

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_a_path_in_backticks_is_one_of_the_project(page: str) -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True)
    # A folder is written with a slash at its end. "serializers/base.py" may stand for a longer path.
    files = [f"/{path}" for path in listed.stdout.splitlines()]
    named = re.findall(
        r"`([\w.][\w./-]*(?:/|\.(?:example|html|json|md|py|toml|yaml)))`", (PROJECT / page).read_text()
    )

    assert named
    assert [
        path
        for path in named
        if not any(file.endswith(f"/{path}") or (path.endswith("/") and f"/{path}" in file) for file in files)
    ] == []


class TestTheGuideToKeys:
    TEXT = (PROJECT / "docs/keys.md").read_text()

    @pytest.mark.parametrize("path", OPERATIONS)
    def test_names_each_operation_beside_its_scope(self, path: str) -> None:
        (operation,) = OPERATIONS[path].values()
        needed = operation["x-required-scopes"] or operation.get("x-any-scope", [])
        rows = [line for line in self.TEXT.splitlines() if f"`{path[1:]}`" in line]

        for scope in needed:
            assert any(row.startswith(f"| `{scope}` |") for row in rows)
        assert needed or rows[0].startswith("`keyInfo` needs no scope")

    def test_says_what_helps_with_each_reason(self) -> None:
        (named,) = re.findall(r'"enum": (\[[^]]*"key_unknown"[^]]*\])', DESCRIPTION)

        assert [reason for reason in json.loads(named) if f"`{reason}`" not in self.TEXT] == []


def test_the_guide_to_operating_has_each_command() -> None:
    text = (PROJECT / "docs/operate.md").read_text()
    ours = [name for name, app in get_commands().items() if app in {"portal", "keys", "pumble_bridge"}]

    assert ours
    assert [name for name in ours if f"`{name}`" not in text] == []

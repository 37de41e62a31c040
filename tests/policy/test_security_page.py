"""SECURITY.md: every statement has a row, and every test in it exists."""

import ast
import re

import pytest

from tests.environment import PROJECT

STATEMENTS = {
    1: 8,
    2: 10,
    3: 8,
    4: 7,
    5: 6,
    6: 9,
    7: 5,
    8: 5,
    9: 5,
    10: 8,
    11: 5,
    12: 3,
    13: 4,
    14: 3,
    15: 5,
    16: 4,
    17: 5,
}
ROW = re.compile(r"^\| (\d+\.\d+) \| (.+?) \| (.+) \|$", re.MULTILINE)
ROWS = {number: held for number, _statement, held in ROW.findall((PROJECT / "SECURITY.md").read_text())}


def test_has_every_statement_once() -> None:
    numbers = ROW.findall((PROJECT / "SECURITY.md").read_text())

    assert [number for number, *_ in numbers] == [
        f"{chapter}.{one}" for chapter, most in STATEMENTS.items() for one in range(1, most + 1)
    ]


@pytest.mark.parametrize("number", ROWS)
def test_names_tests_that_are_there_or_a_reason(number: str) -> None:
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", ROWS[number])

    assert named or "reason" in ROWS[number].lower()
    for path, name in named:
        file = PROJECT / "tests" / path
        assert file.exists(), path
        tree = ast.parse(file.read_text())
        assert not name or name in {getattr(node, "name", "") for node in tree.body}, f"{path}::{name}"

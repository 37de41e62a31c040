"""Each statement has a test, and each number is used once."""

import ast
from pathlib import Path

HERE = Path(__file__).parent


def test_every_statement_has_exactly_one_test() -> None:
    names = [
        node.name
        for path in HERE.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    ]
    numbers = sorted(int(name[5:7]) for name in names if name[:5] == "test_" and name[5:7].isdigit())

    assert numbers == list(range(1, 59))

"""Reads the environment variables of the local Pumble. An error is one line that names the variable.

It does not read `.env`: `manage.py sandbox` passes on what is needed from it.
"""

from pathlib import Path
from typing import NoReturn

import environ

ROOT = Path(__file__).resolve().parent.parent
_env = environ.Env()


def refuse(name: str, expectation: str) -> NoReturn:
    raise SystemExit(f"{name}: {expectation}")


def text(name: str, default: str) -> str:
    return str(_env.str(name, default=default)).strip() or default


def flag(name: str, default: str) -> bool:
    value = text(name, default).lower()
    if value not in {"true", "false", "1", "0", "yes", "no", "on", "off"}:
        refuse(name, "expects true or false")
    return value in {"true", "1", "yes", "on"}


def port(name: str, default: int) -> int:
    value = text(name, str(default))
    if not (value.isascii() and value.isdigit() and 0 < int(value) < 65536):
        refuse(name, "expects a port number from 1 to 65535")
    return int(value)

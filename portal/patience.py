"""How long a process that answers people waits for PostgreSQL. Migrations and maintenance may wait longer."""

from typing import Any

from django.db import connections

# What is slower is not what it seems: a query of a call takes milliseconds. No transaction waits for Pumble longer than
# a call may take.
_WAITS = {
    "statement_timeout": "5s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "15s",
}


def shorten() -> None:
    """Every connection that this process opens from now on gives up in time; who waited is answered 503."""
    settings: dict[str, Any] = connections["default"].settings_dict
    if settings["ENGINE"].endswith("postgresql"):
        own = settings["OPTIONS"].get("options", "")
        waits = " ".join(f"-c {name}={time}" for name, time in _WAITS.items())
        settings["OPTIONS"]["options"] = f"{waits} {own}".strip()

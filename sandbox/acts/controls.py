"""Controls for tests: faults, traffic list, switches, clock and reset."""

from typing import Any

from sandbox import faults
from sandbox.acts.endpoint import ActRequest
from sandbox.exceptions import ActError
from sandbox.faults import FAULTS
from sandbox.rest import fields
from sandbox.scheduler import MAX_TIMESTAMP_MS, SCHEDULER
from sandbox.seed import restore
from sandbox.switches import SWITCHES
from sandbox.traffic import TRAFFIC


def add_faults(request: ActRequest) -> list[dict[str, object]]:
    """Add faults and return all that remain."""
    if not isinstance(request.values, list):
        raise ActError("the body must be a list of faults")
    try:
        FAULTS.add([faults.parse(item) for item in request.values])
    except faults.InvalidFault as exc:
        raise ActError(str(exc)) from None
    return FAULTS.remaining()


def list_faults(request: ActRequest) -> list[dict[str, object]]:
    return FAULTS.remaining()


def clear_faults(request: ActRequest) -> list[dict[str, object]]:
    FAULTS.clear()
    return []


def list_traffic(request: ActRequest) -> list[dict[str, Any]]:
    """List entries after `since`. With `bodies=true` each has `sent` and `received`, without secrets."""
    cursor = fields.number(request.text("since", "") or None, default=0, minimum=0, maximum=10**15)
    return TRAFFIC.since(cursor, bodies=request.text("bodies", "") == "true")


def clear_traffic(request: ActRequest) -> list[dict[str, Any]]:
    TRAFFIC.clear()
    return []


def set_switches(request: ActRequest) -> dict[str, bool]:
    """`botPostsAnywhere`: a bot may write to private channels that it is not in.
    `rateLimits`: calls are limited.
    `hookRetries`: a hook without a valid answer is sent again.
    """
    values = {name: request.value(name) for name in SWITCHES.to_dict()}
    if not all(value is None or isinstance(value, bool) for value in values.values()):
        raise ActError("a switch must be true or false")
    if values["botPostsAnywhere"] is not None:
        SWITCHES.bot_posts_anywhere = values["botPostsAnywhere"]
    if values["rateLimits"] is not None:
        SWITCHES.rate_limits = values["rateLimits"]
    if values["hookRetries"] is not None:
        SWITCHES.hook_retries = values["hookRetries"]
    return SWITCHES.to_dict()


def advance_clock(request: ActRequest) -> dict[str, int]:
    """Set the clock of scheduled messages `forward` by this many milliseconds. Hooks keep the real time."""
    milliseconds = request.value("forward")
    if not isinstance(milliseconds, int) or isinstance(milliseconds, bool) or milliseconds < 0:
        raise ActError("forward must be a whole number of milliseconds, 0 or more")
    if SCHEDULER.now_ms() + milliseconds > MAX_TIMESTAMP_MS:
        raise ActError("forward is too large: no message can be scheduled for that time")
    SCHEDULER.advance(milliseconds)
    SCHEDULER.post_due()
    return {"now": SCHEDULER.now_ms()}


def reset(request: ActRequest) -> dict[str, Any]:
    restore.restore()
    return {}

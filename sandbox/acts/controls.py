"""The world around: workspaces, faults, traffic, switches, reset."""

from typing import Any

from sandbox import faults, traffic
from sandbox.acts.endpoint import Act
from sandbox.exceptions import ActRefused
from sandbox.rest import fields
from sandbox.scheduler import LATEST_MS, SCHEDULER
from sandbox.seed import restore
from sandbox.switches import SWITCHES


def order_faults(act: Act) -> list[dict[str, object]]:
    """Add faults; the answer is all that are still to come."""
    if not isinstance(act.values, list):
        raise ActRefused("a list of faults is expected")
    try:
        faults.ORDERS.add([faults.parse(order) for order in act.values])
    except faults.BadFault as exc:
        raise ActRefused(str(exc)) from None
    return faults.ORDERS.left()


def ordered_faults(act: Act) -> list[dict[str, object]]:
    return faults.ORDERS.left()


def clear_faults(act: Act) -> list[dict[str, object]]:
    faults.ORDERS.clear()
    return []


def traffic_since(act: Act) -> list[dict[str, Any]]:
    """Entries after `since`; with `bodies=true` each has what was `sent` and `received`, secrets struck out."""
    mark = fields.number(act.text("since", "") or None, default=0, least=0, most=10**15)
    return traffic.LOG.since(mark, bodies=act.text("bodies", "") == "true")


def clear_traffic(act: Act) -> list[dict[str, Any]]:
    traffic.LOG.clear()
    return []


def switches(act: Act) -> dict[str, bool]:
    """`botPostsAnywhere`: a bot may write to private channels it is not in. `rateLimits`: calls are counted.
    `hookRetries`: a hook that got no sound answer is sent again.
    """
    wanted = {name: act.value(name) for name in SWITCHES.shown()}
    if not all(value is None or isinstance(value, bool) for value in wanted.values()):
        raise ActRefused("a switch is true or false")
    if wanted["botPostsAnywhere"] is not None:
        SWITCHES.bot_posts_anywhere = wanted["botPostsAnywhere"]
    if wanted["rateLimits"] is not None:
        SWITCHES.rate_limits = wanted["rateLimits"]
    if wanted["hookRetries"] is not None:
        SWITCHES.hook_retries = wanted["hookRetries"]
    return SWITCHES.shown()


def put_forward(act: Act) -> dict[str, int]:
    """`forward` milliseconds are over at once for scheduled messages, and only for them: hooks keep the true time."""
    forward = act.value("forward")
    if not isinstance(forward, int) or isinstance(forward, bool) or forward < 0:
        raise ActRefused("forward is a number of milliseconds")
    if SCHEDULER.now_ms() + forward > LATEST_MS:
        raise ActRefused("no message can be scheduled for so late a time")
    SCHEDULER.forward(forward)
    SCHEDULER.post_due()
    return {"now": SCHEDULER.now_ms()}


def reset(act: Act) -> dict[str, Any]:
    restore.restore()
    return {}

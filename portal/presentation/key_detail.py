"""The details of one key: rights, use, recent calls and history, for `presentation/key_detail.html`."""

from datetime import datetime
from typing import Any

from keys import scopes, selectors, texts
from keys.models import ApiKey, HourlyUse, RequestLog
from portal.presentation import event_texts, usage_charts
from pumble_bridge.events import listeners
from pumble_bridge.outcomes import Outcome

_MAX_CALLS = 50


def build_context(key: ApiKey, now: datetime, *, outcome: str = "", surface: str = "") -> dict[str, Any]:
    """Return the context of the template.

    Args:
        outcome: filters the calls: an outcome of this key, or `refused`.
        surface: filters the calls: `API` or `MCP`.
    """
    chart = usage_charts.build_chart(HourlyUse.objects.filter(key=key), now)
    outcomes = [(Outcome(name), count) for name, count in chart.outcomes]
    selected = outcome if outcome in {item.name for item, _count in outcomes} | {"refused"} else ""
    calls = RequestLog.objects.filter(key=key).order_by("-at", "-pk")
    calls = selectors.filter_calls(calls, selected) if selected else calls
    selected_surface = surface if surface in dict(RequestLog.SURFACES) else ""
    calls = calls.filter(surface=selected_surface) if selected_surface else calls
    return {
        "key": key,
        "now": now,
        "preset": texts.preset_name(key.rights),
        "scopes": [(name, texts.SCOPES[name].label) for name in scopes.in_order(key.scopes)],
        "channels": sorted((key.channels or {}).values()),
        "chart": chart,
        "outcomes": outcomes,
        "outcome": selected,
        "surfaces": RequestLog.SURFACES,
        "surface": selected_surface,
        "calls": [(call, Outcome.for_call(call)) for call in calls[:_MAX_CALLS]],
        "listener": listeners.find(key, now),
        "history": event_texts.key_history(key),
    }

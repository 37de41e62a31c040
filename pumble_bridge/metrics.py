"""Prometheus metrics of the traffic with Pumble. Labels are bounded: kinds, routes and outcomes, never ids."""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

PUMBLE_SECONDS = Histogram(
    "portal_pumble_seconds", "Duration of calls to Pumble", ["call", "outcome"], buckets=_SECONDS
)
PUMBLE_RETRIES = Counter(
    "portal_pumble_again", "Calls to Pumble that were retried after a broken connection", ["call"]
)
PUMBLE_REJECTED = Counter(
    "portal_pumble_crowded", "Calls refused because too many wait for Pumble", ["places"]
)
HOOKS = Counter("portal_hooks", "Hooks from Pumble", ["type", "outcome"])
OPEN_CIRCUITS = Gauge(
    "portal_pumble_left_alone",
    "Workspaces whose circuit breaker is open, per process",
    multiprocess_mode="livesum",
)
WAITING_CALLS = Gauge(
    "portal_events_waiting_calls", "Calls that wait for the next event", multiprocess_mode="livesum"
)
EVENT_SECONDS = Histogram(
    "portal_event_seconds",
    "Time from the arrival of an event to its delivery to a key",
    buckets=(*_SECONDS, 30, 60, 600, 3600, 86400),
)

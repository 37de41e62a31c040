"""Prometheus metrics of the traffic with Pumble. Labels are bounded: kinds, routes and outcomes, never ids."""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

PUMBLE_SECONDS = Histogram(
    "portal_pumble_seconds", "How long calls to Pumble took", ["call", "outcome"], buckets=_SECONDS
)
PUMBLE_RETRIES = Counter(
    "portal_pumble_again", "Calls sent a second time, because the connection broke", ["call"]
)
PUMBLE_REJECTED = Counter(
    "portal_pumble_crowded", "Turned away, because too many wait for Pumble", ["places"]
)
HOOKS = Counter("portal_hooks", "Hooks from Pumble", ["type", "outcome"])
OPEN_CIRCUITS = Gauge(
    "portal_pumble_left_alone",
    "Workspaces for which Pumble is not asked because it does not answer, as each process found out for itself",
    multiprocess_mode="livesum",
)

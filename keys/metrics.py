"""Prometheus metrics of this room. Labels have few values: names of limits, never ids."""

from prometheus_client import Counter, Gauge

LIMITED = Counter("portal_limits_hit", "Calls refused by a limit of ours", ["limit"])
USAGE_WAITING = Gauge(
    "portal_usage_waiting", "Noted calls that are not yet written", multiprocess_mode="livesum"
)
USAGE_LOST = Counter("portal_usage_lost", "Noted calls that were given up because too many waited")

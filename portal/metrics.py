"""Serve `/metrics` for Prometheus, summed over the processes of this server.

Each process writes its metrics to files. The process that answers adds them up.
"""

import hmac
from collections.abc import Iterator

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    values,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from keys.ip_networks import parse_address
from portal.client_ip import is_trusted_proxy
from portal.error_pages import not_found
from pumble_bridge.chat import home, notices
from pumble_bridge.models import StoredEvent

_PROXY_HEADERS = {"HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP"}
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter("portal_requests", "Requests answered", ["operation", "outcome"])
REQUEST_SECONDS = Histogram(
    "portal_request_seconds", "How long requests took", ["operation"], buckets=_SECONDS
)


class Queues(Collector):
    """The number of rows that wait to be sent to Pumble. No metric while the database cannot be reached."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily("portal_queue_length", "What waits to be sent to Pumble", labels=["queue"])
        try:
            family.add_metric(["notices"], notices.count_queued())
            family.add_metric(["home_tabs"], home.count_stale())
        except Error:
            connection.close()
            return
        yield family


class Events(Collector):
    """The number of stored events. No metric while the database cannot be reached."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily("portal_events_kept", "Events that are stored for keys that listen")
        try:
            family.add_metric([], StoredEvent.objects.count())
        except Error:
            connection.close()
            return
        yield family


@require_safe
def serve(request: HttpRequest) -> HttpResponse:
    """Return the metrics to clients on this machine or with METRICS_TOKEN, and 404 to all others."""
    if not (_is_local(request) or _has_token(request)):
        return not_found(request)
    registry = CollectorRegistry()
    if values.ValueClass is values.MutexValue:
        registry.register(REGISTRY)
    else:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(Queues())
    registry.register(Events())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _is_local(request: HttpRequest) -> bool:
    """Return whether the request comes from this machine, and not through a proxy on it."""
    if any(name in _PROXY_HEADERS or name.startswith("HTTP_X_FORWARDED_") for name in request.META):
        return False
    peer = parse_address(request.META.get("REMOTE_ADDR", ""))
    return peer is not None and peer.is_loopback and not is_trusted_proxy(peer)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    expected = settings.METRICS_TOKEN
    same = hmac.compare_digest(token.strip().encode(), expected.encode())
    return bool(expected) and scheme.lower() == "bearer" and same

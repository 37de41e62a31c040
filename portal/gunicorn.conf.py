"""How the portal is served: processes with threads. More than one process needs PostgreSQL and Redis to share."""

import gc
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from django.conf import settings

from portal.environment import Environment, url_host
from portal.management import ports

# Each process counts in mapped files of its own, where the library looks when it is imported. In memory where there is
# such a place: a process that writes to a mapped file on a full disk is killed.
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    _place = Path("/dev/shm")  # noqa: S108 - the folder below is made by mkdtemp
    if not os.access(_place, os.W_OK):
        Environment.folder("DATA_DIR", _place := settings.DATA_DIR)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="portal-counts-", dir=_place)

bind = f"{url_host(settings.BIND)}:{settings.PORT}"
wsgi_app = "portal.wsgi"
worker_class = "gthread"
preload_app = True  # processes share what they were started with, and settings that are wrong end the start
workers = settings.WORKERS
# The system spreads connections over the sockets of the processes; taken from one socket, most of them go to one process.
reuse_port = settings.WORKERS > 1
threads = settings.THREADS
keepalive = 5
timeout = 60
graceful_timeout = 20  # longer than any call to Pumble may take
# WSGI names X_Forwarded_For like X-Forwarded-For, and proxies pass on the one that a client sends.
header_map = "drop"
forwarder_headers = ""  # the default lets a local proxy's clients set Script_Name and Path_Info
secure_scheme_headers: dict[str, str] = {}  # PUBLIC_URL says how people reach the portal
forwarded_allow_ips = "127.0.0.1"
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
loglevel = "warning"
errorlog = None  # the settings hand what gunicorn logs to the portal's sink, which redacts it
accesslog = None  # the portal logs each request, without its query
control_socket_disable = True

_ALLOCATIONS_BETWEEN_COLLECTIONS = 20_000


def on_starting(server: Any) -> None:
    # Without SO_REUSEPORT gunicorn itself refuses. With it two portals of one user would share the port.
    if reuse_port and ports.in_use(settings.PORT, settings.BIND):
        on_exit(server)
        sys.exit(f"port {settings.PORT} is in use; choose another with PORT=...")


def when_ready(server: Any) -> None:
    # What has been loaded stays, in memory that all processes share: looking through it for garbage again and again
    # would copy it, cost every eighth microsecond and make single calls wait.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_BETWEEN_COLLECTIONS)


def post_worker_init(worker: Any) -> None:
    from portal import health
    from pumble_bridge.chat import home

    home.worker.start()
    stop: Any = signal.getsignal(signal.SIGTERM)

    def say_so_and_stop(signal_number: int, frame: Any) -> None:
        health.is_shutting_down = True
        stop(signal_number, frame)

    signal.signal(signal.SIGTERM, say_so_and_stop)
    signal.siginterrupt(signal.SIGTERM, False)  # noqa: FBT003 - as gunicorn has it: requests under way go on


def on_exit(server: Any) -> None:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)


def child_exit(server: Any, worker: Any) -> None:
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]

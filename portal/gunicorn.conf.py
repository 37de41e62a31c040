"""Serve the portal with gunicorn: processes with threads. Several processes need PostgreSQL and Redis."""

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
from gunicorn.http.unreader import SocketUnreader

from portal.environment import Environment, url_host
from portal.management import ports

# Each process writes its metrics to memory-mapped files. The folder is in memory if possible: writing to a mapped file on
# a full disk kills the process. prometheus-client reads the variable when it is imported.
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    _folder = Path("/dev/shm")  # noqa: S108 - mkdtemp creates a folder below
    if not os.access(_folder, os.W_OK):
        Environment.folder("DATA_DIR", _folder := settings.DATA_DIR)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="portal-counts-", dir=_folder)

bind = f"{url_host(settings.BIND)}:{settings.PORT}"
wsgi_app = "portal.wsgi"
worker_class = "gthread"
preload_app = True  # share memory between processes, and fail at start on wrong settings
workers = settings.WORKERS
# With one shared socket, one process accepts most connections.
reuse_port = settings.WORKERS > 1
threads = settings.THREADS + settings.FILE_THREADS + settings.MAX_WAITING_CALLS
keepalive = 5
timeout = 60
graceful_timeout = 20  # longer than any call to Pumble may take, except uploads and downloads
# WSGI cannot tell X_Forwarded_For from X-Forwarded-For, and proxies pass the former on from clients.
header_map = "drop"
forwarder_headers = ""  # the default lets a local proxy's clients set Script_Name and Path_Info
secure_scheme_headers: dict[str, str] = {}  # PUBLIC_URL has the scheme
forwarded_allow_ips = "127.0.0.1"
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
loglevel = "warning"
errorlog = None  # LOGGING sends it to the portal's handler, which redacts it
accesslog = None  # the portal logs each request, without its query
control_socket_disable = True

_GC_THRESHOLD = 20_000
# The default of 1 MiB is copied twice for each piece that Django reads: 2.5 MiB for each upload, and 0.4 MiB with this.
SocketUnreader.max_body_chunk = 128 * 1024


def on_starting(server: Any) -> None:
    Environment.folder("FILE_UPLOAD_TEMP_DIR", settings.FILE_UPLOAD_TEMP_DIR)
    # With SO_REUSEPORT, two portals of one user could share the port unnoticed.
    if reuse_port and (problem := ports.problem(settings.PORT, settings.BIND)):
        on_exit(server)
        sys.exit(problem)


def when_ready(server: Any) -> None:
    # Freeze preloaded objects. GC scans would break copy-on-write and cost about 12 % CPU.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD)


def post_worker_init(worker: Any) -> None:
    from portal import health
    from pumble_bridge.chat import home
    from pumble_bridge.events import waiting

    home.worker.start()
    stop: Any = signal.getsignal(signal.SIGTERM)

    def stop_gracefully(signal_number: int, frame: Any) -> None:
        health.is_shutting_down = waiting.is_stopping = True
        stop(signal_number, frame)

    signal.signal(signal.SIGTERM, stop_gracefully)
    signal.siginterrupt(signal.SIGTERM, False)  # noqa: FBT003 - as in gunicorn: running requests continue


def on_exit(server: Any) -> None:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)


def child_exit(server: Any, worker: Any) -> None:
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]

"""One process with threads: ephemeral messages, modals, faults and traffic live in its memory."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox.settings")

from django.conf import settings

bind = f"127.0.0.1:{settings.SANDBOX_PORT}"
workers = 1
worker_class = "gthread"
# A trigger holds its thread while the app calls back on others; fewer threads than triggers would starve the callbacks.
threads = 64
timeout = 60
graceful_timeout = 1
keepalive = 5
accesslog = None
loglevel = "warning"
control_socket_disable = True


def on_starting(server: object) -> None:
    from sandbox.prepare import prepare

    prepare()

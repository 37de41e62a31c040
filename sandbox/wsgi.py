"""WSGI application of the local Pumble."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox.settings")
application = get_wsgi_application()

from sandbox.scheduler import SCHEDULER  # noqa: E402 - models are loaded from here on

SCHEDULER.start()

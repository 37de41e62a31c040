"""Settings of the local Pumble. They import nothing of the portal."""

import secrets

from sandbox import environment

if not environment.flag("LOCAL_PUMBLE", "false"):
    environment.refuse(
        "LOCAL_PUMBLE",
        "must be true to start the local Pumble, which is for development and never for production",
    )

BASE_DIR = environment.ROOT
DATA_DIR = BASE_DIR / environment.text("DATA_DIR", "var")
PORT = environment.port("PORT", 8000)
SANDBOX_PORT = environment.port("SANDBOX_PORT", 9000)
PUBLIC_URL = environment.text("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
environment.flag("SANDBOX_LIMITS", "on")  # Read in `switches.py`. A malformed value stops the start here.

DEBUG = False
SECRET_KEY = secrets.token_urlsafe(48)  # Nothing signed is used after a restart.
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

INSTALLED_APPS = ["django.contrib.staticfiles", "sandbox"]
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    "sandbox.middleware.PageHeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "sandbox.middleware.SameOriginMiddleware",
    "sandbox.middleware.TrafficMiddleware",
    "sandbox.middleware.FaultMiddleware",
    "sandbox.middleware.ScheduleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "sandbox.urls"
WSGI_APPLICATION = "sandbox.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    },
]
# Cookies ignore ports: with Django's default name it would overwrite the portal's cookie on the same host.
CSRF_COOKIE_NAME = "sandbox_csrf"

# NORMAL can lose the last second at a power loss. It makes a reset several times faster, and the data is for tests.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "pumble.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 10,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 0

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

# Message texts are never logged.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},
    },
}

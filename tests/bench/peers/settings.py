"""The peers, each as its own documentation sets it up, on the connections that cost them least."""

import environ

_env = environ.Env()
SECRET_KEY = "only for measuring, on a database that is gone afterwards"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.bench.peers.urls"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "rest_framework.authtoken",
    "rest_framework_api_key",
    "knox",
]
MIDDLEWARE: list[str] = []
DATABASES = {"default": _env.db_url("PEERS_DATABASE_URL") | {"CONN_MAX_AGE": None}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

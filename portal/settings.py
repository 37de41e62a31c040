"""Settings from the environment. A missing or malformed variable stops the start with a line that names it.

`.env.example` lists the variables and says which of them production needs.
"""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from portal.environment import NO_SECRETS, Environment, url_host

# `collectstatic` builds the image. `manifest` is needed before Pumble issues the secrets.
COMMANDS_WITHOUT_SECRETS = ("collectstatic", "manifest")
THIS_MACHINE = ("127.0.0.1", "::1", "localhost")

PACKAGE_DIR = Path(__file__).resolve().parent
BASE_DIR = PACKAGE_DIR.parent
# In the repository, templates and static files are beside the packages. The wheel has them in `portal`, and BASE_DIR is
# site-packages, where nothing is written.
IS_INSTALLED = (PACKAGE_DIR / "templates").is_dir()
WORK_DIR = Path.cwd() if IS_INSTALLED else BASE_DIR
env = Environment(WORK_DIR / ".env")

DOTENV_IS_IGNORED = env.dotenv_is_ignored
LOCAL_PUMBLE = env.flag("LOCAL_PUMBLE")
DEBUG = env.flag("DEBUG")
if DEBUG and not LOCAL_PUMBLE:
    env.fail(
        "DEBUG", "may be true only together with LOCAL_PUMBLE, because debug pages show settings and data"
    )

DATA_DIR = WORK_DIR / env.text("DATA_DIR", "var")
if LOCAL_PUMBLE or not env.text("DATABASE_URL"):
    env.folder("DATA_DIR", DATA_DIR)
BIND, PORT = env.host("BIND", "127.0.0.1"), env.integer("PORT", 8000, maximum=65535)
# Only the local Pumble uses this port. Otherwise the variable is ignored: Kubernetes sets it for a service named sandbox.
SANDBOX_PORT = env.integer("SANDBOX_PORT", 9000, maximum=65535) if LOCAL_PUMBLE else 0
_is_command = Path(sys.argv[0]).name in {"manage.py", "pumble-api-keys"}
_command = sys.argv[1] if _is_command and sys.argv[1:] else ""
# 0.0.0.0 and :: are not addresses to connect to. This machine uses its loopback address.
_wildcards = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nothing binds here
OWN_URL = f"http://{url_host(_wildcards.get(BIND, BIND))}:{PORT}"
PUBLIC_URL = env.url("PUBLIC_URL", OWN_URL if LOCAL_PUMBLE or _command == "collectstatic" else "")
_secure = PUBLIC_URL.startswith("https://")
_host = urlsplit(PUBLIC_URL).hostname or ""
if urlsplit(PUBLIC_URL).path:
    env.fail("PUBLIC_URL", "expects no path after the host, because the portal has a host of its own")
if not (_secure or LOCAL_PUMBLE or _host in THIS_MACHINE or _command == "collectstatic"):
    env.fail("PUBLIC_URL", "expects https://, because keys and sessions travel with every request")

_pumble = f"http://127.0.0.1:{SANDBOX_PORT}" if LOCAL_PUMBLE else "https://api-ga.pumble.com"
_consent = f"{_pumble}/access-request" if LOCAL_PUMBLE else "https://app.pumble.com/access-request"
PUMBLE_API_URL = env.url("PUMBLE_API_URL", _pumble)
PUMBLE_CONSENT_SCREEN_URL = env.url("PUMBLE_CONSENT_SCREEN_URL", _consent)
PUMBLE_FILEUPLOAD_URL = env.url(
    "PUMBLE_FILEUPLOAD_URL", _pumble if LOCAL_PUMBLE else "https://files.pumble.com"
)
for _name, _url in {
    "PUMBLE_API_URL": PUMBLE_API_URL,
    "PUMBLE_CONSENT_SCREEN_URL": PUMBLE_CONSENT_SCREEN_URL,
    "PUMBLE_FILEUPLOAD_URL": PUMBLE_FILEUPLOAD_URL,
}.items():
    if LOCAL_PUMBLE and f".{urlsplit(_url).hostname}".endswith(".pumble.com"):
        env.fail(_name, "is the URL of production Pumble; leave it out with LOCAL_PUMBLE")

if _command in COMMANDS_WITHOUT_SECRETS:
    _secrets = NO_SECRETS
else:
    _secrets = env.secrets(local=LOCAL_PUMBLE, data_dir=DATA_DIR)
SECRET_KEY = _secrets.secret_key
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS")
KEY_PEPPERS = _secrets.peppers
TOKEN_ENCRYPTION_KEYS = _secrets.token_encryption_keys
PUMBLE_APP_ID = _secrets.app_id or env.text("PUMBLE_APP_ID")
PUMBLE_APP_KEY = _secrets.app_key
PUMBLE_APP_CLIENT_SECRET = _secrets.client_secret
PUMBLE_APP_SIGNING_SECRETS = _secrets.signing_secrets

REDIS_URL = env.redis_url("REDIS_URL")
# The default cache is shared by all processes if REDIS_URL is set. The local cache is for speed only.
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "local": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "local"},
}
if REDIS_URL:
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": [REDIS_URL],
        "KEY_PREFIX": "pumble-keys:cache",
        "OPTIONS": {
            "serializer": "portal.caches.JsonSerializer",
            "socket_timeout": 0.25,  # as `keys.redis_client`
            "socket_connect_timeout": 0.25,
        },
    }
METRICS_TOKEN = env.token("METRICS_TOKEN")
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
AUDIT_RETENTION_DAYS = (
    env.integer("AUDIT_RETENTION_DAYS", 365, minimum=30, maximum=36500)
    if env.text("AUDIT_RETENTION_DAYS")
    else None
)
WRITE_USAGE_IN_BACKGROUND = True
SEND_NOTICES_IN_BACKGROUND = True

API_STATUS = env.choice("API_STATUS", "compatible", ["compatible", "semantic"])
LOG_FORMAT = env.choice("LOG_FORMAT", "console" if LOCAL_PUMBLE else "json", ["console", "json"])

_own_hosts = ["127.0.0.1", "localhost", "[::1]"] if LOCAL_PUMBLE else []
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS") or [url_host(_host), *_own_hosts]
if "*" in ALLOWED_HOSTS:
    env.fail("ALLOWED_HOSTS", "must name the hosts; * would accept every Host header")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "portal",  # before django.contrib.auth, whose createsuperuser it replaces
    "portal.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pumble_bridge",
    "keys",
]
MIDDLEWARE = [
    "portal.middleware.LeadingSlashesMiddleware",
    "portal.middleware.RequestIdMiddleware",
    "portal.middleware.DefaultHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.middleware.CSPMiddleware",
    "portal.middleware.ApiCallMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.SessionMiddleware",
    "portal.middleware.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "portal.middleware.SignedInMiddleware",
    "portal.middleware.ClockMiddleware",
    "portal.middleware.MessageMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
APPEND_SLASH = False  # a redirect turns a POST into a GET
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [(PACKAGE_DIR if IS_INSTALLED else BASE_DIR) / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

WORKERS, THREADS = env.integer("WORKERS", 1, maximum=64), env.integer("THREADS", 16, maximum=256)
# Uploads and downloads may take two minutes. They have threads beside those of all other calls.
FILE_THREADS = max(2, THREADS // 4)
# Calls that wait for events have threads beside these, so that they take none from other requests.
MAX_WAITING_CALLS = THREADS // 4
DATABASES: dict[str, dict[str, Any]] = {"default": env.database_url("DATABASE_URL")}
_database = DATABASES["default"]
if _database:
    # A query of a request takes milliseconds. A command may run long, but a migration that waits for a lock blocks all
    # later queries.
    _timeouts = (
        {"statement_timeout": "1h", "lock_timeout": "1min"}
        if _is_command
        else {"statement_timeout": "5s", "lock_timeout": "3s", "idle_in_transaction_session_timeout": "15s"}
    )
    _url_options = _database.get("OPTIONS", {})
    _server_options = [f"-c {name}={value}" for name, value in _timeouts.items()]
    _database |= {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_HEALTH_CHECKS": True,  # replace a connection that the server closed
        "OPTIONS": _url_options
        | {
            "options": " ".join([*_server_options, _url_options.get("options", "")]).strip(),
            "connect_timeout": 2,
            "tcp_user_timeout": 5000,
            # While the server cannot be reached, a request fails in less than 2 s, even with two queries.
            "pool": {
                "min_size": 1,
                "max_size": THREADS
                + FILE_THREADS
                + 4,  # background threads write usage and send Home tabs and notices
                "timeout": 0.8,
                "reconnect_timeout": 2,  # restarts the exponential backoff
            },
        },
    }
else:
    _database |= {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "portal.sqlite3",
        "OPTIONS": {
            "timeout": 10,
            "transaction_mode": "IMMEDIATE",  # wait for the write lock at the start of a transaction
            # WAL allows reads during a write. FULL keeps a committed revocation at power loss.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
        "TEST": {"NAME": DATA_DIR / "portal-test.sqlite3"},
    }
if WORKERS > 1 and not REDIS_URL:
    env.fail("WORKERS", "may be above 1 only with REDIS_URL: processes without it count limits separately")
if WORKERS > 1 and not env.text("DATABASE_URL"):
    env.fail("WORKERS", "may be above 1 only with DATABASE_URL=postgres://...: SQLite supports one process")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "keys.Member"
# Sessions store these names.
AUTHENTICATION_BACKENDS = ["portal.signin.PumbleSignIn", "portal.signin.OperatorSignIn"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{rule}"}
    for rule in ("MinimumLengthValidator", "CommonPasswordValidator", "UserAttributeSimilarityValidator")
]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LOGIN_URL = "/pumble/signin"
SESSION_ENGINE = "portal.accounts.sessions"
SESSION_COOKIE_NAME = "__Host-sessionid" if _secure else "sessionid"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
CSRF_COOKIE_NAME = "__Host-csrftoken" if _secure else "csrftoken"
CSRF_FAILURE_VIEW = "portal.accounts.kept_forms.csrf_failure"
CSRF_COOKIE_HTTPONLY = True  # forms contain the token
SIGNED_COOKIE_LEGACY_SALT_FALLBACK = False

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = (
    _secure  # `portal.wsgi` sets the scheme from PUBLIC_URL, so the proxy redirects, not Django
)
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _secure else 0
# HSTS must not affect other hosts of a company: PUBLIC_URL may be https://example.com.
SILENCED_SYSTEM_CHECKS = [
    "files.E001",  # FILE_UPLOAD_TEMP_DIR may not exist yet
    "security.W005",  # SECURE_HSTS_INCLUDE_SUBDOMAINS
    "security.W021",  # SECURE_HSTS_PRELOAD
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [PACKAGE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "__Host-language" if _secure else "language"
LANGUAGE_COOKIE_SECURE = _secure
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
WHITENOISE_ALLOW_ALL_ORIGINS = False
STATICFILES_DIRS = [] if IS_INSTALLED else [BASE_DIR / "static"]  # Django finds those in `portal`
STATIC_ROOT = WORK_DIR / env.text("STATIC_ROOT", str(DATA_DIR / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # `portal.wsgi` enforces it for every request without files
MAX_FILE_BYTES = env.integer("MAX_FILE_MIB", 25, maximum=49) * 1024 * 1024
MAX_UPLOAD_BYTES = 50 * 1024 * 1024  # of a request with files; also in deploy/nginx.conf.template
# The server creates it. Commands need no such folder.
FILE_UPLOAD_TEMP_DIR = WORK_DIR / env.text("FILE_UPLOAD_TEMP_DIR", str(DATA_DIR / "uploads"))

REST_FRAMEWORK = {
    "DEFAULT_PARSER_CLASSES": ["portal.api.parsers.StrictJsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["portal.api.renderers.JsonRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "portal.api.renderers.IgnoreClientNegotiation",
    "DEFAULT_SCHEMA_CLASS": "portal.api.schema.OperationSchema",
    "EXCEPTION_HANDLER": "portal.api.exceptions.handle_exception",
}
SPECTACULAR_SETTINGS = {
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "DISABLE_DOCSTRING_DESCRIPTIONS": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SORT_OPERATIONS": False,
    "SORT_OPERATION_PARAMETERS": False,
    "ENFORCE_NON_BLANK_FIELDS": True,
    "POSTPROCESSING_HOOKS": ["portal.reference.openapi.postprocess"],
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": f"portal.logging.{LOG_FORMAT.capitalize()}Formatter"}},
    "filters": {"client_errors": {"()": "portal.logging.ClientErrorFilter"}},
    "handlers": {
        "nowhere": {"class": "logging.NullHandler"},
        "stderr": {
            "class": "portal.logging.StderrHandler",
            "formatter": "line",
            "filters": ["client_errors"],
        },
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},  # `portal.middleware` logs each request
        "gunicorn.error": {"level": "WARNING", "handlers": [], "propagate": True},
        # Its records carry the arguments of tools, which hold messages. `portal.middleware` logs each call.
        "django_mcpz": {"handlers": ["nowhere"], "propagate": False},
    },
}

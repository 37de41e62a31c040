"""Everything that a run needs, up at once: PostgreSQL, Redis, a stand-in for Pumble, the portal twice, the peers, nginx.

The portal runs as in production, with everything on: the second one beside a million keys and ten million logged calls.
"""

import base64
import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from cryptography.fernet import Fernet

from tests import services
from tests.bench import processes
from tests.bench.processes import Server
from tests.environment import PROJECT, free_port

WORKERS, THREADS = 2, 64
TOKENS_OF_PEERS = 1000

# The peers run under the server of `portal/gunicorn.conf.py`, with the same workers and threads.
_PEERS_SERVER = [
    *("--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS), "--reuse-port"),
    *("--keep-alive", "5", "--timeout", "60", "--log-level", "warning", "--no-control-socket"),
]
_NGINX = """
worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log; daemon off;
events {{ worker_connections 1024; }}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    upstream pumble {{ server {upstream}; keepalive 64; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://pumble; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    }}
}}
"""

Keys = dict[str, list[dict[str, str]]]


@dataclass(frozen=True)
class Stage:
    """What is up. `keys` and `tokens` are who may call the portal and the peers.

    Attributes:
        crowded: the portal with many rows.
    """

    portal: Server
    crowded: Server
    peers: Server
    nginx: Server
    upstream: Server
    redis: services.Redis
    keys: Keys
    tokens: dict[str, list[str]]
    portal_environment: dict[str, str] = field(repr=False)


@contextlib.contextmanager
def up(*, keys: int, logged_calls: int) -> Iterator[Stage]:
    """The stage, until the block ends. The crowded portal has so many keys and logged calls."""
    binaries = services.find_postgres()
    assert binaries, "there is no PostgreSQL (Debian: apt-get install postgresql)"
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        folder.chmod(0o755)  # nginx's worker is nobody
        database = stack.enter_context(services.postgres(binaries, durable=True, connections=600))
        redis_server = stack.enter_context(services.redis_server())
        redis = redis_server.url
        port = free_port()
        upstream = stack.enter_context(
            processes.running(
                [sys.executable, "-m", "tests.bench.upstream", str(port)],
                url=f"http://127.0.0.1:{port}",
                log=folder / "upstream.log",
            )
        )
        settings = _settings(folder, database, redis, upstream.url)
        _say("filling the databases")
        _execute(database, "CREATE DATABASE peers")
        own_keys: Keys = _told_by("tests.bench.populate", settings)
        _execute(database, "CREATE DATABASE crowded TEMPLATE postgres")
        crowded = settings | {"DATABASE_URL": database.replace("/postgres", "/crowded")}
        crowded["REDIS_URL"] = redis.replace("/0", "/1")
        crowd(crowded["DATABASE_URL"], keys=keys, logged_calls=logged_calls)
        peers = {
            "PEERS_DATABASE_URL": database.replace("/postgres", "/peers"),
            "PUMBLE_API_URL": upstream.url,
            "DJANGO_SETTINGS_MODULE": "tests.bench.peers.settings",
        }
        tokens = _told_by("tests.bench.peers.populate", peers, str(TOKENS_OF_PEERS))
        _say("starting the servers")
        yield Stage(
            portal=stack.enter_context(portal(settings, folder / "portal.log")),
            crowded=stack.enter_context(portal(crowded, folder / "crowded.log")),
            peers=stack.enter_context(_peers(peers, folder / "peers.log")),
            nginx=stack.enter_context(_nginx(upstream.url, folder)),
            upstream=upstream,
            redis=redis_server,
            keys=own_keys,
            tokens=tokens,
            portal_environment=settings,
        )


def portal(settings: dict[str, str], log: Path) -> contextlib.AbstractContextManager[Server]:
    """One more portal with these settings, on a port and with a folder of its own."""
    port = str(free_port())
    own = {"PORT": port, "DATA_DIR": str(log.with_suffix(".data"))}
    return processes.running(
        [sys.executable, "-m", "gunicorn", "-c", "portal/gunicorn.conf.py"],
        url=f"http://127.0.0.1:{port}",
        answers="/readyz",
        log=log,
        environment=settings | own,
    )


def crowd(url: str, *, keys: int, logged_calls: int) -> None:
    """Add so many keys and logged calls, made by the server itself."""
    with psycopg.connect(url, autocommit=True) as database:
        columns = database.execute(
            "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns "
            "WHERE table_name = 'keys_apikey' AND column_name NOT IN ('id', 'key_id')"
        ).fetchone()[0]  # type: ignore[index]
        database.execute(
            f"INSERT INTO keys_apikey (key_id, {columns}) SELECT 'x' || lpad(n::text, 11, '0'), {columns} "  # noqa: S608
            "FROM (SELECT * FROM keys_apikey ORDER BY id LIMIT 1) AS one, generate_series(1, %s) AS n",
            [keys],
        )
        # Indexes that are made at the end are made in a quarter of the time.
        made = database.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'keys_requestlog' AND indexdef NOT LIKE '%UNIQUE%'"
        ).fetchall()
        for name, _definition in made:
            database.execute(f'DROP INDEX "{name}"')
        database.execute(
            "INSERT INTO keys_requestlog (key_id, at, operation, outcome, status, duration_ms, request_id, address) "
            "SELECT first + n %% most, now() - n * interval '0.5 s', 'myInfo', 'ok', 200, 7, md5(n::text), '203.0.113.9' "
            "FROM (SELECT min(id) AS first, count(*) AS most FROM keys_apikey) AS ids, generate_series(1, %s) AS n",
            [logged_calls],
        )
        for _name, definition in made:
            database.execute(definition)
        database.execute("ANALYZE")


def _peers(settings: dict[str, str], log: Path) -> contextlib.AbstractContextManager[Server]:
    port = free_port()
    return processes.running(
        [
            *(sys.executable, "-m", "gunicorn", "django.core.wsgi:get_wsgi_application()"),
            *("--bind", f"127.0.0.1:{port}", *_PEERS_SERVER),
        ],
        url=f"http://127.0.0.1:{port}",
        log=log,
        environment=settings,
    )


def _nginx(upstream: str, folder: Path) -> contextlib.AbstractContextManager[Server]:
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _NGINX.format(folder=folder, upstream=upstream.removeprefix("http://"), port=port)
    )
    return processes.running(
        [program, "-c", str(configuration), "-e", str(folder / "error.log")],
        url=f"http://127.0.0.1:{port}",
        log=folder / "nginx.log",
    )


def _settings(folder: Path, database: str, redis: str, upstream: str) -> dict[str, str]:
    """A production's environment."""
    return {
        "LOCAL_PUMBLE": "false",
        "MALLOC_ARENA_MAX": "2",  # as the image has it: threads free what they took in one place
        "DATA_DIR": str(folder),
        "PUBLIC_URL": "https://keys.bench.test",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "WORKERS": str(WORKERS),
        "THREADS": str(THREADS),
        "WEB_THREADS": str(THREADS),
        "GUNICORN_CMD_ARGS": f"--workers {WORKERS} --threads {THREADS}",
        "TRUSTED_PROXIES": "127.0.0.0/8",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "KEY_PEPPERS": "1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "TOKEN_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "METRICS_TOKEN": secrets.token_urlsafe(32),
        "PUMBLE_APP_ID": "b" * 24,
        "PUMBLE_APP_KEY": secrets.token_urlsafe(24),
        "PUMBLE_APP_CLIENT_SECRET": secrets.token_urlsafe(24),
        "PUMBLE_APP_SIGNING_SECRET": secrets.token_urlsafe(24),
        "PUMBLE_API_URL": upstream,
    }


def _told_by(module: str, environment: dict[str, str], *arguments: str) -> dict[str, list]:  # type: ignore[type-arg]
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=PROJECT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    told: dict[str, list] = json.loads(done.stdout)  # type: ignore[type-arg]
    return told


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(statement)


def _say(what: str) -> None:
    print(f"... {what}", flush=True)

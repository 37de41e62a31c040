"""Reads settings from the environment through django-environ and refuses what is missing or malformed.

A refusal is a `SystemExit` with one line that names the variable and what it expects, and never its value: the same
line ends `manage.py`, the server and a test run.
"""

import base64
import binascii
import codecs
import contextlib
import io
import ipaddress
import json
import os
import re
import secrets
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import environ
import redis
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from keys import addresses
from keys.exceptions import AddressInvalid

MIN_SECRET_BYTES = 32
BACKGROUND_THREADS = 4  # beside those that answer: use is written, Home tabs and notices are sent
# A query of a call takes milliseconds. No transaction waits for Pumble longer than a call may take.
SERVING_TIMEOUTS = {
    "statement_timeout": "5s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "15s",
}
# Who waits for a lock in a migration makes everybody else wait behind it.
COMMAND_TIMEOUTS = {"statement_timeout": "1h", "lock_timeout": "1min"}
# Each may be given as NAME_FILE instead: the path of a file that holds the value, as container engines hand secrets in.
SECRET_NAMES = frozenset(
    {
        "DATABASE_URL",
        "KEY_PEPPERS",
        "METRICS_TOKEN",
        "PUMBLE_APP_CLIENT_SECRET",
        "PUMBLE_APP_ID",
        "PUMBLE_APP_KEY",
        "PUMBLE_APP_SIGNING_SECRET",
        "PUMBLE_APP_SIGNING_SECRET_FALLBACKS",
        "REDIS_URL",
        "SECRET_KEY",
        "SECRET_KEY_FALLBACKS",
        "TOKEN_ENCRYPTION_KEYS",
    }
)
TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})
_ASSIGNMENT = re.compile(r"(?:export )?[A-Za-z_0-9]+=")
_HOST_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9.-]+")
_FITS_A_HEADER = re.compile(r"[!-~]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of one deployment. Lists are newest first: the first makes, all verify."""

    secret_key: str = field(repr=False)
    peppers: dict[int, bytes] = field(repr=False)
    token_encryption_keys: list[str] = field(repr=False)
    app_id: str
    app_key: str = field(repr=False)
    client_secret: str = field(repr=False)
    signing_secrets: list[str] = field(repr=False)


def url_host(host: str) -> str:
    """Return the host as a URL has it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


NO_SECRETS = Secrets("", {}, [], "", "", "", [])


class Environment:
    def __init__(self, dotenv: Path) -> None:
        self._env = environ.Env()
        self.dotenv_is_ignored = False
        if dotenv.exists() or dotenv.is_symlink():
            self._add(self._read_dotenv(dotenv))

    def _add(self, settings: dict[str, str]) -> None:
        """Take what `.env` sets and the environment does not.

        A file that is made for production is ignored where the environment asks for the local Pumble, as `make run` does.
        """
        asks_for_local = self._given("LOCAL_PUMBLE").lower() in TRUE
        if asks_for_local and settings.get("LOCAL_PUMBLE", "").strip().lower() not in TRUE:
            self.dotenv_is_ignored = True
            return
        for name, value in settings.items():
            self._env.ENVIRON.setdefault(name, value)

    def _read_dotenv(self, path: Path) -> dict[str, str]:
        class File(environ.Env):  # type: ignore[misc]
            ENVIRON: dict[str, str] = {}

        text = self._decode_dotenv(path)
        for number, line in enumerate(text.splitlines(), start=1):
            if line and not line.startswith("#") and not _ASSIGNMENT.match(line):
                self.refuse(".env", f"line {number} expects NAME=VALUE, without a space before NAME or =")
        File.read_env(io.StringIO(text))
        return File.ENVIRON

    def _decode_dotenv(self, path: Path) -> str:
        if path.exists() and not path.is_file():
            self.refuse(".env", "is not a file; remove it, or put a file in its place")
        try:
            data = path.read_bytes()
        except OSError as error:
            self.refuse(".env", f"cannot be read ({error.strerror}); let this account read it, or remove it")
        return self._decode(".env", data)

    def _decode(self, name: str, data: bytes) -> str:
        if data.startswith(codecs.BOM_UTF8):
            self.refuse(name, "begins with a byte order mark; save the file as UTF-8 without one")
        if b"\0" in data:
            self.refuse(name, "looks like UTF-16; save the file as UTF-8")
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            self.refuse(name, f"line {line} is not UTF-8; save the file as UTF-8")

    @staticmethod
    def refuse(name: str, expectation: str) -> NoReturn:
        raise SystemExit(f"{name}: {expectation}")

    def text(self, name: str, default: str = "") -> str:
        given = self._given(name)
        if name in SECRET_NAMES and (path := self._given(f"{name}_FILE")):
            if given:
                self.refuse(f"{name}_FILE", f"stands beside {name}; only one of the two may be set")
            given = self._from_file(name, path)
        return given or default

    def _given(self, name: str) -> str:
        # Not by `Env.str`: it takes a value that begins with $ for the name of another variable.
        return str(self._env.ENVIRON.get(name, "")).strip()

    def _from_file(self, name: str, path: str) -> str:
        try:
            data = Path(path).read_bytes()
        except (OSError, ValueError):
            data = b""
        value = self._decode(f"{name}_FILE", data).strip()
        if not value:
            self.refuse(f"{name}_FILE", "expects the path of a file that can be read and holds the value")
        return value

    def token(self, name: str) -> str:
        """A secret of our own making, or nothing."""
        value = self.text(name)
        if value and (
            len(value) < MIN_SECRET_BYTES or len(set(value)) < 5 or not _FITS_A_HEADER.fullmatch(value)
        ):
            self.refuse(
                name, f"expects at least {MIN_SECRET_BYTES} random bytes, written in letters and digits"
            )
        return value

    def flag(self, name: str) -> bool:
        value = self.text(name, "false").lower()
        if value not in TRUE | FALSE:
            self.refuse(name, "expects true or false")
        return value in TRUE

    def number(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not (value.isascii() and value.isdigit() and len(value) < 6 and 0 < int(value) < 65536):
            kubernetes = "; Kubernetes sets it for a service of that name unless enableServiceLinks is false"
            self.refuse(name, f"expects a whole number from 1 to 65535{kubernetes if '://' in value else ''}")
        return int(value)

    def host(self, name: str, default: str) -> str:
        """An address or a host name. IPv6 may stand in brackets, and comes back without them."""
        value = self.text(name, default)
        bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
        try:
            ipaddress.ip_address(bare)
        except ValueError:
            if bare != value or not _HOST_NAME.fullmatch(value):
                self.refuse(name, "expects an address such as 127.0.0.1 or ::1, without a port")
        return bare

    @staticmethod
    def folder(name: str, path: Path) -> None:
        """Make the folder that `name` sets, and refuse one that this account cannot use."""
        cure = f"set {name} to a folder in which this account may write"
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            Environment.refuse(name, f"{path} cannot be made ({error.strerror}); {cure}")
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            Environment.refuse(name, f"{path} cannot be written; {cure}")
        for file in path.glob("portal.sqlite3*"):
            if not os.access(file, os.R_OK | os.W_OK):
                Environment.refuse(name, f"{file} cannot be written; give it to this account with chown")

    def count(self, name: str, default: int, most: int) -> int:
        value = self.text(name, str(default))
        if not (value.isascii() and value.isdigit() and len(value) < 6 and 0 < int(value) <= most):
            self.refuse(name, f"expects a number from 1 to {most}")
        return int(value)

    def days(self, name: str, least: int) -> int | None:
        """None where it is not set."""
        value = self.text(name)
        if not value:
            return None
        if not (value.isascii() and value.isdigit() and len(value) < 6 and least <= int(value) <= 36500):
            self.refuse(name, f"expects a number of days from {least} to 36500")
        return int(value)

    def words(self, name: str) -> list[str]:
        return [word.strip() for word in self.text(name).split(",") if word.strip()]

    def choice(self, name: str, default: str, allowed: Sequence[str]) -> str:
        value = self.text(name, default)
        if value not in allowed:
            self.refuse(name, f"expects one of {', '.join(allowed)}")
        return value

    def url(self, name: str, default: str) -> str:
        """An absolute http or https URL without query, fragment or trailing slash."""
        value = self.text(name, default).rstrip("/")
        if not value:
            self.refuse(name, "is required; .env.example shows its form")
        try:
            parts = urllib.parse.urlsplit(value)
            sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            sound = False
        if not sound or parts.query or parts.fragment or parts.username:
            self.refuse(name, "expects an absolute URL such as https://keys.example.com")
        return value

    def redis_url(self, name: str) -> str:
        """`redis://`, `rediss://` or `unix://`; empty where there is none."""
        value = self.text(name)
        try:
            if value:
                redis.ConnectionPool.from_url(value)
        except ValueError:
            self.refuse(name, "expects redis://host:6379/0")
        return value

    def networks(self, name: str) -> list[addresses.Network]:
        try:
            return [addresses.parse_network(word) for word in self.words(name)]
        except AddressInvalid:
            self.refuse(name, "expects addresses and CIDRs such as 10.0.0.0/8, comma separated")

    def database(self, data_dir: Path, *, threads: int, serving: bool) -> dict[str, Any]:
        """SQLite in `data_dir`, or what DATABASE_URL names, with a connection for each of so many threads.

        A process that answers people (`serving`) waits for PostgreSQL for seconds, a command for as long as a migration
        or `maintenance` may take.

        SQLite: WAL for readers beside a writer; IMMEDIATE so that a transaction that will write waits its turn at the
        start and not in the middle; synchronous=FULL because NORMAL may forget a committed revocation at power loss.
        """
        if not self.text("DATABASE_URL"):
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            return {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": data_dir / "portal.sqlite3",
                "OPTIONS": {
                    "timeout": 10,
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
                },
                "TEST": {"NAME": data_dir / "portal-test.sqlite3"},
            }
        config: dict[str, Any] = {}
        if self.text("DATABASE_URL").startswith(("postgres://", "postgresql://")):
            with contextlib.suppress(ImproperlyConfigured, ValueError):
                config = dict(environ.Env.db_url_config(self.text("DATABASE_URL")))
        if not config.get("NAME"):
            self.refuse("DATABASE_URL", "expects postgres://user:password@host:5432/name")
        given = config.get("OPTIONS", {})
        timeouts = SERVING_TIMEOUTS if serving else COMMAND_TIMEOUTS
        options = [f"-c {name}={time}" for name, time in timeouts.items()] + [given.get("options", "")]
        config["OPTIONS"] = (
            given
            | {
                "options": " ".join(options).strip(),
                "connect_timeout": 2,
                "tcp_user_timeout": 5000,
                # While the server is away, who waits is told so in less than 2 s, also if it asks twice.
                "pool": {
                    "min_size": 1,
                    "max_size": threads + BACKGROUND_THREADS,
                    "timeout": 0.8,
                    "reconnect_timeout": 2,  # then each new try starts afresh, without having waited longer and longer
                },
            }
        )
        config["CONN_HEALTH_CHECKS"] = True  # a connection that the server closed makes way for another
        config["ENGINE"] = "django.db.backends.postgresql"
        return config

    def secrets(self, *, local: bool, data_dir: Path, sandbox_app: Path) -> Secrets:
        """The deployment's secrets; with `local`, what is not set is derived once into `data_dir`.

        Outside `local` every one is required, and a value that the local Pumble publishes is refused.
        """
        published: dict[str, str] = json.loads(sandbox_app.read_text())  # noqa: TID251 - our own file
        derived = self._derive_once(data_dir) if local else {}
        offered = {
            "PUMBLE_APP_ID": published["id"],
            "PUMBLE_APP_KEY": published["appKey"],
            "PUMBLE_APP_CLIENT_SECRET": published["clientSecret"],
            "PUMBLE_APP_SIGNING_SECRET": published["signingSecret"],
        }

        def required(name: str) -> str:
            value = self.text(name, (derived | offered).get(name, "") if local else "")
            if not value:
                self.refuse(name, "is required; .env.example shows its form")
            if not local and value in {*offered.values()}:
                self.refuse(name, "is the local Pumble's published value; take the one of your app at Pumble")
            return value

        secret_key = required("SECRET_KEY")
        if len(secret_key.encode()) < MIN_SECRET_BYTES or len(set(secret_key)) < 5:
            self.refuse("SECRET_KEY", f"expects at least {MIN_SECRET_BYTES} random bytes")
        signing_secrets = [
            required("PUMBLE_APP_SIGNING_SECRET"),
            *self.words("PUMBLE_APP_SIGNING_SECRET_FALLBACKS"),
        ]
        if not local and published["signingSecret"] in signing_secrets:
            self.refuse("PUMBLE_APP_SIGNING_SECRET_FALLBACKS", "contains the local Pumble's published value")
        secrets_read = Secrets(
            secret_key=secret_key,
            peppers=self._peppers(required("KEY_PEPPERS")),
            token_encryption_keys=self._fernet_keys(required("TOKEN_ENCRYPTION_KEYS")),
            app_id=required("PUMBLE_APP_ID"),
            app_key=required("PUMBLE_APP_KEY"),
            client_secret=required("PUMBLE_APP_CLIENT_SECRET"),
            signing_secrets=signing_secrets,
        )
        self._refuse_repeats(secrets_read)
        return secrets_read

    def _peppers(self, value: str) -> dict[int, bytes]:
        peppers: dict[int, bytes] = {}
        for item in value.split(","):
            number, _, encoded = item.strip().partition(":")
            try:
                pepper = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                pepper = b""
            if (
                not (number.isascii() and number.isdigit() and 0 < int(number) < 32768)
                or len(pepper) < MIN_SECRET_BYTES
            ):
                self.refuse(
                    "KEY_PEPPERS",
                    "expects NUMBER:BASE64 of at least 32 random bytes, comma separated, newest first",
                )
            if int(number) in peppers or pepper in peppers.values() or len(set(pepper)) < 5:
                self.refuse("KEY_PEPPERS", "has a number or a pepper twice, or one that is not random")
            peppers[int(number)] = pepper
        return peppers

    def _fernet_keys(self, value: str) -> list[str]:
        keys = [key.strip() for key in value.split(",") if key.strip()]
        try:
            for key in keys:
                Fernet(key)
        except ValueError:
            keys = []
        if not keys or len(set(keys)) < len(keys):
            self.refuse(
                "TOKEN_ENCRYPTION_KEYS",
                "expects distinct Fernet keys (32 bytes, URL-safe base64), newest first",
            )
        return keys

    def _refuse_repeats(self, read: Secrets) -> None:
        peppers = {base64.b64encode(pepper).decode() for pepper in read.peppers.values()}
        encryption = {
            base64.b64encode(base64.urlsafe_b64decode(key)).decode() for key in read.token_encryption_keys
        }
        if peppers & encryption:
            self.refuse("TOKEN_ENCRYPTION_KEYS", "repeats a pepper of KEY_PEPPERS; each secret stands alone")
        raw = {base64.b64decode(text) for text in peppers | encryption}
        if read.secret_key in peppers | encryption or read.secret_key.encode() in raw:
            self.refuse("SECRET_KEY", "repeats a pepper or an encryption key; each secret stands alone")

    def _derive_once(self, data_dir: Path) -> dict[str, str]:
        """SECRET_KEY, KEY_PEPPERS and TOKEN_ENCRYPTION_KEYS for LOCAL_PUMBLE, made at the first start and kept (0600)."""
        path = data_dir / "secrets.json"
        if not path.exists():
            made = {
                "SECRET_KEY": secrets.token_urlsafe(48),
                "KEY_PEPPERS": f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
                "TOKEN_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            }
            # Written aside and linked: of two processes that start together one wins and both read the same whole file.
            aside = data_dir / f".secrets-{secrets.token_hex(8)}"
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(made, file)
            try:
                os.link(aside, path)
            except FileExistsError:
                pass
            finally:
                aside.unlink()
        try:
            kept = json.loads(path.read_bytes())  # noqa: TID251 - our own file
            return {name: str(kept[name]) for name in ("SECRET_KEY", "KEY_PEPPERS", "TOKEN_ENCRYPTION_KEYS")}
        except (OSError, ValueError, LookupError, TypeError):
            self.refuse(
                "DATA_DIR",
                f"{path} cannot be read or is damaged; restore it, or remove the folder to start clean",
            )

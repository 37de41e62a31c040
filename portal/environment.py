"""Read settings from the environment and `.env`, more strictly than django-environ does.

A missing or malformed value raises `SystemExit` with one line that names the variable and what it expects. System checks
would not run under a WSGI server. The line never contains a value. django-environ prints `$ecret`, because it reads it as
the name of another variable.
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

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# The published credentials of the local Pumble's app, as in `sandbox/app.json`. They are accepted only with LOCAL_PUMBLE.
LOCAL_PUMBLE_CREDENTIALS = {
    "PUMBLE_APP_ID": "65f0a1b2c3d4e5f60718aa01",
    "PUMBLE_APP_KEY": "local-pumble-app-key-not-for-production",
    "PUMBLE_APP_CLIENT_SECRET": "xpcls-local-pumble-not-for-production",
    "PUMBLE_APP_SIGNING_SECRET": "xpss-local-pumble-not-for-production",
}
MIN_SECRET_BYTES = 32
# Each may be set as NAME_FILE instead: the path of a file with the value, which is how container engines pass secrets.
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
_HEADER_VALUE = re.compile(r"[!-~]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of a deployment. Lists are newest first: the first one signs, all of them verify."""

    secret_key: str = field(repr=False)
    peppers: dict[int, bytes] = field(repr=False)
    token_encryption_keys: Sequence[str] = field(repr=False)
    app_id: str
    app_key: str = field(repr=False)
    client_secret: str = field(repr=False)
    signing_secrets: Sequence[str] = field(repr=False)


def url_host(host: str) -> str:
    """Return the host as it is written in a URL: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def is_random(secret: str) -> bool:
    """Return whether the secret has at least 32 bytes and five different characters."""
    return len(secret.encode()) >= MIN_SECRET_BYTES and len(set(secret)) >= 5


def _ipv4_if_mapped(network: Network) -> Network:
    """Return a network of IPv4-mapped addresses (::ffff:0:0/96) as the IPv4 network: clients' addresses are IPv4, too."""
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    return (
        network
        if mapped is None or network.prefixlen < 96
        else ipaddress.ip_network((mapped, network.prefixlen - 96))
    )


NO_SECRETS = Secrets("", {}, [], "", "", "", [])


class Environment:
    def __init__(self, dotenv: Path) -> None:
        self._env = environ.Env()
        self.dotenv_is_ignored = False
        if dotenv.exists() or dotenv.is_symlink():
            self._add_dotenv(self._read_dotenv(dotenv))

    def _add_dotenv(self, settings: dict[str, str]) -> None:
        """Add the variables of `.env` that the environment does not set.

        A file for production is ignored if the environment sets LOCAL_PUMBLE, as `make run` does.
        """
        is_local = self._get("LOCAL_PUMBLE").lower() in TRUE
        if is_local and settings.get("LOCAL_PUMBLE", "").strip().lower() not in TRUE:
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
                self.fail(".env", f"line {number} expects NAME=VALUE, without a space before NAME or =")
        File.read_env(io.StringIO(text))
        return File.ENVIRON

    def _decode_dotenv(self, path: Path) -> str:
        if path.exists() and not path.is_file():
            self.fail(".env", "is not a file; remove it, or replace it by a file")
        try:
            data = path.read_bytes()
        except OSError as error:
            self.fail(".env", f"cannot be read ({error.strerror}); let this account read it, or remove it")
        return self._decode(".env", data)

    def _decode(self, name: str, data: bytes) -> str:
        if data.startswith(codecs.BOM_UTF8):
            self.fail(name, "begins with a byte order mark; save the file as UTF-8 without one")
        if b"\0" in data:
            self.fail(name, "looks like UTF-16; save the file as UTF-8")
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            self.fail(name, f"line {line} is not UTF-8; save the file as UTF-8")

    @staticmethod
    def fail(name: str, expectation: str) -> NoReturn:
        raise SystemExit(f"{name}: {expectation}")

    def text(self, name: str, default: str = "") -> str:
        value = self._get(name)
        if name in SECRET_NAMES and (path := self._get(f"{name}_FILE")):
            if value:
                self.fail(f"{name}_FILE", f"is set together with {name}; set only one of them")
            value = self._read_file(name, path)
        return value or default

    def _get(self, name: str) -> str:
        # Not `Env.str`, which takes a value that begins with $ for the name of another variable.
        return str(self._env.ENVIRON.get(name, "")).strip()

    def _read_file(self, name: str, path: str) -> str:
        try:
            data = Path(path).read_bytes()
        except (OSError, ValueError):
            data = b""
        value = self._decode(f"{name}_FILE", data).strip()
        if not value:
            self.fail(f"{name}_FILE", "expects the path of a readable file that contains the value")
        return value

    def required(self, name: str, default: str = "") -> str:
        return self.text(name, default) or self.fail(name, "is required; .env.example shows its form")

    def token(self, name: str) -> str:
        """Return an optional secret of the deployment's own, which callers send in a header."""
        value = self.text(name)
        if value and not (is_random(value) and _HEADER_VALUE.fullmatch(value)):
            self.fail(
                name, f"expects at least {MIN_SECRET_BYTES} random bytes, written in letters and digits"
            )
        return value

    def flag(self, name: str) -> bool:
        value = self.text(name, "false").lower()
        if value not in TRUE | FALSE:
            self.fail(name, "expects true or false")
        return value in TRUE

    def integer(self, name: str, default: int, *, minimum: int = 1, maximum: int) -> int:
        value = self.text(name, str(default))
        if not (value.isascii() and value.isdigit() and len(value) < 6 and minimum <= int(value) <= maximum):
            kubernetes = "; Kubernetes sets it for a service of that name unless enableServiceLinks is false"
            expected = f"expects a whole number from {minimum} to {maximum}"
            self.fail(name, expected + (kubernetes if "://" in value else ""))
        return int(value)

    def host(self, name: str, default: str) -> str:
        """Return an IP address or a host name. IPv6 may be in brackets, which are removed."""
        value = self.text(name, default)
        bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
        try:
            ipaddress.ip_address(bare)
        except ValueError:
            if bare != value or not _HOST_NAME.fullmatch(value):
                self.fail(name, "expects an address such as 127.0.0.1 or ::1, without a port")
        return bare

    @staticmethod
    def folder(name: str, path: Path) -> None:
        """Create the folder that `name` sets. Fail if this account cannot use it."""
        remedy = f"set {name} to a folder in which this account may write"
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            Environment.fail(name, f"{path} cannot be created ({error.strerror}); {remedy}")
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            Environment.fail(name, f"{path} cannot be written; {remedy}")
        for file in path.glob("portal.sqlite3*"):
            if not os.access(file, os.R_OK | os.W_OK):
                Environment.fail(name, f"{file} cannot be written; give it to this account with chown")

    def list(self, name: str) -> Sequence[str]:
        return [item.strip() for item in self.text(name).split(",") if item.strip()]

    def choice(self, name: str, default: str, allowed: Sequence[str]) -> str:
        value = self.text(name, default)
        if value not in allowed:
            self.fail(name, f"expects one of {', '.join(allowed)}")
        return value

    def url(self, name: str, default: str) -> str:
        """Return an absolute http or https URL without query, fragment or trailing slash."""
        value = self.required(name, default).rstrip("/")
        try:
            parts = urllib.parse.urlsplit(value)
            valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            valid = False
        if not valid or parts.query or parts.fragment or parts.username:
            self.fail(name, "expects an absolute URL such as https://keys.example.com")
        return value

    def redis_url(self, name: str) -> str:
        """Return a `redis://`, `rediss://` or `unix://` URL, or "" if it is not set."""
        value = self.text(name)
        try:
            if value:
                redis.ConnectionPool.from_url(value)
        except ValueError:
            self.fail(name, "expects redis://host:6379/0")
        return value

    def networks(self, name: str) -> Sequence[Network]:
        """Return networks, an address as a network of one. A network of all addresses is refused."""
        try:
            networks = [_ipv4_if_mapped(ipaddress.ip_network(item)) for item in self.list(name)]
        except ValueError:
            networks = [ipaddress.ip_network("::/0")]
        if any(network.prefixlen == 0 for network in networks) or "%" in self.text(name):
            self.fail(name, "expects addresses and CIDRs such as 10.0.0.0/8, separated by commas")
        return networks

    def database_url(self, name: str) -> dict[str, Any]:
        """Return Django's settings for a `postgres://` URL, or {} if it is not set."""
        value = self.text(name)
        config: dict[str, Any] = {}
        if value.startswith(("postgres://", "postgresql://")):
            with contextlib.suppress(ImproperlyConfigured, ValueError):
                config = dict(environ.Env.db_url_config(value))
        if value and not config.get("NAME"):
            self.fail(name, "expects postgres://user:password@host:5432/name")
        return config

    def secrets(self, *, local: bool, data_dir: Path) -> Secrets:
        """Return the deployment's secrets. With `local`, those that are not set are created in `data_dir`.

        Without `local` each is required, and must not be one that the local Pumble publishes.
        """
        defaults = self._load_or_create_local_secrets(data_dir) | LOCAL_PUMBLE_CREDENTIALS if local else {}

        def required(name: str) -> str:
            value = self.required(name, defaults.get(name, ""))
            if not local and value in LOCAL_PUMBLE_CREDENTIALS.values():
                self.fail(name, "is the local Pumble's published value; use the value of your app at Pumble")
            return value

        secret_key = required("SECRET_KEY")
        if not is_random(secret_key):
            self.fail("SECRET_KEY", f"expects at least {MIN_SECRET_BYTES} random bytes")
        signing_secrets = [
            required("PUMBLE_APP_SIGNING_SECRET"),
            *self.list("PUMBLE_APP_SIGNING_SECRET_FALLBACKS"),
        ]
        if not local and LOCAL_PUMBLE_CREDENTIALS["PUMBLE_APP_SIGNING_SECRET"] in signing_secrets:
            self.fail("PUMBLE_APP_SIGNING_SECRET_FALLBACKS", "contains the local Pumble's published value")
        values = Secrets(
            secret_key=secret_key,
            peppers=self._peppers(required("KEY_PEPPERS")),
            token_encryption_keys=self._fernet_keys(required("TOKEN_ENCRYPTION_KEYS")),
            app_id=required("PUMBLE_APP_ID"),
            app_key=required("PUMBLE_APP_KEY"),
            client_secret=required("PUMBLE_APP_CLIENT_SECRET"),
            signing_secrets=signing_secrets,
        )
        self._require_distinct(values)
        return values

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
                self.fail(
                    "KEY_PEPPERS",
                    "expects NUMBER:BASE64 of at least 32 random bytes, separated by commas, newest first",
                )
            if int(number) in peppers or pepper in peppers.values() or len(set(pepper)) < 5:
                self.fail("KEY_PEPPERS", "has a duplicate number or pepper, or a pepper that is not random")
            peppers[int(number)] = pepper
        return peppers

    def _fernet_keys(self, value: str) -> Sequence[str]:
        keys = [key.strip() for key in value.split(",") if key.strip()]
        try:
            for key in keys:
                Fernet(key)
        except ValueError:
            keys = []
        if not keys or len(set(keys)) < len(keys):
            self.fail(
                "TOKEN_ENCRYPTION_KEYS",
                "expects distinct Fernet keys (32 bytes, URL-safe base64), newest first",
            )
        return keys

    def _require_distinct(self, values: Secrets) -> None:
        peppers = set(values.peppers.values())
        encryption = {base64.urlsafe_b64decode(key) for key in values.token_encryption_keys}
        if peppers & encryption:
            self.fail(
                "TOKEN_ENCRYPTION_KEYS", "repeats a pepper of KEY_PEPPERS; each secret must be different"
            )
        encoded = {base64.b64encode(secret).decode() for secret in peppers | encryption}
        if values.secret_key in encoded or values.secret_key.encode() in peppers | encryption:
            self.fail("SECRET_KEY", "repeats a pepper or an encryption key; each secret must be different")

    def _load_or_create_local_secrets(self, data_dir: Path) -> dict[str, str]:
        """Return SECRET_KEY, KEY_PEPPERS and TOKEN_ENCRYPTION_KEYS, which the first start writes to a private file."""
        path = data_dir / "secrets.json"
        if not path.exists():
            created = {
                "SECRET_KEY": secrets.token_urlsafe(48),
                "KEY_PEPPERS": f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
                "TOKEN_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            }
            # Write another file and link it, so that two processes that start together read the same complete file.
            draft = data_dir / f".secrets-{secrets.token_hex(8)}"
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(created, file)
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        try:
            values = json.loads(path.read_bytes())  # noqa: TID251 - our own file
            return {
                name: str(values[name]) for name in ("SECRET_KEY", "KEY_PEPPERS", "TOKEN_ENCRYPTION_KEYS")
            }
        except (OSError, ValueError, LookupError, TypeError):
            self.fail(
                "DATA_DIR",
                f"{path} cannot be read or is damaged; restore it, or remove the folder to start clean",
            )

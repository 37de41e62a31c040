"""Files on their way to and from Pumble, piece by piece. Source: Pumble app platform reference, 5.3.

Tokens go only to the hosts of PUMBLE_API_URL and PUMBLE_FILEUPLOAD_URL. The address of a file comes from a message, so it
is followed only if it is on one of them.
"""

import contextlib
import time
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from pumble_bridge import client, deadline, http, metrics, resilience
from pumble_bridge.client import Json, PumbleClient
from pumble_bridge.exceptions import (
    FileTooLarge,
    PumbleRateLimited,
    PumbleRefused,
    PumbleUnavailable,
    TokenRejected,
)
from pumble_bridge.http import OutgoingFile

UNKNOWN_TYPE = "application/octet-stream"
MAX_NAME_LENGTH = 255
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ROUTE = "GET file"
_TEMPORARY_FILES = "tmp*.upload*"  # as Django names them
_MAX_AGE = 600.0  # seconds; a call with files takes at most 120


def clean_name(name: str) -> str:
    """Return the name without folders and invisible characters, "" if nothing is left.

    A name could carry line breaks into a header, or marks that reverse the order of its letters.
    """
    bare = name.replace("\\", "/").rsplit("/", 1)[-1]
    bare = "".join(char for char in bare if char.isprintable()).strip()
    return "" if bare in {".", ".."} else bare


def upload(pumble: PumbleClient, file: OutgoingFile) -> str:
    """Upload a file in three steps, and return its id. No message has it yet.

    Raises:
        PumbleError.
    """
    token = pumble.create_upload_token(file.name, file.size)
    return pumble.complete_upload(_send_bytes(pumble, file, token))


def open_download(pumble: PumbleClient, address: str, name: str) -> "Download":
    """Begin to download a file of a message. `name` is for errors. Close the download in the end.

    Raises:
        FileTooLarge.
        PumbleUnavailable: the address is not on one of Pumble's hosts, or the response cannot be used.
        PumbleError.
    """
    url = _own_url(address)
    headers = {"token": pumble.token, "x-app-token": settings.PUMBLE_APP_KEY, "Accept": "*/*"}
    with _measured(), resilience.guard(_breaker(pumble)):
        try:
            stream = client.send_with_retry(
                partial(http.open_stream, "GET", url, headers=headers), _ROUTE, idempotent=True
            )
        except ValueError as error:
            raise PumbleUnavailable("the address of the file is malformed") from error
        try:
            _check(stream, name)
            return Download(stream, stream.read(), name)
        except Exception:
            stream.close()
            raise


class Download:
    """The pieces of a file. Each read ends at the deadline that held when the download began.

    Attributes:
        length: the size in bytes, None if Pumble does not announce it.
    """

    def __init__(self, stream: http.Stream, first_piece: bytes, name: str) -> None:
        self.length = stream.length
        self._stream, self._first_piece, self._name = stream, first_piece, name
        self._ends_at = time.monotonic() + deadline.remaining()

    def __iter__(self) -> Iterator[bytes]:
        """
        Raises:
            PumbleTimeout, PumbleUnreachable.
            FileTooLarge: more bytes came than a file may have.
        """
        piece, count = self._first_piece, 0
        while piece:
            count += len(piece)
            if count > settings.MAX_FILE_BYTES:
                raise too_large(self._name)
            yield piece
            with deadline.within(self._ends_at - time.monotonic()):
                piece = self._stream.read()

    def close(self) -> None:
        self._stream.close()


def delete_leftovers(now: datetime) -> int:
    """Delete files that a killed process left in FILE_UPLOAD_TEMP_DIR. Return how many."""
    count = 0
    for path in Path(settings.FILE_UPLOAD_TEMP_DIR).glob(_TEMPORARY_FILES):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < now.timestamp() - _MAX_AGE:
                path.unlink()
                count += 1
    return count


def too_large(name: str) -> FileTooLarge:
    return FileTooLarge(name, settings.MAX_FILE_BYTES // 1024 // 1024)


def _send_bytes(pumble: PumbleClient, file: OutgoingFile, token: Json) -> Json:
    """Send the bytes to the upload host, and return its response."""
    described = {"file": file.name, "type": file.media_type, "size": file.size}
    path = "/upload/files"
    if pumble.observer is not None and not pumble.observer.before_write("POST", path, described):
        return {}
    headers = {"authtoken": token["token"]}
    product_token = token.get("remoteProductToken")
    if isinstance(product_token, str):
        headers["Remote-Product-Token"] = product_token
    try:
        answer = client.call("POST", path, headers=headers, upload=file, workspace=_breaker(pumble))
    except TokenRejected as error:  # the token of this upload, not the one of the key's owner
        raise PumbleRefused(403, error.code, error.message, error.localized_message) from error
    except ValueError as error:
        raise PumbleUnavailable("an upload token is malformed") from error
    if not isinstance(answer, dict):
        raise PumbleUnavailable("response of an unexpected shape")
    return answer


def _own_url(address: str) -> str:
    """Return the address with the scheme and host of the setting that it agrees with.

    Raises:
        PumbleUnavailable: it is on another host.
    """
    for own in (settings.PUMBLE_API_URL, settings.PUMBLE_FILEUPLOAD_URL):
        parts = urlsplit(own)
        with contextlib.suppress(ValueError):
            wanted = urlsplit(address)
            if _origin(wanted) == _origin(parts) and "@" not in wanted.netloc and wanted.path.startswith("/"):
                query = f"?{wanted.query}" if wanted.query else ""
                return f"{parts.scheme}://{parts.netloc}{wanted.path}{query}"
    raise PumbleUnavailable("the address of the file is not on a host of Pumble")


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _check(stream: http.Stream, name: str) -> None:
    """Refuse what is no file. An error of a host of files says nothing about the token of the key's owner."""
    if stream.status == 200:
        if stream.length is not None and stream.length > settings.MAX_FILE_BYTES:
            raise too_large(name)
    elif stream.status == 429:
        raise PumbleRateLimited(stream.retry_after or 1)
    elif 400 <= stream.status < 500:
        raise PumbleRefused(404 if stream.status in {404, 410} else 403, None, "", "")
    else:
        raise PumbleUnavailable(f"status {stream.status}")


def _breaker(pumble: PumbleClient) -> tuple[object, str]:
    """Return what names the circuit breaker of this workspace's files, which are on other hosts than the API."""
    return pumble.workspace, "files"


@contextlib.contextmanager
def _measured() -> Iterator[None]:
    began, outcome = time.monotonic(), "failed"
    try:
        yield
        outcome = "200"
    finally:
        metrics.PUMBLE_SECONDS.labels(_ROUTE, outcome).observe(time.monotonic() - began)

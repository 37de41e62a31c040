"""The server's worker: threads, with two more differences from gunicorn's own.

What cannot be read as HTTP is answered in the contract's shape: gunicorn itself answers HTML that repeats the client's
bytes, and logs them; both may hold a key. And a worker that is told to stop lets in who knocked before and then shuts the
door: gunicorn leaves it open until the last call has ended, and drops whoever came meanwhile.
"""

import json
import logging
import secrets
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.http import errors
from gunicorn.util import write_nonblock

from portal import stopping
from portal.headers import SAFE_AND_FRESH
from portal.sharing import SharingWorker

log = logging.getLogger(__name__)

_STATUS: dict[type[Exception], tuple[int, str, str]] = {
    errors.LimitRequestLine: (414, "URI Too Long", "too_large"),
    errors.LimitRequestHeaders: (431, "Request Header Fields Too Large", "too_large"),
    errors.ExpectationFailed: (417, "Expectation Failed", "validation"),
    errors.UnsupportedTransferCoding: (501, "Not Implemented", "validation"),
}


class ServersOwnLog(Logger):  # type: ignore[misc]
    """Without a line for each request: the portal writes that itself, without its query."""

    access_log_enabled = False


class Worker(SharingWorker):
    def handle_exit(self, sig: Any, frame: Any) -> None:
        stopping.told.set()
        super().handle_exit(sig, frame)

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - gunicorn's own signature
        accepting = self._accepting
        super().set_accept_enabled(enabled)
        if accepting and not self.alive:
            for listener in self.sockets:
                before = -1
                while before != self.nr_conns:
                    before = self.nr_conns
                    self.accept(listener)
                listener.close()

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        unreadable = (400, "Bad Request", "validation")
        broken = (500, "Internal Server Error", "internal")
        known = next((answer for kind, answer in _STATUS.items() if isinstance(exc, kind)), None)
        status, phrase, reason = known or (unreadable if isinstance(exc, errors.ParseException) else broken)
        request_id = secrets.token_hex(12)
        about = {"status": status, "kind": type(exc).__name__, "request_id": request_id}
        log.log(logging.ERROR if status == 500 else logging.INFO, "request.unreadable", extra=about)
        text = "Internal error" if status == 500 else "The request could not be read"
        body = json.dumps({"error": text, "reason": reason, "requestId": request_id})
        headers = SAFE_AND_FRESH | {
            "Connection": "close",
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(body)),
            "X-Request-Id": request_id,
        }
        lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
        head = "\r\n".join(lines) + "\r\n\r\n"
        try:
            write_nonblock(client, (head + body).encode())
        except OSError:
            log.debug("request.unreadable", extra={"kind": "gone"})

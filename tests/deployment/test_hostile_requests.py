"""Malformed requests, with and without the reverse proxy: answered in the contract's shape, never with 500."""

import json
import re
from collections.abc import Callable

import pytest

from tests.deployment import wire
from tests.deployment.stack import Deployment
from tests.deployment.wire import Answer

KEY = b"pmb_HinAcQ2ncH7E_WHNGLINUhpFhAPuurB5ErjiSo2w70s0m3iihb4"


def request(line: bytes = b"GET /myInfo HTTP/1.1", *headers: bytes, body: bytes = b"") -> bytes:
    """A request to the public name that presents a key."""
    own = [b"Host: {host}", b"Connection: close", b"ApiKey: " + KEY, *headers]
    return b"\r\n".join([line, *own, b"", body])


def post(*headers: bytes, body: bytes = b"", path: bytes = b"/sendMessage") -> bytes:
    return request(b"POST " + path + b" HTTP/1.1", *headers, body=body)


CHUNKED = b"Transfer-Encoding: chunked"
SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n"
HOSTILE = {
    "a hundred headers twice": request(b"GET /myInfo HTTP/1.1", *([b"X-Twice: 1"] * 100)),
    "ten thousand headers": request(b"GET /myInfo HTTP/1.1", *([b"X-Many: 1"] * 10_000)),
    "a header of 40 kB": request(b"GET /myInfo HTTP/1.1", b"X-Long: " + b"a" * 40_000),
    "an address of 9 kB": request(b"GET /" + b"a" * 9_000 + b" HTTP/1.1"),
    "an address of 40 kB": request(b"GET /" + b"a" * 40_000 + b" HTTP/1.1"),
    "a body over 1 MiB": post(b"Content-Length: 1048577", body=b"{", path=b"/editMessage"),
    "a length that is no number": post(b"Content-Length: 1e3"),
    "a negative length": post(b"Content-Length: -1"),
    "a length of twenty digits": post(b"Content-Length: 99999999999999999999"),
    "two lengths": post(b"Content-Length: 2", b"Content-Length: 40", body=b"{}" + SMUGGLED),
    "length and chunks": post(b"Content-Length: 4", CHUNKED, body=b"0\r\n\r\n" + SMUGGLED),
    "chunks and chunks": post(CHUNKED, b"Transfer-Encoding: identity", body=b"0\r\n\r\n" + SMUGGLED),
    "chunks with a tab": post(b"Transfer-Encoding:\tchunked", body=b"0\r\n\r\n"),
    "chunks in disguise": post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n" + SMUGGLED),
    "a broken chunk": post(CHUNKED, body=b"zz\r\n{}\r\n0\r\n\r\n"),
    "other chunks": post(b"Transfer-Encoding: x-new"),
    "a method of two letters": request(b"GO /myInfo HTTP/1.1"),
    "a cookie of 9 kB": request(b"GET / HTTP/1.1", b"Cookie: " + b"a" * 9_000),
    "a space before the colon": request(b"GET /myInfo HTTP/1.1", b"X-Space : 1"),
    "a folded header": request(b"GET /myInfo HTTP/1.1", b"X-Folded: 1\r\n 2"),
    "a bare line feed": request(b"GET /myInfo HTTP/1.1", b"X-Bare: 1\nX-Forwarded-For: 10.0.0.1"),
    "a bare carriage return": request(b"GET /myInfo HTTP/1.1", b"X-Bare: 1\rX-Smuggled: 1"),
    "a null in a header": request(b"GET /myInfo HTTP/1.1", b"X-Null: \x00"),
    "invalid UTF-8 in a header": request(b"GET /myInfo HTTP/1.1", b"User-Agent: \xff\xfe\xc3\x28"),
    "invalid UTF-8 in the key": request(b"GET /myInfo HTTP/1.1", b"Api-Key: \xff\xfe"),
    "invalid UTF-8 in the address": request(b"GET /\xff\xfe HTTP/1.1"),
    "invalid UTF-8 in the query": request(b"GET /listMessages?channel=%ff%fe&limit=%c3%28 HTTP/1.1"),
    "invalid UTF-8 in the body": post(b"Content-Length: 14", body=b'{"text":"\xff\xfe\xc3"}'),
    "an overlong slash": request(b"GET /%c0%af..%c0%afmyInfo HTTP/1.1"),
    "a null in the address": request(b"GET /myInfo%00.json HTTP/1.1"),
    "a double slash": request(b"GET //evil.test//myInfo HTTP/1.1"),
    "a way up": request(b"GET /static/%2e%2e/%2e%2e/portal/settings.py HTTP/1.1"),
    "a way up out of the root": request(b"GET /../../etc/passwd HTTP/1.1"),
    "an encoded slash": request(b"GET /static%2f..%2f..%2fmanage.py HTTP/1.1"),
    "a backslash": request(b"GET /static\\..\\..\\manage.py HTTP/1.1"),
    "an address with a line break": request(b"GET /myInfo%0d%0aX-Injected:%201 HTTP/1.1"),
    "another site's address": request(b"GET http://evil.test/myInfo HTTP/1.1"),
    "an asterisk": request(b"OPTIONS * HTTP/1.1"),
    "the door's own places": request(b"GET /.front-door/unavailable HTTP/1.1"),
    "another method": request(b"PROPFIND /myInfo HTTP/1.1"),
    "a method in small letters": request(b"get /myInfo HTTP/1.1"),
    "a trace": request(b"TRACE /myInfo HTTP/1.1"),
    "a tunnel": request(b"CONNECT evil.test:443 HTTP/1.1"),
    "a method to be overridden": post(b"X-HTTP-Method-Override: DELETE", b"Content-Length: 0"),
    "HTTP 2 in clear": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an old version": b"GET /myInfo\r\n\r\n",
    "a version to come": request(b"GET /myInfo HTTP/9.9"),
    "no host": b"GET /myInfo HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two hosts": request(b"GET /myInfo HTTP/1.1", b"Host: evil.test"),
    "another host": b"GET / HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\nAccept: text/html\r\n\r\n",
    "a compressed body": post(b"Content-Encoding: gzip", b"Content-Length: 4", body=b"\x1f\x8b\x08\x00"),
    "an unknown expectation": post(b"Expect: 200-maybe", b"Content-Length: 2", body=b"{}"),
    "a switch of protocols": request(
        b"GET /myInfo HTTP/1.1", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"
    ),
    "another script's place": request(b"GET /myInfo HTTP/1.1", b"Script-Name: /x", b"Path-Info: /healthz"),
    "headers with underscores": request(
        b"GET /myInfo HTTP/1.1", b"Script_Name: /x", b"X_Forwarded_For: 10.0.0.1"
    ),
    "a proxy of the client's": request(
        b"GET /myInfo HTTP/1.1", b"Proxy: http://evil.test", b"X-Forwarded-Host: evil.test"
    ),
    "a query without end": request(b"GET /myInfo?" + b"a=1&" * 1500 + b" HTTP/1.1"),
    "a hook without anything": post(b"Content-Length: 0", path=b"/pumble/hook"),
    "an impossible range": request(
        b"GET /static/portal/icon.svg HTTP/1.1", b"Range: bytes=99999999999999999999-1"
    ),
}
# Without the front door, gunicorn repeats these to whoever sent them.
KEYS_ASTRAY = {
    "a key in the first line": b"GET /myInfo ApiKey " + KEY + b" HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "a key for a first line": KEY + b"\r\n\r\n",
    "a header without a colon": request(b"GET /myInfo HTTP/1.1", b"ApiKey " + KEY),
}
SAFE = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "strict-transport-security": "max-age=31536000",
}
LEAKS = (KEY, b"Traceback", b"evil.test", b"/srv/", b"settings.py", b"root:")
WAYS: dict[str, Callable[[Deployment, bytes], list[Answer]]] = {"door": wire.through, "portal": wire.directly}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", HOSTILE)
class TestAMalformedRequest:
    def test_is_refused_in_the_contracts_shape(self, deployment: Deployment, name: str, way: str) -> None:
        host = deployment.public_url.removeprefix("https://").encode()

        answers = WAYS[way](deployment, HOSTILE[name].replace(b"{host}", host))

        assert len(answers) <= 1  # what was smuggled in is no request of its own
        for answer in answers:
            assert answer.status < 500 or answer.status in {501, 505}, answer
            assert not any(leak in answer.body + str(answer.headers).encode() for leak in LEAKS), answer
            assert "x-injected" not in answer.headers
            if answer.headers.get("content-type", "").startswith("application/json"):
                said = json.loads(answer.body or b"{}")
                assert not said or {"reason", "requestId"} <= set(said) or set(said) == {"message"}
            else:
                assert not re.search(b"nginx|gunicorn", answer.body), answer


class TestTheReverseProxy:
    @pytest.mark.parametrize(
        ("name", "status", "reason"),
        [
            ("a header of 40 kB", 431, "too_large"),
            ("an address of 9 kB", 414, "too_large"),
            ("a body over 1 MiB", 413, "too_large"),
            ("a null in the address", 400, "validation"),
            ("a way up out of the root", 400, "validation"),
            ("the door's own places", 404, "not_found"),
            ("a trace", 405, "method_not_allowed"),
            ("no host", 400, "validation"),
            ("length and chunks", 400, "validation"),
            ("ten thousand headers", 431, "too_large"),
            ("a negative length", 400, "validation"),
            ("other chunks", 501, "validation"),
            ("a cookie of 9 kB", 431, "too_large"),
            ("a key in the first line", 400, "validation"),
            ("a key for a first line", 400, "validation"),
            ("a header without a colon", 400, "validation"),
            ("a method of two letters", 405, "method_not_allowed"),
        ],
    )
    def test_refuses_like_the_portal(
        self, deployment: Deployment, name: str, status: int, reason: str
    ) -> None:
        host = deployment.public_url.removeprefix("https://").encode()

        (answer,) = wire.through(deployment, (HOSTILE | KEYS_ASTRAY)[name].replace(b"{host}", host))

        said = json.loads(answer.body)
        assert (answer.status, said["reason"]) == (status, reason)
        assert set(said) == {"error", "reason", "requestId"}
        assert answer.headers["x-request-id"] == said["requestId"]
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert KEY not in answer.body
        assert SAFE.items() <= answer.headers.items()

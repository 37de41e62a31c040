"""Files through the front door: who may upload is asked before a body is read, and files take no memory."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from requests_toolbelt.adapters.source import SourceAddressAdapter

from tests.deployment import wire
from tests.deployment.stack import Deployment, Portal, wait_for

MIB = 1024 * 1024
KIB_OF_GROWTH = 8 * 1024
FORM = "multipart/form-data; boundary=x"
FENCE = b"--x\r\nContent-Disposition: form-data; name="

Call = Callable[..., requests.Response]


@pytest.fixture(scope="module")
def key(deployment: Deployment) -> str:
    return new_key(deployment, "uploads", "messages:write", "messages:read", "files:write")


@pytest.fixture(scope="module")
def blob(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 25 MiB, the largest that a message may carry."""
    path = tmp_path_factory.mktemp("files") / "blob.bin"
    path.write_bytes(b"0123456789abcdef" * (25 * MIB // 16))
    return path


def new_key(deployment: Deployment, name: str, *scopes: str, per_minute: int = 1000) -> str:
    arguments = [f"--name={name} {deployment.https_port}", f"--per-minute={per_minute}", "--json"]
    named = [f"--scope={scope}" for scope in scopes]
    out = deployment.manage("create_key", "--workspace=Acme", "--member=ana@acme.test", *arguments, *named)
    return str(json.loads(out)["key"])


def announce(
    deployment: Deployment, key: str, length: int = 40 * MIB, source: str = "", path: str = "/sendMessage"
) -> wire.Answer:
    """The answer to the head of an upload, of which no byte of the body is sent."""
    with wire.connect(deployment.https_port, deployment.certificate, source) as connection:
        connection.sendall(head(deployment, key, length, path))
        said = b""
        while piece := connection.recv(65536):
            said += piece
            if b"}" in said:
                break
    return next(iter(wire._read(said)))


def head(deployment: Deployment, key: str, length: int, path: str = "/sendMessage") -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {deployment.a.host}",
        f"ApiKey: {key}",
        "Content-Type: multipart/form-data; boundary=x",
        f"Content-Length: {length}",
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def send(call: Call, key: str, blob: Path) -> dict[str, str]:
    """Send a file as curl does, piece by piece."""
    begin = FENCE + b'"channel"\r\n\r\nrandom\r\n' + FENCE + b'"file"; filename="blob.bin"\r\n\r\n'

    def body() -> bytes:
        return begin + blob.read_bytes() + b"\r\n--x--\r\n"

    headers = {"Content-Type": FORM}
    answer = call("POST", "/sendMessage", key, headers=headers, data=body())
    assert answer.status_code == 200, answer.text
    sent: dict[str, str] = answer.json()
    return sent


def fetch(call: Call, key: str, sent: dict[str, str]) -> int:
    """The size of the file that comes back."""
    query = {"channelId": sent["channelId"], "messageId": sent["id"]}
    message = call("GET", "/fetchMessage", key, params=query).json()
    query["fileId"] = message["files"][0]["id"]
    with call("GET", "/fetchFile", key, params=query, stream=True) as answer:
        assert answer.status_code == 200, answer.text
        return sum(map(len, answer.iter_content(64 * 1024)))


class TestAnUpload:
    def test_of_a_stranger_is_refused_before_its_body_is_read(self, deployment: Deployment) -> None:
        reader = new_key(deployment, "reader", "messages:read")
        refused = {
            "": "key_missing",
            "nonsense": "key_malformed",
            reader: "scope_missing",
            new_key(deployment, "no files", "messages:write"): "scope_missing",
        }
        for key, reason in refused.items():
            answer = announce(deployment, key)

            body = json.loads(answer.body)
            assert (answer.status, body["reason"]) == (403, reason)
            assert answer.headers["x-request-id"] == body["requestId"]
            assert answer.headers["x-content-type-options"] == "nosniff"

    def test_over_the_limit_of_its_key_is_refused_likewise(self, deployment: Deployment) -> None:
        key = new_key(deployment, "slow", "messages:write", "files:write", per_minute=1)
        assert deployment.call("POST", "/sendMessage", key, json={}).status_code == 403

        answer = announce(deployment, key)

        assert (answer.status, json.loads(answer.body)["reason"]) == (429, "rate_limited")
        assert int(answer.headers["retry-after"]) > 0
        assert answer.headers["x-ratelimit-limit"] == "1"

    def test_counts_once(self, deployment: Deployment, blob: Path) -> None:
        key = new_key(deployment, "once", "messages:write", "files:write", per_minute=1)

        send(deployment.call, key, blob)

        answer = deployment.get("/keyInfo", key)
        assert answer.status_code == 429

    def test_over_50_mib_is_refused(self, deployment: Deployment, key: str) -> None:
        answer = announce(deployment, key, 50 * MIB + 1)

        assert (answer.status, json.loads(answer.body)["reason"]) == (413, "too_large")
        for path in ("/editMessage", "/pumble/hook", "/"):
            assert announce(deployment, key, 2 * MIB, path=path).status == 413

    def test_of_json_over_1_mib_is_refused(self, deployment: Deployment, key: str) -> None:
        answer = deployment.call("POST", "/sendMessage", key, json={"text": "x" * MIB})

        assert (answer.status_code, answer.json()["reason"]) == (413, "too_large")

    def test_of_small_json_asks_nobody_before(self, deployment: Deployment, key: str) -> None:
        answer = deployment.call("POST", "/sendMessage", key, json={"channel": "random", "text": "x"})

        assert answer.status_code == 200

    def test_is_one_of_two_at_once_of_an_address(self, deployment: Deployment, key: str) -> None:
        source = "127.0.0.21"
        open_ones = [wire.connect(deployment.https_port, deployment.certificate, source) for _ in range(2)]
        try:
            for connection in open_ones:
                connection.sendall(head(deployment, key, 40 * MIB) + b"--x")
            until = time.monotonic() + 5
            while (answer := announce(deployment, "", source=source)).status != 429:
                assert time.monotonic() < until
            assert json.loads(answer.body)["reason"] == "rate_limited"
            assert answer.headers["retry-after"] == "2"
            assert announce(deployment, "", source="127.0.0.22").status == 403
        finally:
            for connection in open_ones:
                connection.close()

    def test_check_is_closed_to_others(self, deployment: Deployment, key: str) -> None:
        answer = deployment.call("POST", "/internal/uploads/sendMessage", key)

        assert (answer.status_code, answer.json()["reason"]) == (404, "not_found")


class TestABody:
    """Straight to a portal, which may have another proxy before it."""

    def body(self) -> bytes:
        return (
            FENCE
            + b'"channel"\r\n\r\nrandom\r\n'
            + FENCE
            + b'"file"; filename="a.txt"\r\n\r\nhello\r\n--x--\r\n'
        )

    def post(
        self, deployment: Deployment, key: str, body: Any, content_type: str = FORM
    ) -> requests.Response:
        return deployment.b.call(
            "POST", "/sendMessage", key, headers={"Content-Type": content_type}, data=body
        )

    def test_may_come_in_chunks(self, deployment: Deployment, key: str) -> None:
        large = iter([FENCE, b'"file"; filename="a.bin"\r\n\r\n', *[bytes(MIB)] * 26, b"\r\n--x--"])

        assert self.post(deployment, key, iter([self.body()[:90], self.body()[90:]])).status_code == 200
        answer = self.post(deployment, key, large)
        assert (answer.status_code, answer.json()["reason"]) == (413, "too_large")

    def test_may_name_a_charset(self, deployment: Deployment, key: str) -> None:
        for content_type in (
            "multipart/form-data; charset=utf-8; boundary=x",
            'multipart/form-data; boundary="x"; charset="zlib"',
        ):
            assert self.post(deployment, key, self.body(), content_type).status_code == 200

    def test_over_50_mib_is_refused(self, deployment: Deployment, key: str) -> None:
        answer = self.post(deployment, key, bytes(50 * MIB + 1))

        assert (answer.status_code, answer.json()["error"]) == (413, "The request is larger than 50 MiB")

    def test_that_is_cut_in_the_middle_leaves_nothing(self, deployment: Deployment, key: str) -> None:
        before = deployment.get("/listMessages?channel=random&limit=1", key).json()
        with wire.connect(deployment.b.port) as connection:
            connection.sendall(head(deployment, key, 20 * MIB) + self.body()[:-20] + bytes(3 * MIB))
        uploads = Path(deployment.environment["FILE_UPLOAD_TEMP_DIR"])

        wait_for(lambda: not list(uploads.iterdir()), "the file is removed", 10)
        assert deployment.get("/listMessages?channel=random&limit=1", key).json() == before


class Memory:
    """The memory of a portal's processes while a block runs."""

    def __init__(self, portal: Portal) -> None:
        assert portal.process
        main = portal.process.pid
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        self._pids = [main, *map(int, children)]
        self._before = [self._read(pid, "VmRSS") for pid in self._pids]
        for pid in self._pids:
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins anew

    def growth(self) -> int:
        """By how many KiB a process grew at most."""
        peaks = [self._read(pid, "VmHWM") for pid in self._pids]
        return max(peak - before for peak, before in zip(peaks, self._before, strict=True))

    @staticmethod
    def _read(pid: int, name: str) -> int:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(name)).split()[1])


def through_the_front_door(deployment: Deployment, number: int) -> Call:
    """Calls of which two come from each address."""
    session = requests.Session()
    session.verify, session.trust_env = str(deployment.certificate), False
    session.mount("https://", SourceAddressAdapter(f"127.0.0.{31 + number // 2}"))

    def call(method: str, path: str, key: str, *, headers: Any = None, **options: Any) -> requests.Response:
        own = {"ApiKey": key} | (headers or {})
        return session.request(method, deployment.public_url + path, headers=own, timeout=60, **options)

    return call


class TestTheMemory:
    @pytest.mark.parametrize("way", ["direct", "front door"])
    def test_hardly_grows_with_four_files_at_once(
        self, deployment: Deployment, key: str, blob: Path, way: str
    ) -> None:
        portal = deployment.b if way == "direct" else deployment.a
        calls = [
            deployment.b.call if way == "direct" else through_the_front_door(deployment, number)
            for number in range(4)
        ]
        with ThreadPoolExecutor(len(calls)) as pool:

            def there_and_back() -> list[int]:
                sent = [*pool.map(lambda call: send(call, key, blob), calls)]
                return [*pool.map(lambda call, one: fetch(call, key, one), calls, sent)]

            there_and_back()  # modules and threads are there from now on
            memory = Memory(portal)
            sizes = there_and_back()

        assert sizes == [blob.stat().st_size] * 4
        assert memory.growth() < KIB_OF_GROWTH

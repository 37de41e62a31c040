"""Files with messages: `multipart/form-data` on the operations that send, and `fetchFile`."""

import io
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from keys import usage
from keys.models import RequestLog
from pumble_bridge import client, resilience
from pumble_bridge.client import PumbleClient
from tests import pumble
from tests.contract.conftest import Acme
from tests.contract.test_rights import key_of
from tests.contract.wire import Api, assert_legacy, assert_structured, success
from tests.pumble import Person

pytestmark = [pytest.mark.django_db(transaction=True)]

Part = tuple[str, tuple[str | None, bytes | str] | tuple[str | None, bytes | str, str]]
TEXT: Part = ("file", ("notes.txt", b"one\ntwo\n", "text/plain"))
PNG: Part = ("file", ("plan.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "image/png"))
MIB = 1024 * 1024


def form(api: Api, operation: str, *parts: Part, **fields: Any) -> requests.Response:
    """Send a form, as `curl -F` does."""
    url = f"{api.portal}/{operation}"
    return requests.post(url, data=fields, files=list(parts), headers=api.headers, timeout=30)


def raw(api: Api, body: bytes, content_type: str = "multipart/form-data; boundary=x") -> requests.Response:
    headers = api.headers | {"Content-Type": content_type}
    return requests.post(f"{api.portal}/sendMessage", data=body, headers=headers, timeout=30)


def part(head: str, content: bytes = b"data") -> bytes:
    return f"--x\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"


FIELDS = part('name="channel"', b"random") + part('name="text"', b"hi")
FILE = part('name="file"; filename="a.txt"')


def fetch(api: Api, sent: dict[str, str], number: int = 0) -> requests.Response:
    message = success(api.get("fetchMessage", channelId=sent["channelId"], messageId=sent["id"]))
    file_id = message["files"][number]["id"]
    return api.get("fetchFile", channelId=sent["channelId"], messageId=sent["id"], fileId=file_id)


@pytest.fixture
def random_channel(ana: Person) -> str:
    return pumble.channel(ana.workspace_id, "random")


@pytest.fixture
def nothing_is_posted(ana: Person, random_channel: str) -> Any:
    before = ana.screen(random_channel)["messages"]
    yield
    assert ana.screen(random_channel)["messages"] == before


@pytest.mark.both_databases
class TestAMessageWithFiles:
    def test_arrives_with_all_of_them(self, api: Api, ana: Person, random_channel: str) -> None:
        sent = success(form(api, "sendMessage", TEXT, PNG, channel="random", text="Report"))

        message = ana.screen(random_channel)["messages"][-1]
        assert (message["id"], message["text"]) == (sent["id"], "Report")
        assert [(file["name"], file["mimeType"], file["size"]) for file in message["files"]] == [
            ("notes.txt", "text/plain", 8),
            ("plan.png", "image/png", len(PNG[1][1])),
        ]
        assert [fetch(api, sent, number).content for number in (0, 1)] == [TEXT[1][1], PNG[1][1]]

    def test_may_be_a_reply_of_the_bot_or_direct(self, api: Api, acme: Acme) -> None:
        root = success(form(api, "sendMessage", TEXT, channel="random", asBot="true"))
        reply = success(
            form(api, "sendReply", TEXT, channel="random", messageId=root["id"], alsoSendToChannel="true")
        )
        direct = success(form(api, "dmUser", TEXT, email="ben@acme.test", text="for you"))
        group = success(form(api, "dmGroup", TEXT, userIds=[acme.people["dan"], acme.people["guy"]]))

        messages = [
            success(api.get("fetchMessage", channelId=sent["channelId"], messageId=sent["id"]))
            for sent in (root, reply, direct, group)
        ]
        assert [len(message["files"]) for message in messages] == [1, 1, 1, 1]
        assert messages[0]["author"] == acme.bot
        assert messages[1]["threadReplyInfo"]["replySentToChannel"] is True

    def test_keeps_the_name_of_a_file_as_data(self, api: Api) -> None:
        names = {
            "../../etc/passwd": "passwd",
            "C:\\docs\\größe.txt": "größe.txt",
            "📊 report 🎉.txt": "📊 report 🎉.txt",
            "تقرير.txt": "تقرير.txt",
            "evil\u202egpj.exe": "evilgpj.exe",
            'a"b;c=d.txt': 'a"b;c=d.txt',
            "x" * 251 + ".txt": "x" * 251 + ".txt",
        }
        parts = [("file", (name, b"x")) for name in names]
        sent = success(form(api, "sendMessage", *parts, channel="random", text="x"))

        message = success(api.get("fetchMessage", channelId=sent["channelId"], messageId=sent["id"]))
        dispositions = [
            fetch(api, sent, number).headers["Content-Disposition"] for number in range(len(names))
        ]

        # requests and the local Pumble leave %22 in a name, as browsers write a quotation mark.
        assert [file["name"].replace("%22", '"') for file in message["files"]] == [*names.values()]
        for disposition in dispositions:
            assert disposition.startswith("attachment; filename")
            assert disposition.isprintable()

    def test_takes_structured_fields_as_json(self, api: Api) -> None:
        blocks = ['[{"type": "rich_text", "elements": []}]', '{"type": "rich_text", "elements": []}']
        sent = success(form(api, "sendMessage", TEXT, channel="random", text="x", blocks=blocks))
        wrong = form(api, "sendMessage", TEXT, channel="random", text="x", blocks="[")

        message = success(api.get("fetchMessage", channelId=sent["channelId"], messageId=sent["id"]))
        assert [block["type"] for block in message["blocks"]] == ["rich_text", "rich_text"]
        assert wrong.json()["fields"] == {"blocks": ["must be JSON"]}

    def test_is_sent_once_with_an_idempotency_key(self, api: Api, ana: Person, random_channel: str) -> None:
        api.headers["Idempotency-Key"] = "report-of-today"
        before = len(ana.screen(random_channel)["messages"])

        first, again = (form(api, "sendMessage", TEXT, channel="random", text="x") for _ in range(2))
        others = [("notes.txt", b"one\ntwo!\n", "text/plain"), ("other.txt", *TEXT[1][1:])]
        conflicts = [
            form(api, "sendMessage", ("file", other), channel="random", text="x") for other in others
        ]

        assert success(first) == success(again)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert len(ana.screen(random_channel)["messages"]) == before + 1
        for conflict in conflicts:
            assert_legacy(conflict, "idempotency_conflict")

    @pytest.mark.usefixtures("nothing_is_posted")
    def test_is_only_described_in_a_dry_run(self, api: Api, random_channel: str) -> None:
        api.headers["Prefer"] = "handling=dry-run"
        steps = success(form(api, "sendMessage", TEXT, PNG, channel="random", text="x"))["wouldSend"]

        assert [step["path"] for step in steps] == [
            *["/v1/files/upload/token", "/upload/files", "/v1/files/upload/complete"] * 2,
            f"/v1/channels/{random_channel}/messages",
        ]
        assert steps[1]["body"] == {"file": "notes.txt", "type": "text/plain", "size": 8}
        assert not [call for call in pumble.api_calls() if "upload" in call["url"]]


@pytest.mark.usefixtures("nothing_is_posted")
class TestAFormIsRefused:
    def test_without_the_scope_of_files(self, ana: Person, portal: str) -> None:
        api = Api(portal, key_of(ana.email, scopes=["messages:write"]))

        answer = form(api, "sendMessage", TEXT, channel="random", text="x")

        assert_legacy(answer, "scope_missing", text="API key lacks the scope files:write")

    def test_with_a_part_that_is_wrong(self, api: Api) -> None:
        name_length = {"file": ["the name of a file must have 1 to 255 visible characters"]}
        no_file = {"file": ["must be a file: -F file=@report.pdf"]}
        cases: list[tuple[list[Part], dict[str, Any], dict[str, list[str]]]] = [
            ([("note", (None, "x"))], {"file": "report.pdf"}, no_file),
            ([TEXT, ("file", (None, "x"))], {}, no_file),
            ([("file", ("empty.txt", b""))], {}, {"file": ['"empty.txt" is empty']}),
            ([("report", TEXT[1])], {}, {"file": ['"report" is a file: name its part "file"']}),
            ([("file", ("x" * 300, b"x"))], {}, name_length),
            ([("file", ("..", b"x"))], {}, name_length),
            ([("file", ("dir/", b"x"))], {}, name_length),
            ([TEXT], {"asBot": "perhaps"}, {"asBot": ["Must be a valid boolean"]}),
            ([TEXT], {"text": ["a", "b"]}, {"text": ["was sent 2 times"]}),
            (
                [TEXT],
                {"text": "a" * 100_001},
                {"text": ["Ensure this field has no more than 100000 characters"]},
            ),
        ]
        for parts, fields, problem in cases:
            answer = form(api, "sendMessage", *parts, **({"channel": "random", "text": "x"} | fields))

            assert_structured(answer, "validation", 400000)
            assert answer.json()["fields"] == problem

    def test_whose_part_has_the_key_as_its_name_and_keeps_nothing_of_it(self, api: Api) -> None:
        key = api.headers["ApiKey"]

        answer = form(api, "sendMessage", (key, TEXT[1]), channel="random")

        assert_structured(answer, "validation", 400000)
        usage.recorder.flush()
        logged = RequestLog.objects.get()
        assert logged.hint == "fields:file"
        assert key not in answer.text

    def test_that_is_cut_short_or_malformed(self, api: Api) -> None:
        cases = {
            FIELDS + FILE: "ended early",
            FIELDS + FILE + b"--x": "ended early",
            FIELDS + FILE[:-10]: "ended early",
            b"--x--": "The form has no file",
            part('name="text"', b"hi") + b"--x--": "The form has no file",
            FIELDS + part("filename=a.txt") + FILE + b"--x--": "form could not be read",
            FIELDS + b"--x\r\n\r\nno head\r\n" + FILE + b"--x--": "form could not be read",
            part('name="text"', "größe".encode("latin-1")) + FILE + b"--x--": "not UTF-8",
        }
        for body, hint in cases.items():
            answer = raw(api, body)

            assert_legacy(answer, "validation")
            assert hint in answer.json()["hint"], body

    def test_whose_chunks_are_malformed(self, api: Api) -> None:
        class MalformedChunk(Exception):
            """As of gunicorn: no OSError."""

        class Body(io.RawIOBase):
            def read(self, _size: int = -1) -> bytes:
                raise MalformedChunk

        environ: Any = {"wsgi.input": Body(), "CONTENT_LENGTH": str(2 * MIB)}
        content_type = "multipart/form-data; boundary=x"
        answer = Client(headers=api.headers).generic("POST", "/sendMessage", b"x", content_type, **environ)

        assert (answer.status_code, answer.json()["reason"]) == (403, "validation")
        assert "ended early" in answer.json()["hint"]

    def test_without_a_boundary(self, api: Api) -> None:
        for content_type in ("multipart/form-data", "multipart/form-data; boundary=", "Multipart/Form-Data"):
            assert_legacy(raw(api, FIELDS + FILE + b"--x--", content_type), "validation")

    def test_with_the_content_type_of_json(self, api: Api) -> None:
        answer = raw(api, FIELDS + FILE + b"--x--", "application/json")

        assert_legacy(answer, "validation")
        assert "let the client write the Content-Type" in answer.json()["hint"]

    def test_over_a_limit(self, api: Api, settings: Settings) -> None:
        settings.MAX_FILE_BYTES, settings.MAX_UPLOAD_BYTES = 2 * MIB, 5 * MIB
        at_limit = ("file", ("a.bin", bytes(2 * MIB)))
        over = [("file", ("b.bin", bytes(2 * MIB + 1)))], [at_limit] * 3, [TEXT] * 11

        answers = [form(api, "sendMessage", *parts, channel="none", text="x") for parts in over]

        assert_legacy(answers[0], "too_large", 413, 'The file "b.bin" is larger than 2 MiB')
        assert_legacy(answers[1], "too_large", 413, "The request is larger than 50 MiB")
        assert_legacy(answers[2], "too_large", 413, "A message may have at most 10 files")
        within = form(api, "sendMessage", at_limit, at_limit, *[TEXT] * 8, channel="none", text="x")
        assert_legacy(within, "not_found")

    def test_by_an_operation_without_files(self, api: Api) -> None:
        answer = form(api, "editMessage", TEXT, channelId="x", messageId="x", text="x")

        assert_legacy(answer, "validation")
        assert answer.json()["hint"].startswith("The body is a form in several parts (multipart).")

    def test_leaves_no_file_behind(self, api: Api, settings: Settings, tmp_path: Path) -> None:
        settings.FILE_UPLOAD_TEMP_DIR = tmp_path
        form(api, "sendMessage", PNG, ("file", ("x.txt", b"")), channel="random", text="x")
        raw(api, FIELDS + FILE + part('name="file"; filename="b.txt"')[:-4])
        form(api, "sendMessage", PNG, channel="nowhere", text="x")

        until = time.monotonic() + 5  # a file is removed after the answer was sent
        while list(tmp_path.iterdir()) and time.monotonic() < until:
            time.sleep(0.01)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("nothing_is_posted")
class TestAFailedUpload:
    def fail(self, api: Api, fault: str, match: str = "POST /upload/files") -> requests.Response:
        """Send two files, of which the second one fails."""
        api.headers["Idempotency-Key"] = "two files"
        good = {"match": match, "do": "delay:0", "times": 1}
        pumble.faults(good, {"match": match, "do": fault, "times": 1})
        return form(api, "sendMessage", TEXT, PNG, channel="random", text="x")

    def test_says_which_file_and_that_nothing_was_posted(self, api: Api) -> None:
        token, host, complete = "/v1/files/upload/token", "/upload/files", "/v1/files/upload/complete"
        for fault, path, reason, status in (
            ("status:400", token, "validation", 403),
            ("status:403", host, "forbidden_by_pumble", 403),
            ("status:401", host, "forbidden_by_pumble", 403),
            ("status:500", host, "pumble_unavailable", 502),
            ("redirect", host, "pumble_unavailable", 502),
            ("garbage", host, "pumble_unavailable", 502),
            ("drop", host, "pumble_unavailable", 502),
            ("rate_limit:7", complete, "pumble_rate_limited", 429),
        ):
            answer = self.fail(api, fault, f"POST {path}")

            body = answer.json()
            assert (answer.status_code, body["reason"]) == (status, reason), fault
            text = body.get("error") or body["message"]
            assert text.endswith('. The file "plan.png" was not uploaded, and no message was sent')

    def test_of_a_host_that_hangs_ends_at_the_deadline(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(client, "FILE_TIMEOUT", 1.5)
        began = time.monotonic()

        answer = self.fail(api, "delay:5")

        assert (answer.status_code, answer.json()["reason"]) == (504, "pumble_timeout")
        assert time.monotonic() - began < 4

    def test_can_be_repeated_with_the_same_idempotency_key(self, api: Api) -> None:
        api.headers["Prefer"] = "handling=dry-run"
        self.fail(api, "status:500")

        assert success(form(api, "sendMessage", TEXT, PNG, channel="random", text="x"))["dryRun"]


class TestUploadsThatHang:
    def test_leave_all_other_calls_alone(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(client, "FILE_TIMEOUT", 2.0)
        monkeypatch.setattr(resilience, "SLOT_TIMEOUT", 0.3)
        slots = settings.FILE_THREADS
        pumble.faults({"match": "POST /upload/files", "do": "delay:5", "times": slots})
        with ThreadPoolExecutor(slots) as pool:
            hanging = [
                pool.submit(form, api, "sendMessage", TEXT, channel="random", text="x") for _ in range(slots)
            ]
            until = time.monotonic() + 2
            while sum("/upload/files" in call["url"] for call in pumble.api_calls()) < slots:
                assert time.monotonic() < until

            crowded = form(api, "sendMessage", TEXT, channel="random", text="x")
            other = api.post("sendMessage", {"channel": "random", "text": "x"})

        assert_legacy(crowded, "pumble_unavailable", 503)
        assert crowded.headers["Retry-After"] == "1"
        assert success(other)
        assert [answer.result().status_code for answer in hanging] == [504] * slots


class TestAMessageThatMayHaveArrived:
    def test_is_not_repeated(self, api: Api, ana: Person, random_channel: str) -> None:
        api.headers["Idempotency-Key"] = "once"
        pumble.faults({"match": "POST /v1/channels/*/messages", "do": "lose", "times": 1})

        first, second = (form(api, "sendMessage", TEXT, channel="random", text="lost") for _ in range(2))

        assert (first.status_code, first.json()["error"]) == (502, "Pumble is not available")
        assert_legacy(second, "idempotency_unknown")
        assert ana.screen(random_channel)["messages"][-1]["text"] == "lost"


class TestFetchFile:
    def test_never_gives_a_browser_something_to_run(self, api: Api) -> None:
        shown = {name: name for name in ("image/png", "application/pdf", "text/plain")}
        hidden = dict.fromkeys(("text/html", "image/svg+xml", "text/javascript"), "application/octet-stream")
        types = shown | hidden
        parts = [("file", ("page.html", b"<script>alert(1)</script>", name)) for name in types]
        sent = success(form(api, "sendMessage", *parts, channel="random", text="x"))

        answers = [fetch(api, sent, number) for number in range(len(types))]

        assert [answer.headers["Content-Type"] for answer in answers] == [*types.values()]
        for answer in answers:
            assert answer.headers["Content-Disposition"] == 'attachment; filename="page.html"'
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Content-Length"] == "25"
            assert answer.headers["X-RateLimit-Limit"] == "1000"

    def test_needs_the_rights_to_the_message(self, api: Api, ana: Person, ben: Person, portal: str) -> None:
        sent = success(form(api, "sendMessage", TEXT, channel="random", text="x"))
        message = success(api.get("fetchMessage", channelId=sent["channelId"], messageId=sent["id"]))
        query = {
            "channelId": sent["channelId"],
            "messageId": sent["id"],
            "fileId": message["files"][0]["id"],
        }
        writer = Api(portal, key_of(ana.email, scopes=["messages:write", "files:write"]))
        elsewhere = pumble.channel(ana.workspace_id, "general")

        assert success_bytes(api.get("fetchFile", **query)) == TEXT[1][1]
        assert_legacy(writer.get("fetchFile", **query), "scope_missing")
        assert_structured(api.get("fetchFile", **query | {"fileId": "0" * 24}), "not_found", 404100)
        assert_structured(api.get("fetchFile", **query | {"channelId": elsewhere}), "not_found", 404100)
        assert_structured(api.get("fetchFile", **query | {"fileId": "../x"}), "validation", 400000)
        assert api.send("HEAD", "fetchFile", query=query).content == b""

    def test_says_what_pumble_says(self, api: Api) -> None:
        sent = success(form(api, "sendMessage", TEXT, channel="random", text="x"))
        for fault, reason, status in (
            ("status:404", "not_found", 403),
            ("status:401", "forbidden_by_pumble", 403),
            ("status:503", "pumble_unavailable", 502),
            ("rate_limit:3", "pumble_rate_limited", 429),
            ("redirect", "pumble_unavailable", 502),
        ):
            pumble.faults({"match": "GET /files/**", "do": fault, "times": 1})

            answer = fetch(api, sent)

            assert (answer.status_code, answer.json()["reason"]) == (status, reason), fault
        assert success_bytes(fetch(api, sent)) == TEXT[1][1]  # the authorization of the owner is still good

    def test_repeats_a_download_whose_connection_broke(self, api: Api) -> None:
        sent = success(form(api, "sendMessage", TEXT, channel="random", text="x"))
        pumble.faults({"match": "GET /files/**", "do": "drop", "times": 1})

        assert success_bytes(fetch(api, sent)) == TEXT[1][1]

    def test_refuses_a_file_over_the_limit(self, api: Api, settings: Settings) -> None:
        sent = success(form(api, "sendMessage", PNG, channel="random", text="x"))
        settings.MAX_FILE_BYTES = 1000

        assert_legacy(fetch(api, sent), "too_large", 413)

    def test_follows_no_address_of_another_host(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        """A token must not go to a host that somebody wrote into a message."""
        sent = success(form(api, "sendMessage", TEXT, channel="random", text="x"))
        real = PumbleClient.get_message
        changes: list[Callable[[str], Any]] = [
            lambda path: path.replace("127.0.0.1", "files.example.com"),
            lambda path: path.replace("127.0.0.1", "localhost"),
            lambda path: path.replace("http://", "https://"),
            lambda path: path.replace("http://", "http://files.pumble.com@"),
            lambda path: path.replace("http://", "http://user:secret@"),
            lambda path: path.replace("http:", "file:"),
            lambda path: path.replace("http:", ""),
            lambda path: path.partition("/files")[2],
            lambda path: path + "\u00e9",
            lambda path: path + " HTTP/1.1",
            lambda _path: "http://[::1",
            lambda _path: None,
            lambda path: {"url": path},
        ]
        for change in changes:

            def get_message(self: PumbleClient, *args: str, change: Any = change) -> Any:
                message = real(self, *args)
                for file in message["files"]:
                    file["path"] = change(file["path"])
                return message

            monkeypatch.setattr(PumbleClient, "get_message", get_message)

            answer = fetch(api, sent)

            assert (answer.status_code, answer.json()["reason"]) == (502, "pumble_unavailable")
        assert not [call for call in pumble.api_calls() if call["url"].startswith("/files/")]


def success_bytes(answer: requests.Response) -> bytes:
    assert answer.status_code == 200, answer.text
    return answer.content


class TestTheCheckOfAnUpload:
    @pytest.mark.parametrize("length", ["9" * 5000, "٣" * 20, "-1", ""])
    def test_takes_any_length(self, api: Api, length: str) -> None:
        headers = api.headers | {"X-Upload-Length": length.encode().decode("latin-1")}

        answer = requests.post(f"{api.portal}/internal/uploads/sendMessage", headers=headers, timeout=10)

        assert answer.headers.get("X-Refusal-Status", "204") in {"204", "413"}

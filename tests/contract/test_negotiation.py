"""Media types, methods and sizes: the response is always the contract's JSON, never REST framework's."""

import json
from typing import Any, cast

import pytest
from django.http import HttpResponse
from rest_framework.test import APIClient

from tests.contract.conftest import Acme
from tests.contract.wire import JSON, METHODS, issue

pytestmark = pytest.mark.django_db(transaction=True)

READS = [operation for operation, method in METHODS.items() if method == "GET"]
MIB = 1024 * 1024
ACCEPTED = [
    "text/html",
    "application/xml",
    "application/json; version=2",
    "application/json; indent=4",
    "image/*",
    "*/*;q=0",
    "nonsense",
    ";;,/,=",
    "a/" + "b" * 8000,
    "ñ",
]
FORMATS = ["json", "xml", "api", "admin", "html", "", "../../etc/passwd", "\N{NO-BREAK SPACE}"]
CONTENT_TYPES = [
    "",
    "application/json",
    "application/json; charset=utf-16",
    "application/json; charset=rot13",
    "application/json; charset=",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "multipart/mixed; boundary=" + "x" * 200,
    "text/plain",
    "application/xml",
    "application/octet-stream",
    "image/png",
    "nonsense",
    ";;=,/",
    "a/" + "b" * 8000,
]


class Caller:
    """A key's calls in this process, through every middleware."""

    def __init__(self, key: str) -> None:
        self.client = APIClient(headers={"Host": "127.0.0.1", "ApiKey": key})

    def send(
        self, operation: str, body: Any = b"", query: str = "", method: str = "", **more: Any
    ) -> HttpResponse:
        path = f"/{operation}?{query}" if query else f"/{operation}"
        answer = self.client.generic(method or METHODS[operation], path, body, **more)
        return cast(HttpResponse, answer)


@pytest.fixture
def caller(portal: str) -> Caller:
    return Caller(issue("ana@acme.test"))


def content_of(answer: HttpResponse) -> tuple[int, str, Any]:
    """Everything that the client reads, but for the request's own id and a cursor, which is encrypted anew each time."""
    body = json.loads(answer.content)
    return (
        answer.status_code,
        answer["Content-Type"],
        body
        if isinstance(body, list)
        else body | {"requestId": "", "help": ""} | ({"cursor": ""} if "cursor" in body else {}),
    )


@pytest.mark.parametrize("operation", METHODS)
class TestEveryOperation:
    def test_answers_the_same_whatever_is_accepted(self, caller: Caller, operation: str) -> None:
        usual = content_of(caller.send(operation))

        for accepted in ACCEPTED:
            assert content_of(caller.send(operation, headers={"Accept": accepted})) == usual, accepted
        assert usual[1] == JSON

    def test_takes_format_for_an_unknown_field(self, caller: Caller, operation: str) -> None:
        usual = content_of(caller.send(operation))

        for name in FORMATS:
            status, kind, body = content_of(caller.send(operation, query=f"format={name}"))
            # Where fields are missing, the hint says that some were sent in the query.
            assert (status, kind) == usual[:2], name
            if isinstance(body, dict):
                body, expected = body | {"hint": ""}, usual[2] | {"hint": ""}
                assert body == expected, name

    def test_refuses_options_as_it_does_every_other_method(self, caller: Caller, operation: str) -> None:
        stranger = Caller("nonsense")
        for who in (caller, stranger):
            for method in ("OPTIONS", "PROPFIND", "TRACE"):
                answer = who.send(operation, method=method, headers={"Access-Control-Request-Method": "POST"})
                status, kind, body = content_of(answer)
                assert (status, kind, body["reason"]) == (405, JSON, "method_not_allowed")
                assert set(body) == {"error", "reason", "requestId", "help"}
                assert answer["Allow"] == METHODS[operation]

    def test_answers_head_where_it_reads_and_nowhere_else(self, caller: Caller, operation: str) -> None:
        answer = caller.send(operation, method="HEAD")

        assert answer.content == b""
        if operation in READS:
            assert answer.status_code == caller.send(operation).status_code
            assert answer["Content-Type"] == JSON
            assert "X-RateLimit-Remaining" in answer
        else:
            assert (answer.status_code, answer["Allow"]) == (405, METHODS[operation])

    def test_reads_json_whatever_type_the_body_has(self, caller: Caller, operation: str) -> None:
        for body in (
            b"{}",
            b"{",
            b"a=b",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--',
        ):
            usual = content_of(caller.send(operation, body, content_type="application/json"))
            for kind in CONTENT_TYPES:
                status, shape, answer = content_of(caller.send(operation, body, content_type=kind))
                assert (status, shape) == usual[:2], (body, kind)
                if isinstance(answer, dict):
                    assert answer | {"hint": ""} == usual[2] | {"hint": ""}, (body, kind)

    def test_reads_no_more_than_a_thousand_fields_of_a_query(self, caller: Caller, operation: str) -> None:
        usual = content_of(caller.send(operation))

        for name in ("a", "channel", "ApiKey"):
            many = "&".join(f"{name}{n}=x" for n in range(2000))
            status, kind, body = content_of(caller.send(operation, query=many))
            if METHODS[operation] == "POST":
                assert (status, kind) == usual[:2]
            else:
                assert (status, kind, body["reason"]) == (403, JSON, "validation")
                assert set(body) - {"hint"} == {"error", "reason", "requestId", "help"}

    def test_refuses_ten_mebibytes_by_itself(self, caller: Caller, operation: str) -> None:
        """Also behind a server in front of which nothing measures bodies."""
        if METHODS[operation] == "GET":
            return  # reads no body
        status, kind, body = content_of(caller.send(operation, b"{" + b" " * 10 * MIB + b"}"))

        assert (status, kind, body["reason"]) == (413, JSON, "too_large")


def test_a_dry_run_and_a_repeated_write_are_the_same_json_whatever_is_accepted(
    caller: Caller, acme: Acme
) -> None:
    body = json.dumps({"channelId": acme.channels["general"], "text": "hello"}).encode()
    html = {"Accept": "text/html", "Content-Type": "text/html"}
    rehearsed = caller.send("sendMessage", body, headers=html | {"Prefer": "handling=dry-run"})
    first, second = (
        caller.send("sendMessage", body, headers=html | {"Idempotency-Key": "negotiation-1"})
        for _ in range(2)
    )

    assert {answer["Content-Type"] for answer in (rehearsed, first, second)} == {JSON}
    assert rehearsed["Preference-Applied"] == "handling=dry-run"
    assert second["Idempotency-Replayed"] == "true"
    assert first.content == second.content

"""Hints: what is wrong with a request that cannot be read, and what to send instead."""

import codecs
import gzip
import json
import zlib
from typing import Any

import pytest
import requests
from django.utils import translation

from keys import usage
from keys.models import RequestLog
from pumble_bridge import hints
from pumble_bridge.hints import Hint
from pumble_bridge.outcomes import Outcome
from tests.contract.calls import fetch
from tests.contract.wire import Api, assert_legacy, assert_structured, success

pytestmark = pytest.mark.django_db(transaction=True)

SENT = '{"channel": "general", "text": "geheim ü"}'
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\ngeheim\r\n--x--\r\n'
UNREADABLE: dict[str, tuple[bytes, Hint]] = {
    "Latin-1": (SENT.encode("latin-1"), Hint.NOT_UTF_8),
    "Windows-1252": (SENT.replace("ü", "“").encode("cp1252"), Hint.NOT_UTF_8),
    "a character cut in its middle": (SENT.encode()[:-3], Hint.NOT_UTF_8),
    "UTF-16": (SENT.encode("utf-16"), Hint.UTF_16),
    "UTF-16 without a mark": (SENT.encode("utf-16-le"), Hint.UTF_16),
    "UTF-16, the other way around": (SENT.encode("utf-16-be"), Hint.UTF_16),
    "UTF-32": (SENT.encode("utf-32"), Hint.UTF_16),
    "cmd.exe's quotes": (f"'{SENT}'".encode(), Hint.QUOTED_BY_SHELL),
    "cmd.exe's first word": (b"'{text:", Hint.QUOTED_BY_SHELL),
    "single quotes": (b"{'channel': 'general', 'text': 'geheim'}", Hint.SINGLE_QUOTES),
    "one name in single quotes": (b"""{"channel": "general", 'text': "it's"}""", Hint.SINGLE_QUOTES),
    "a trailing comma": (b'{"channel": "general", "text": "geheim",}', Hint.TRAILING_COMMA),
    "a trailing comma in a list": (b'{"emails": ["a,]", "b",\n], "text": "x"}', Hint.TRAILING_COMMA),
    "a form": (b"channel=general&text=geheim", Hint.FORM),
    "a form of one field": (b"text=geheim", Hint.FORM),
    "Slack's form": (b"payload=%7B%22text%22%3A%22geheim%22%7D", Hint.FORM),
    "multipart": (MULTIPART, Hint.MULTIPART),
    "gzip": (gzip.compress(SENT.encode()), Hint.PACKED),
    "zlib": (zlib.compress(SENT.encode()), Hint.PACKED),
    "a zip file": (b"PK\x03\x04" + bytes(26) + b"body.json", Hint.PACKED),
    "a number": (b"5", Hint.NUMBER),
    "a fraction": (b"-1.5e3", Hint.NUMBER),
    "an array": (b"[]", Hint.ARRAY),
    "an object in an array": (f"[{SENT}]".encode(), Hint.ARRAY),
    "a text": (b'"geheim"', Hint.TEXT),
    "JSON in a text": (json.dumps(SENT).encode(), Hint.DOUBLE_ENCODED),
    "null": (b"null", Hint.VALUE),
    "true": (b"true", Hint.VALUE),
    "blanks": (b" \r\n\t ", Hint.EMPTY),
    "a name without quotes": (b"{channel: general, text: geheim}", Hint.UNQUOTED_NAME),
    "a name without quotes among others": (b'{"channel": "general", text: "geheim"}', Hint.UNQUOTED_NAME),
    "quotes of a word processor": ("{“text”: “geheim”}".encode(), Hint.TYPOGRAPHIC_QUOTES),
    "quotes of another language": ("{„text“: «geheim»}".encode(), Hint.TYPOGRAPHIC_QUOTES),
    "a comment": (b'{"text": "geheim" // of us\n}', Hint.COMMENT),
    "a comment between": (b'{/* of us */ "text": "http://geheim"}', Hint.COMMENT),
    "Python's words": (b'{"text": "geheim", "asBot": True}', Hint.LITERAL),
    "no number": (b'{"text": "geheim", "limit": NaN}', Hint.LITERAL),
    "a raw line break": (b'{"text": "geheim\nhidden"}', Hint.CONTROL_CHARACTER),
    "a raw tab": (b'{"text": "geheim\thidden"}', Hint.CONTROL_CHARACTER),
    "a path of Windows": (rb'{"text": "C:\geheim"}', Hint.BACKSLASH),
    "an escaped quote of a shell": (rb'{"text": "it\'s geheim"}', Hint.BACKSLASH),
    "a NUL": (rb'{"text": "geheim\u0000"}', Hint.CHARACTERS),
    "half a pair": (rb'{"text": "geheim\ud83d"}', Hint.CHARACTERS),
    "a missing bracket": (b'{"channel": "general", "text": "geheim"', Hint.UNCLOSED),
    "a missing quotation mark": (b'{"channel": "general", "text": "geheim', Hint.UNCLOSED),
    "two objects": (b'{"text": "geheim"}\n{"text": "geheim"}', Hint.SEVERAL),
    "a bracket too many": (b'{"text": {"a": "geheim"}}}', Hint.SEVERAL),
    "a file's name": (b"@geheim.json", Hint.FILE_NAME),
    "a file's place": (rb"C:\me\geheim.json", Hint.FILE_NAME),
    "XML": (b"<message>geheim</message>", Hint.MARKUP),
    "HTML": (b"<!doctype html><p>geheim", Hint.MARKUP),
    "percent-encoded JSON": (b"%7B%22text%22%3A%22geheim%22%7D", Hint.PERCENT_ENCODED),
    "an endless number": (b'{"limit": 1e999}', Hint.NUMBER_TOO_LARGE),
    "forty levels": (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", Hint.TOO_DEEP),
    "words": (b"hello geheim", Hint.NOT_JSON),
    "YAML": (b"channel: general\ntext: geheim\n", Hint.NOT_JSON),
}  # fmt: skip


def assert_hint(answer: requests.Response, hint: Hint) -> None:
    assert answer.json()["hint"] == hints.english(hint)
    assert "geheim" not in answer.text


class TestAnUnreadableBody:
    @pytest.mark.parametrize("name", UNREADABLE)
    def test_is_told_what_it_was(self, api: Api, name: str) -> None:
        raw, hint = UNREADABLE[name]

        answer = api.post("sendMessage", raw=raw)

        assert_legacy(answer, "validation", text="Invalid request parameters")
        assert_hint(answer, hint)

    @pytest.mark.parametrize(
        ("headers", "raw", "hint"),
        [
            ({"Content-Type": "multipart/form-data; boundary=y"}, b"--y--", Hint.FORM_WITHOUT_FILE),
            ({"Content-Encoding": "br"}, b"\x0b\x02\x80", Hint.PACKED),
            ({"Content-Encoding": "deflate"}, b"\xcbHM\xcfH\xcd\x05\x00", Hint.PACKED),
            ({"Content-Type": "application/x-www-form-urlencoded"}, b"text=geheim", Hint.FORM),
        ],
    )
    def test_is_known_by_its_headers_too(
        self, api: Api, headers: dict[str, str], raw: bytes, hint: Hint
    ) -> None:
        url = f"{api.portal}/sendMessage"

        assert_hint(requests.post(url, raw, headers=api.headers | headers, timeout=10), hint)

    @pytest.mark.parametrize("language", ["es", "de"])
    def test_is_told_in_english_whatever_the_client_reads(self, api: Api, language: str) -> None:
        headers = api.headers | {"Accept-Language": language}
        answer = requests.post(f"{api.portal}/sendMessage", b"text=x", headers=headers, timeout=10)

        assert answer.json()["hint"].startswith("The body is a form. Send JSON: {")

    @pytest.mark.parametrize("count", [1, 8, 64])
    def test_of_any_size_is_looked_at_quickly(self, api: Api, count: int) -> None:
        for piece in (b'"', b'\\"', b"{", b", ", b"x=", b"{x ", b"'", b"//"):
            raw = b"{" + piece * (count * 16_000 // len(piece))
            assert api.post("sendMessage", raw=raw).elapsed.total_seconds() < 2


class TestABodyThatIsFine:
    @pytest.mark.parametrize(
        ("raw", "headers"),
        [
            (codecs.BOM_UTF8 + SENT.encode(), {}),
            (b"\r\n " + SENT.encode() + b"\n", {}),
            (SENT.encode(), {"Content-Type": "application/x-www-form-urlencoded"}),
            (SENT.encode(), {"Content-Type": "multipart/form-data; boundary=x"}),
            (SENT.encode(), {"Content-Encoding": "gzip"}),
            (SENT.encode(), {"Content-Type": "application/json; charset=utf-16"}),
        ],
        ids=["a BOM", "blanks around", "called a form", "called multipart", "called packed", "called UTF-16"],
    )
    def test_is_taken_whatever_it_is_called(self, api: Api, raw: bytes, headers: dict[str, str]) -> None:
        answer = requests.post(f"{api.portal}/sendMessage", raw, headers=api.headers | headers, timeout=10)

        assert fetch(api, success(answer))["text"] == "geheim ü"

    def test_is_no_body_where_it_is_nothing_but_a_bom(self, api: Api) -> None:
        assert_hint(api.post("sendMessage", raw=codecs.BOM_UTF8), Hint.EMPTY)


class TestFieldsInTheWrongPlace:
    def test_are_told_to_go_into_the_body_of_a_post(self, api: Api) -> None:
        answer = api.send("POST", "sendMessage", query={"channel": "general", "text": "geheim"}, raw=b"")

        assert_structured(answer, "validation", 400000, "[must not be null]")
        assert_hint(answer, Hint.FIELDS_IN_QUERY)

    def test_are_told_to_go_into_the_query_of_a_get(self, api: Api) -> None:
        answer = api.send("GET", "listMessages", raw=b'{"channel": "general"}')

        assert_structured(answer, "validation", 400000, "[must not be null]")
        assert_hint(answer, Hint.FIELDS_IN_BODY)

    def test_are_where_they_belong_when_only_one_is_missing(self, api: Api) -> None:
        assert "hint" not in api.post("sendMessage", {"channel": "general"}).json()
        assert "hint" not in api.delete("deleteMessage", channel="general").json()


class TestASearch:
    @pytest.mark.parametrize(
        ("criteria", "hint"),
        [
            ({"limit": 5}, Hint.CRITERION_MISSING),
            ({"text": " "}, Hint.CRITERION_MISSING),
            ({"from": ["geheim"]}, Hint.CRITERION_UNKNOWN),
            ({"in": ["geheim"]}, Hint.CRITERION_UNKNOWN),
        ],
    )
    def test_says_what_its_criteria_lack(self, api: Api, criteria: dict[str, Any], hint: Hint) -> None:
        answer = api.post("searchMessages", criteria)

        assert_legacy(answer, "validation", text="Invalid request parameters")
        assert_hint(answer, hint)


class TestAHostThatIsNotOurs:
    @pytest.mark.parametrize("host", ["keys.elsewhere.test", "evil.test:80", "a b", "", "[::1", "127.0.0.1."])
    def test_is_told_the_address(self, api: Api, host: str, capfd: pytest.CaptureFixture[str]) -> None:
        answer = requests.get(f"{api.portal}/myInfo", headers=api.headers | {"Host": host}, timeout=10)

        if answer.status_code != 200:  # the test server knows some of these as its own
            assert_legacy(answer, "validation", text="Invalid request parameters")
            assert_hint(answer, Hint.HOST)
        output = capfd.readouterr().err
        assert "Traceback" not in output
        assert "ERROR" not in output


class TestFields:
    @pytest.mark.parametrize(
        ("operation", "data", "fields"),
        [
            ("sendMessage", {"channel": "general"}, {"text": ["must not be null"]}),
            (
                "sendMessage",
                {"text": "x"},
                {
                    "channelId": ["must not be null unless channel is given"],
                    "channel": ["must not be null unless channelId is given"],
                },
            ),
            (
                "editScheduledMessage",
                {"text": "x"},
                {name: ["must not be null"] for name in ("scheduledMessageId", "channelId", "sendAt")},
            ),
            (
                "createChannel",
                {"name": "x", "type": "X"},
                {"type": ["Allowed values are PUBLIC|PRIVATE"]},
            ),
            ("addUsersToChannel", {"channelId": "0" * 24, "userIds": ["x", "y"]}, {"userIds": ["must be an id"]}),
            (
                "createScheduledMessage",
                {"channelId": "0" * 24, "text": "x", "sendAt": 9 * 10**12, "recurrence": {"endDate": "x"}},
                {"recurrence.recurrenceType": ["must not be null"], "recurrence.endDate": ["must be a number"]},
            ),
            ("listMessages", {"channel": "general", "limit": 0}, {"limit": ["must be greater than 0"]}),
            (
                "listMessages",
                {"channel": "general", "cursor": "1772442000"},
                {"cursor": ["cursor must be epoch milliseconds, and this looks like seconds: multiply it by 1000"]},
            ),
        ],
    )  # fmt: skip
    def test_are_named_beside_the_contracts_text(
        self, api: Api, operation: str, data: dict[str, Any], fields: dict[str, list[str]]
    ) -> None:
        body = api.call(operation, data).json()

        assert body["fields"] == fields
        assert body["message"][0] + body["message"][-1] == "[]"

    def test_are_named_of_a_header_too(self, api: Api) -> None:
        headers = api.headers | {"Idempotency-Key": "ä".encode("latin-1").decode("latin-1") * 3}
        answer = requests.post(f"{api.portal}/sendMessage", SENT.encode(), headers=headers, timeout=10)

        assert set(answer.json()["fields"]) == {"Idempotency-Key"}


class TestWhy:
    def explanation(self, answer: requests.Response, language: str = "en") -> str:
        usage.recorder.flush()
        call = RequestLog.objects.get(request_id=answer.headers["X-Request-Id"])
        assert "geheim" not in str(vars(call))
        with translation.override(language):
            return Outcome(call.outcome, call.hint).explanation

    def test_repeats_the_hint_in_the_language_of_the_person(self, api: Api) -> None:
        answer = api.post("sendMessage", raw=b"text=geheim")

        assert answer.json()["hint"] in self.explanation(answer)
        assert "El cuerpo es un formulario. Envía JSON:" in self.explanation(answer, "es")

    def test_names_the_fields(self, api: Api) -> None:
        answer = api.post("createScheduledMessage", {"text": "geheim", "sendAt": "geheim"})

        assert "These fields were missing or wrong: channelId, sendAt." in self.explanation(answer)
        assert "Estos campos faltaban o estaban mal: channelId, sendAt." in self.explanation(answer, "es")

    @pytest.mark.parametrize("stored", ["", "of a later version", "fields:"])
    def test_says_what_it_can_where_the_log_says_nothing(self, stored: str) -> None:
        assert Outcome("validation", stored).explanation

    @pytest.mark.parametrize("language", ["en", "es"])
    def test_has_a_text_for_every_kind(self, language: str) -> None:
        with translation.override(language):
            texts = [hints.text(hint) for hint in Hint]

        assert len(set(texts)) == len(Hint)
        assert all(len(text) < 260 for text in texts)


def test_the_log_keeps_as_many_names_of_fields_as_it_has_room_for() -> None:
    kept = hints.for_fields([f"field{number}" for number in range(100)])

    assert len(kept) <= hints.MAX_STORED_LENGTH
    assert kept.startswith("fields:field0,field1,")
    assert hints.for_fields([]) == hints.for_fields(["x" * 200]) == ""

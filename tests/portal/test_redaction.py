"""Secrets are removed from the log, whatever their source and form."""

import io
import json
import logging
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from hypothesis import given
from hypothesis import strategies as st

from keys import key_format
from portal.logging import ConsoleFormatter, JsonFormatter
from portal.logging import request_id as logged_request_id
from portal.redaction import redact
from tests.conftest import NOW

SECRET = "s3cr3tValue-0123.abc"
SIGNATURE = "0f" * 32

SPELT = [
    "Authorization: Bearer {}",
    "authorization: {}",
    "{{'Authorization': 'Basic {}'}}",
    '{{"ApiKey": "{}", "Accept": "*/*"}}',
    "{{'HTTP_API_KEY': '{}'}}",
    "X-API-Key={}",
    "Cookie: language=en; __Host-sessionid={}; theme=dark",
    "{{b'Cookie': b'a=b; c={}'}}",
    "Set-Cookie: sessionid={}; Path=/; HttpOnly",
    "('token', '{}')",
    "{{'token': '{}', 'x-app-token': '{}'}}",
    "x-app-token: {}",
    '{{\\"accessToken\\": \\"{}\\"}}',
    "botToken={}",
    "client-secret={}",
    "password='{}'",
    "csrfmiddlewaretoken={}&name=x",
    "https://keys.example.com/pumble/redirect?code={}&state=x",
    "GET /pumble/redirect?state=y&code={} HTTP/1.1",
    "/sendMessage?anything={}",
    "code={}",
    "state={}",
    "'code': '{}'",
    "postgres://portal:{}@db/portal",
    "redis://:{}@cache:6379/0",
    "Invalid header value b'{}\\n'",
]


class TestRedaction:
    @pytest.mark.parametrize("text", SPELT)
    def test_removes_a_secret_by_its_position(self, text: str) -> None:
        said = redact(f"before {text.format(*[SECRET] * text.count('{}'))} after")

        assert SECRET not in said
        assert said.startswith("before ")

    def test_removes_keys_and_signatures_anywhere(self) -> None:
        key = key_format.generate()

        said = redact(f"x{key.text}y {SIGNATURE}, {quote(key.text).replace('_', '%255F')}")

        assert key.text[17:] not in said
        assert SIGNATURE not in said
        assert key.key_id in said

    @pytest.mark.parametrize(
        "secret",
        [
            settings.SECRET_KEY,
            settings.TOKEN_ENCRYPTION_KEYS[0],
            settings.PUMBLE_APP_CLIENT_SECRET,
            settings.PUMBLE_APP_SIGNING_SECRETS[0],
            settings.PUMBLE_APP_KEY,
        ],
        ids=["key", "encryption", "client", "signing", "app"],
    )
    def test_removes_the_installations_own_secrets_anywhere(self, secret: str) -> None:
        for spelt in (secret, quote(secret, safe=""), json.dumps(secret), f"x{secret}x"):
            assert secret not in redact(f"a {spelt} b")
            assert spelt.strip('"') not in redact(f"a {spelt} b")

    @pytest.mark.parametrize(
        "innocent",
        [
            "request",
            "signature stale",
            "GET /v1/channels/{id}/messages",
            "key pmb_0123456789ab",
            "29132ceeff881f47ee660c94",
            "Tokens re-encrypted under the newest key: 3",
            "oauth.state_refused",
            "What next? See https://example.com/a/b",
            "ana@acme.test",
        ],
    )
    def test_leaves_harmless_text_unchanged(self, innocent: str) -> None:
        assert redact(innocent) == innocent

    @given(st.text(max_size=300))
    def test_never_fails_and_finds_nothing_more_the_second_time(self, text: str) -> None:
        once = redact(text)

        assert redact(once) == once

    @pytest.mark.parametrize(
        "part",
        ["/", "?", "'", "a", "token", "token:", "cookie'", "://", "pmb_", "pmb_a_", "code=", "0f", "%5F"],
    )
    def test_takes_time_linear_in_the_length(self, part: str) -> None:
        began = time.process_time()

        redact("?'" + part * 20_000 + " token")

        assert time.process_time() - began < 1


@pytest.fixture(params=[JsonFormatter, ConsoleFormatter])
def lines(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request.param())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


class TestALine:
    def test_of_a_library_has_no_secret_in_message_extra_or_trace(self, lines: io.StringIO) -> None:
        def fail() -> None:
            try:
                fail_first(f"Authorization: Bearer {SECRET}")
            except ValueError as error:
                raise RuntimeError(f"while calling https://x.test/?token={SECRET}") from error

        def fail_first(why: str) -> None:
            raise ValueError(why)

        try:
            fail()
        except RuntimeError:
            logging.getLogger("a.library").exception(
                "failed with %r", {"ApiKey": SECRET}, extra={"headers": {"token": SECRET}, "cookie": SECRET}
            )

        assert SECRET not in lines.getvalue()
        assert "while calling" in lines.getvalue()
        assert "ValueError" in lines.getvalue()

    def test_does_not_show_what_variables_held(self, lines: io.StringIO) -> None:
        def fail(held: str) -> None:
            raise RuntimeError("nothing of it")

        try:
            fail("".join(reversed(SECRET)))
        except RuntimeError:
            logging.getLogger("x").exception("failed")

        assert SECRET[::-1] not in lines.getvalue()

    def test_says_to_which_request_it_belongs(self, lines: io.StringIO) -> None:
        outer = logged_request_id.set("trace-00001")
        logging.getLogger("x").warning("happened")
        logged_request_id.reset(outer)
        logging.getLogger("x").warning("elsewhere")

        first, second = lines.getvalue().splitlines()
        assert "trace-00001" in first
        assert "trace-00001" not in second

    @pytest.mark.parametrize(
        "broken", ["a\nb", "a\r\nb", "a\x1b[31mb", "a\u2028b", "a\x00b", "a\x7fb", "\ud800"]
    )
    def test_stays_one_line_whatever_it_says(self, lines: io.StringIO, broken: str) -> None:
        logging.getLogger("x").warning(broken, extra={"what": broken, "number": 3})

        assert len(lines.getvalue().splitlines()) == 1
        assert lines.getvalue()[:-1].isprintable()

    def test_keeps_numbers_numbers(self) -> None:
        record = logging.makeLogRecord({"msg": "token: x", "duration_ms": 3, "ok": True, "nothing": None})

        line: dict[str, Any] = json.loads(JsonFormatter().format(record))

        assert (line["duration_ms"], line["ok"], line["nothing"]) == (3, True, None)


class TestRepr:
    def test_of_what_holds_a_secret_does_not_show_it(self) -> None:
        from keys.membership import Profile
        from portal.environment import Secrets
        from pumble_bridge.client import PumbleClient
        from pumble_bridge.oauth import Grant

        secrets = Secrets(SECRET, {1: SECRET.encode()}, [SECRET], "id", SECRET, SECRET, [SECRET])

        assert SECRET not in repr(secrets)
        assert SECRET not in repr(PumbleClient(SECRET))
        profile = Profile("person", "Ana", "ana@acme.test", "OWNER", is_active=True)
        grant = Grant("workspace", "Acme", profile, SECRET, "bot", SECRET)
        assert repr(grant) == "Grant(workspace workspace, member person)"
        key = key_format.generate()
        assert key.text not in repr(key)


class TestARow:
    """What a row calls itself stands in traces and on pages of errors."""

    # By these one finds it; none of them says who somebody is, or opens anything.
    TELLING = {
        "pumble_id",
        "channel_id",
        "username",
        "key_id",
        "name",
        "mark",
        "purpose",
        "type",
        "kind",
        "state",
        "operation",
        "outcome",
    }

    def row_of(self, model: type[models.Model]) -> models.Model:
        """Unsaved, with its own name in each field."""
        row = model()
        for field in model._meta.concrete_fields:
            related = field.related_model
            if related is not None and related is not model:
                setattr(row, field.name, self.row_of(related))
            elif isinstance(field, models.DateTimeField):
                setattr(row, field.name, NOW)
            elif isinstance(
                field, models.CharField | models.TextField | models.BinaryField | models.JSONField
            ):
                setattr(row, field.name, f"<{field.name}>")
        return row

    @pytest.mark.parametrize("room", ["keys", "pumble_bridge"])
    def test_calls_itself_by_nothing_that_is_secret_or_personal(self, room: str) -> None:
        for model in apps.get_app_config(room).get_models():
            said = str(self.row_of(model))

            assert set(re.findall("<([a-z_]+)>", said)) <= self.TELLING, said
            assert " object (" not in said

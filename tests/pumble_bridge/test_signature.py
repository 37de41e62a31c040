import hashlib
import hmac
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumble_bridge.hooks import signature
from tests.conftest import NOW

SECRETS = ["newest", "older"]
BODY = b'{"messageType":"SLASH_COMMAND"}'


def sign(timestamp: str, body: bytes = BODY, secret: str = "newest") -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()


def milliseconds(offset: timedelta = timedelta(0)) -> str:
    return str(int((NOW + offset).timestamp() * 1000))


def refusal(body: bytes, timestamp: str, signed: str, secrets: list[str] | None = None) -> str | None:
    try:
        signature.verify(body, timestamp=timestamp, signature=signed, secrets=secrets or SECRETS, now=NOW)
    except signature.InvalidSignature as error:
        return error.code
    return None


class TestVerify:
    @pytest.mark.parametrize("secret", SECRETS)
    def test_accepts_what_pumble_signs_under_the_newest_and_an_older_secret(self, secret: str) -> None:
        at = milliseconds()

        assert refusal(BODY, at, sign(at, secret=secret)) is None

    def test_accepts_a_timestamp_in_seconds(self) -> None:
        at = str(int(NOW.timestamp()))

        assert refusal(BODY, at, sign(at)) is None

    @pytest.mark.parametrize("edge", [-300, 300])
    def test_accepts_five_minutes_to_either_side_and_no_more(self, edge: int) -> None:
        inside = milliseconds(timedelta(seconds=edge))
        beyond = milliseconds(timedelta(seconds=edge + (1 if edge > 0 else -1)))

        assert refusal(BODY, inside, sign(inside)) is None
        assert refusal(BODY, beyond, sign(beyond)) == "stale"

    @pytest.mark.parametrize(("timestamp", "signed"), [("", "a" * 64), ("1" * 13, ""), ("", "")])
    def test_refuses_a_missing_header(self, timestamp: str, signed: str) -> None:
        assert refusal(BODY, timestamp, signed) == "missing"

    @pytest.mark.parametrize(
        "timestamp", ["1" * 12, "1" * 14, "-" + "1" * 12, "١" * 13, "1" * 12 + "\n", "2026-12-31"]
    )
    def test_refuses_a_timestamp_of_another_format(self, timestamp: str) -> None:
        assert refusal(BODY, timestamp, sign(timestamp)) == "malformed"

    def test_refuses_upper_case_hex_and_two_signatures_in_one_header(self) -> None:
        at = milliseconds()

        assert refusal(BODY, at, sign(at).upper()) == "malformed"
        assert refusal(BODY, at, f"{sign(at)},{sign(at)}") == "malformed"

    def test_refuses_a_boundary_moved_between_timestamp_and_body(self) -> None:
        body = b'000:{"a":1}'
        moved = sign("1" * 10, body)

        assert refusal(b'{"a":1}', "1" * 10 + ":000", moved) == "malformed"

    def test_never_matches_an_empty_secret(self) -> None:
        at = milliseconds()

        assert refusal(BODY, at, sign(at, secret=""), secrets=[""]) == "mismatch"

    @given(st.binary(max_size=50), st.text(max_size=20), st.text(max_size=70))
    def test_only_ever_refuses(self, body: bytes, timestamp: str, signed: str) -> None:
        assert refusal(body, timestamp, signed) in {"missing", "malformed", "mismatch"}

    @given(st.integers(min_value=0, max_value=len(BODY) - 1), st.integers(min_value=1, max_value=255))
    def test_refuses_any_flipped_byte(self, at: int, mask: int) -> None:
        timestamp = milliseconds()
        changed = BODY[:at] + bytes([BODY[at] ^ mask]) + BODY[at + 1 :]

        assert refusal(changed, timestamp, sign(timestamp)) == "mismatch"

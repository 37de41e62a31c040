import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumble_bridge import strict_json
from pumble_bridge.hooks import payloads
from pumble_bridge.strict_json import InvalidJson

LIMIT = 10_000
texts = st.text(st.characters(blacklist_characters="\x00", blacklist_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


class TestRead:
    @given(values)
    def test_returns_what_was_written(self, value: object) -> None:
        assert strict_json.loads(json.dumps(value).encode(), limit=LIMIT) == value

    @given(st.binary(max_size=300))
    def test_refuses_or_reads_any_bytes(self, raw: bytes) -> None:
        try:
            strict_json.loads(raw, limit=LIMIT)
        except InvalidJson as error:
            assert str(error)

    @pytest.mark.parametrize(
        ("raw", "why"),
        [
            (b"", "not JSON"),
            (b"{", "not JSON"),
            (b'{"a":NaN}', "not JSON"),
            (b'{"a":-Infinity}', "not JSON"),
            (b"1e999", "out of range"),
            (b"1" * 5000, "out of range"),
            (b'"\\u0000"', "characters that are no text"),
            (b'{"\\u0000":1}', "characters that are no text"),
            (b'{"\\ud800":1}', "not JSON"),
            (b'"\\udc00"', "not JSON"),
            (b'"\xff"', "not UTF-8"),
            ("{}".encode("utf-16"), "not JSON"),
            (b"\xef\xbb\xbf{}", "not JSON"),
            (b"[" * 33 + b"]" * 33, "nested too deeply"),
            (b"[" * 4000 + b"]" * 4000, "nested too deeply"),
            (b" " * (LIMIT + 1), "too long"),
        ],
    )
    def test_says_what_is_wrong(self, raw: bytes, why: str) -> None:
        with pytest.raises(InvalidJson, match=why):
            strict_json.loads(raw, limit=LIMIT)

    def test_reads_a_text_that_spells_the_escape_of_a_nul(self) -> None:
        value = {"text": r"\u0000 ends a string in C", "of": [1, None, {r"\u0000": r"\\u0000"}]}

        assert strict_json.loads(json.dumps(value).encode(), limit=LIMIT) == value

    def test_finds_a_nul_behind_everything_else(self) -> None:
        value = {"texts": ["a", 1, None, {"b": ["c", "\0"]}]}

        with pytest.raises(InvalidJson, match="characters that are no text"):
            strict_json.loads(json.dumps(value).encode(), limit=LIMIT)

    @given(
        st.integers(28, 36),
        st.sampled_from(['"', "\\", "]", "}", "[", '\\"]', '"]"[', '{"a":', ""]),
        st.booleans(),
    )
    def test_counts_levels_and_not_what_looks_like_them(self, levels: int, text: str, objects: bool) -> None:
        value: object = text
        for _ in range(levels):
            value = {text: value, "other": text} if objects else [text, text, value, text]
        raw = json.dumps(value).encode()

        if levels <= strict_json.MAX_DEPTH:
            assert strict_json.loads(raw, limit=10 * LIMIT) == value
        else:
            with pytest.raises(InvalidJson, match="nested too deeply"):
                strict_json.loads(raw, limit=10 * LIMIT)

    @pytest.mark.parametrize("raw", [b"[]", b"1", b'"x"', b"null", b"true"])
    def test_requires_an_object(self, raw: bytes) -> None:
        with pytest.raises(InvalidJson, match="not an object"):
            strict_json.loads_object(raw, limit=LIMIT)


class TestPayloads:
    @given(values)
    def test_become_a_dataclass_or_a_clean_refusal(self, value: object) -> None:
        try:
            payloads.parse(json.dumps(value).encode())
        except payloads.InvalidPayload as error:
            assert str(error)

    @given(
        st.fixed_dictionaries(
            {"messageType": st.sampled_from(["SLASH_COMMAND", "APP_EVENT", "PUMBLE_EVENT", "X", None])},
            optional=dict.fromkeys(
                [
                    "slashCommand",
                    "text",
                    "userId",
                    "channelId",
                    "workspaceId",
                    "triggerId",
                    "threadRootId",
                    "eventType",
                    "body",
                    "workspaceUserIds",
                ],
                values,
            ),
        )
    )
    def test_check_every_field(self, hook: dict[str, object]) -> None:
        try:
            payloads.parse(json.dumps(hook).encode())
        except payloads.InvalidPayload as error:
            assert str(error)

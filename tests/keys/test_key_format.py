import re
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from keys import key_format
from keys.audit import Actor, Surface
from keys.exceptions import KeyMalformed, KeyUnknown
from tests.authentication import check
from tests.conftest import NOW

API = Actor(None, Surface.API)
key_texts = st.builds(lambda: key_format.generate().text)
positions = st.integers(min_value=0, max_value=54)


def assert_refused_unasked(text: str) -> None:
    """Refused as malformed, and the database was not asked: without access to one, a query would raise."""
    with pytest.raises(KeyMalformed):
        check(text.encode(), by=API, now=NOW)


class TestAnIssuedKey:
    @given(key_texts)
    def test_parses_to_itself_and_names_its_row(self, text: str) -> None:
        parsed = key_format.parse(text.encode())

        assert parsed is not None
        assert (parsed.text, parsed.key_id) == (text, text[4:16])

    @given(key_texts)
    def test_is_one_word_to_a_double_click(self, text: str) -> None:
        assert re.fullmatch(r"pmb_\w{12}_\w{38}", text, re.ASCII)

    @given(key_texts, positions, st.characters(min_codepoint=1, max_codepoint=0x2FF))
    def test_is_refused_with_any_one_character_changed(self, text: str, at: int, other: str) -> None:
        changed = text[:at] + other + text[at + 1 :]

        if changed != text:
            assert_refused_unasked(changed)

    @given(key_texts, positions)
    def test_is_refused_when_cut(self, text: str, at: int) -> None:
        assert_refused_unasked(text[:at])
        assert_refused_unasked(text[at + 1 :])
        assert_refused_unasked(text[:at] + text[at + 1 :])

    @given(key_texts, st.integers(min_value=0, max_value=53))
    def test_is_refused_with_neighbours_swapped(self, text: str, at: int) -> None:
        swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]

        if swapped != text:
            assert_refused_unasked(swapped)

    def test_shows_its_secret_in_no_repr(self) -> None:
        key = key_format.generate()

        assert key.text[17:] not in repr(key)
        assert key.text[17:] not in str(key)


class TestParse:
    @given(st.binary(max_size=200))
    def test_never_raises(self, raw: bytes) -> None:
        assert key_format.parse(raw) is None

    @given(st.binary(max_size=80))
    def test_takes_nothing_around_a_key(self, noise: bytes) -> None:
        key = key_format.generate().text.encode()

        assert key_format.parse(noise + key + noise) is None or noise == b""


class TestFindIn:
    def test_finds_every_key_in_a_text_and_only_real_ones(self) -> None:
        first, second = key_format.generate(), key_format.generate()
        fake = first.text[:-1] + ("0" if first.text[-1] != "0" else "1")

        keys = key_format.find_in(f"old «{first.text}», new:{second.text}; fake {fake}")

        assert [key.text for key in keys] == [first.text, second.text]


class TestRedact:
    @given(st.text(max_size=30), st.text(max_size=30))
    def test_leaves_no_secret_behind(self, before: str, after: str) -> None:
        key = key_format.generate()

        assert key.text[17:49] not in key_format.redact(before + key.text + after)

    @pytest.mark.parametrize("around", ["/pmb_{}", "pmb_pmb_{}", "{0}_{0}", "/%ff{}"])
    def test_is_not_led_astray_by_what_stands_around(self, around: str) -> None:
        key = key_format.generate().text

        for text in (key, key.replace("_", "%5F"), key.replace("_", "%255f")):
            assert key[17:49] not in key_format.redact(around.format(text))


@pytest.mark.django_db
class TestAKnownForm:
    def test_costs_one_query_to_refuse(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sent, execute = [], psycopg.Cursor.execute

        def note(cursor: Any, query: Any, *values: Any, **options: Any) -> Any:
            sent.append(query)  # on PostgreSQL, also what goes past Django
            return execute(cursor, query, *values, **options)

        monkeypatch.setattr(psycopg.Cursor, "execute", note)
        with CaptureQueriesContext(connection) as queries, pytest.raises(KeyUnknown):
            check(key_format.generate().text.encode(), by=API, now=NOW)

        assert len(sent or queries) == 1

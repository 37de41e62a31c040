import logging

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from pumble_bridge import tokens

ROW = {"workspace_id": "a" * 24, "user_id": "1" * 24}


class TestTokens:
    def test_open_under_a_newer_key_as_long_as_the_old_one_is_kept(self, settings: Settings) -> None:
        stored = tokens.encrypt("secret-token", **ROW, kind="access")
        settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.TOKEN_ENCRYPTION_KEYS]

        assert b"secret-token" not in stored
        assert tokens.decrypt(stored, **ROW, kind="access") == "secret-token"

    @pytest.mark.parametrize("other", [{"workspace_id": "b" * 24}, {"user_id": "2" * 24}])
    def test_do_not_open_in_another_row(
        self, other: dict[str, str], caplog: pytest.LogCaptureFixture
    ) -> None:
        stored = tokens.encrypt("secret-token", **ROW, kind="access")

        assert tokens.decrypt(stored, **(ROW | other), kind="access") is None
        assert tokens.decrypt(stored, **ROW, kind="bot") is None
        assert {record.levelno for record in caplog.records} == {logging.ERROR}

    def test_that_are_damaged_or_foreign_are_none_and_an_error_in_the_log(
        self, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        stored = tokens.encrypt("secret-token", **ROW, kind="access")
        settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

        assert tokens.decrypt(stored, **ROW, kind="access") is None
        assert tokens.decrypt(b"nonsense", **ROW, kind="access") is None
        assert [record.message for record in caplog.records] == ["token.unreadable"] * 2

"""Rotation of the installation's secrets during calls: add the new one, keep the old one, remove it."""

import io
import json
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from pytest_django import Settings

from keys.models import ApiKey, AuditEvent
from tests.contract.wire import Api, assert_legacy, issue

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


def rotate() -> dict[str, Any]:
    out = io.StringIO()
    call_command("rotate_secrets", "--json", stdout=out)
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


def test_a_new_pepper_refuses_nobody_until_the_old_one_is_dropped(portal: str, settings: Settings) -> None:
    used, unused = (Api(portal, issue("ana@acme.test", "user:read")) for _ in range(2))
    [(old, pepper)] = settings.KEY_PEPPERS.items()
    new = old + 1

    settings.KEY_PEPPERS = {new: b"0123456789" * 4, old: pepper}
    for _time in range(2):
        assert used.get("myInfo").status_code == 200
    made_meanwhile = Api(portal, issue("ana@acme.test", "user:read"))
    assert rotate()["keysOnOlderPeppers"] == {str(old): 1}

    settings.KEY_PEPPERS = {new: b"0123456789" * 4}
    assert used.get("myInfo").status_code == 200
    assert made_meanwhile.get("myInfo").status_code == 200
    assert_legacy(unused.get("myInfo"), "key_unknown")
    assert rotate()["peppersMissing"] == [old]
    assert AuditEvent.objects.filter(type="key.rehashed").count() == 1
    assert set(ApiKey.objects.values_list("pepper_number", flat=True)) == {old, new}


def test_a_new_encryption_key_keeps_all_tokens_usable_and_the_old_one_can_go(
    portal: str, settings: Settings
) -> None:
    api = Api(portal, issue("ana@acme.test", "user:read", "messages:write"))
    message = {"channel": "general", "text": "as the bot", "asBot": True}
    old, new = settings.TOKEN_ENCRYPTION_KEYS, Fernet.generate_key().decode()

    settings.TOKEN_ENCRYPTION_KEYS = [new, *old]
    assert api.get("myInfo").status_code == 200
    assert rotate()["tokensUnreadable"] == 0

    settings.TOKEN_ENCRYPTION_KEYS = [new]
    assert api.get("myInfo").status_code == 200
    assert api.post("sendMessage", message).status_code == 200
    settings.TOKEN_ENCRYPTION_KEYS = old
    assert_legacy(api.get("myInfo"), "owner_not_authorized")
    events = AuditEvent.objects.filter(type="secrets.rotated")
    assert {event.workspace.name if event.workspace else "" for event in events} == {"", "Acme"}
    assert new not in json.dumps([event.detail for event in events])

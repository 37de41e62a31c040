"""Listeners hear of what happened once it is sure, and can do no harm."""

import io

import pytest
from django.db import transaction

from keys import audit, lifecycle, notify
from keys.models import ApiKey, AuditEvent, Member
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)


class Heard:
    def __init__(self) -> None:
        self.types: list[str] = []

    def happened(self, event: AuditEvent) -> None:
        self.types.append(event.type)


class Deaf:
    def happened(self, event: AuditEvent) -> None:
        raise RuntimeError("cannot listen")


@pytest.fixture(autouse=True)
def nobody_else_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "_listeners", [])


def issue(alice: Member) -> ApiKey:
    by = audit.Actor(alice, audit.Surface.WEB)
    return lifecycle.issue(owner=alice, name="ci", by=by, now=NOW)[0]


class TestAListener:
    def test_hears_of_a_change_once_however_often_it_asked(self, alice: Member) -> None:
        heard = Heard()
        notify.listen(heard)
        notify.listen(heard)

        issue(alice)

        assert heard.types == ["key.issued"]

    def test_hears_nothing_of_a_change_that_was_taken_back(self, alice: Member) -> None:
        heard = Heard()
        notify.listen(heard)

        with transaction.atomic():
            issue(alice)
            transaction.set_rollback(True)

        assert not AuditEvent.objects.exists()
        assert heard.types == []

    def test_that_fails_fails_neither_the_change_nor_the_other_listeners(
        self, alice: Member, log_lines: io.StringIO
    ) -> None:
        heard = Heard()
        notify.listen(Deaf())
        notify.listen(heard)

        key = issue(alice)

        assert ApiKey.objects.filter(pk=key.pk).exists()
        assert heard.types == ["key.issued"]
        assert "notify.failed" in log_lines.getvalue()

"""Receivers hear of what happened once it is sure, and can do no harm."""

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from django.db import transaction

from keys import audit, lifecycle
from keys.models import ApiKey, AuditEvent, Member
from keys.signals import audit_event_recorded
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def connected(receiver: Any) -> Iterator[None]:
    audit_event_recorded.connect(receiver)
    yield
    audit_event_recorded.disconnect(receiver)


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """The types of the events that a receiver heard of."""
    types: list[str] = []

    def hear(event: AuditEvent, **_signal: Any) -> None:
        types.append(event.type)

    with connected(hear):
        yield types


def issue(alice: Member) -> ApiKey:
    by = audit.Actor(alice, audit.Surface.WEB)
    return lifecycle.issue(owner=alice, name="ci", by=by, now=NOW)[0]


class TestAReceiver:
    def test_hears_of_a_change_once(self, alice: Member, heard: list[str]) -> None:
        issue(alice)

        assert heard == ["key.issued"]

    def test_hears_nothing_of_a_change_that_was_taken_back(self, alice: Member, heard: list[str]) -> None:
        with transaction.atomic():
            issue(alice)
            transaction.set_rollback(True)

        assert not AuditEvent.objects.exists()
        assert heard == []

    def test_that_fails_fails_neither_the_change_nor_other_receivers(
        self, alice: Member, log_lines: io.StringIO
    ) -> None:
        heard: list[str] = []

        def fail(**_signal: Any) -> None:
            raise RuntimeError("out of order")

        def hear(event: AuditEvent, **_signal: Any) -> None:
            heard.append(event.type)

        with ExitStack() as receivers:
            receivers.enter_context(connected(fail))
            receivers.enter_context(connected(hear))
            key = issue(alice)

        assert ApiKey.objects.filter(pk=key.pk).exists()
        assert heard == ["key.issued"]
        assert "out of order" in log_lines.getvalue()

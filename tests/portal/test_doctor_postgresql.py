"""What doctor finds in PostgreSQL alone."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from portal.doctor import database
from portal.doctor.findings import Status

if connection.vendor != "postgresql":
    pytest.skip("there is no PostgreSQL", allow_module_level=True)

pytestmark = pytest.mark.django_db


def problems() -> list[str]:
    return [finding.check for finding in database.check() if finding.status is not Status.OK]


def test_finds_nothing_in_a_good_server() -> None:
    assert problems() == []


def test_names_a_pool_that_is_larger_than_the_server(settings: Settings) -> None:
    settings.WORKERS = 10

    assert problems() == ["database.connections"]


def test_names_a_clock_that_is_ahead() -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=10), tick=True):
        assert problems() == ["database.clock"]


def test_names_a_server_that_accepts_no_changes() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL default_transaction_read_only = on")

    assert problems() == ["database.writes"]

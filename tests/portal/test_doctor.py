"""doctor against an installation in which all is well, and against one fault at a time."""

import contextlib
import io
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import redis
import requests
import time_machine
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from pytest_django import Settings

from keys.ip_networks import parse_network
from keys.models import Member, Workspace
from portal.doctor import areas, disk, probe
from portal.doctor.findings import Finding, Status
from pumble_bridge import http, installations, oauth
from pumble_bridge.models import Installation, MaintenanceRun
from tests import pumble
from tests.environment import PROJECT, free_port
from tests.portal import front_door
from tests.portal.dashboard import make_key
from tests.portal.front_door import FrontDoor
from tests.pumble import Person

MIB = 1024 * 1024


@pytest.fixture
def healthy(portal: str, settings: Settings) -> str:
    """An installation in which all is well: the portal's URL."""
    settings.PUBLIC_URL = portal
    MaintenanceRun.record(every=60, failed=[], now=timezone.now())
    assert problems() == {}
    return portal


@pytest.fixture
def door(
    healthy: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FrontDoor]:
    """The same behind a proxy with TLS."""
    settings.TRUSTED_PROXIES = [parse_network("127.0.0.1")]
    with trusting(tmp_path, monkeypatch), front_door.running(healthy, tmp_path) as running:
        settings.PUBLIC_URL = running.url
        yield running


@contextlib.contextmanager
def trusting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Trust the certificate in the folder."""
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "fullchain.pem"))
    http._adapter.cache_clear()
    try:
        yield
    finally:
        http._adapter.cache_clear()


def problems() -> dict[str, str]:
    """Run doctor, and return what is not ok: check and text. No text has a secret."""
    found: list[Finding] = list(areas.run())
    said = json.dumps(
        [finding.to_dict() for finding in found] + [finding.to_row() for finding in found], default=str
    )
    for secret in configured_secrets():
        assert secret not in said
    return {finding.check: finding.text for finding in found if finding.status is not Status.OK}


def configured_secrets() -> list[str]:
    from portal.redaction import _own_secrets

    _own_secrets.cache_clear()
    return list(_own_secrets())


class TestDoctor:
    def test_finds_nothing_behind_a_good_proxy(self, door: FrontDoor) -> None:
        assert problems() == {}

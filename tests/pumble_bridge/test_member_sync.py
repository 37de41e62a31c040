"""Members are updated from Pumble's list even if events were lost."""

import io
import json
import os
import subprocess
import sys
from typing import Any

import pytest
import redis
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from keys.models import ApiKey, AuditEvent, Member
from pumble_bridge import member_sync
from pumble_bridge.models import HomeTab
from tests import pumble
from tests.environment import PROJECT
from tests.pumble import Person
from tests.pumble_bridge.received import new_key

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def clocks_are_known(ben: Person) -> None:
    """The first update stores the time zones, which the members of the tests do not have."""
    member_sync.sync_members(timezone.now())
    cache.clear()


def cache_in(url: str) -> dict[str, Any]:
    """The caches of a process with this Redis, as a start reads them from the environment."""
    command = [sys.executable, "-c", "import json, portal.settings as s; print(json.dumps(s.CACHES))"]
    environment = os.environ | {"REDIS_URL": url}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
    return {
        name: one | {"LOCATION": one.get("LOCATION", name)} for name, one in json.loads(done.stdout).items()
    }


def test_a_missed_role_change_is_updated(ben: Person) -> None:
    Member.objects.filter(email=ben.email).update(role="USER", name="Somebody")

    assert member_sync.sync_members(timezone.now()) == 1

    member = Member.objects.get(email=ben.email)
    assert (member.role, member.name) == ("ADMINISTRATOR", ben.name)
    assert AuditEvent.objects.get(type="member.role_changed").detail == {
        "before": "USER",
        "after": "ADMINISTRATOR",
    }


def test_a_missed_time_zone_is_updated_and_shown_in_the_home_tab(ben: Person) -> None:
    Member.objects.filter(email=ben.email).update(time_zone="", time_format=None)

    assert member_sync.sync_members(timezone.now()) == 1

    member = Member.objects.get(email=ben.email)
    assert (member.time_zone, member.time_format) == ("Europe/Belgrade", 24)
    assert HomeTab.objects.filter(member=member, version__gt=F("published_version")).exists()


def test_a_missed_deactivation_ends_the_keys(ben: Person) -> None:
    key, _plaintext = new_key(ben)
    pumble.act("deactivate", userId=ben.id)
    pumble.settle(at_least=1)
    Member.objects.filter(email=ben.email).update(is_active=True)
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=None, revoked_reason="")

    member_sync.sync_members(timezone.now())

    key.refresh_from_db()
    assert key.revoked_reason == "DEACTIVATED"


def test_users_are_listed_once_an_hour_and_a_failure_changes_nothing(ben: Person) -> None:
    Member.objects.filter(email=ben.email).update(role="USER")
    pumble.faults({"match": "GET /v1/workspaceUsers", "do": "status:500", "times": 1})

    assert member_sync.sync_members(timezone.now()) == 0
    assert member_sync.sync_members(timezone.now()) == 0
    cache.clear()
    assert member_sync.sync_members(timezone.now()) == 1


class TestWithRedis:
    def test_users_are_listed_once_an_hour_by_all_processes_together(
        self, ben: Person, settings: Settings, redis_url: str
    ) -> None:
        redis.Redis.from_url(redis_url).flushall()
        settings.CACHES = cache_in(redis_url)
        member_sync.sync_members(timezone.now())
        Member.objects.filter(email=ben.email).update(role="USER")

        settings.CACHES = cache_in(redis_url)  # as another process begins
        assert member_sync.sync_members(timezone.now()) == 0
        redis.Redis.from_url(redis_url).flushall()
        assert member_sync.sync_members(timezone.now()) == 1

    def test_away_each_process_lists_for_itself(self, ben: Person, settings: Settings) -> None:
        settings.CACHES = cache_in("redis://127.0.0.1:1/0")
        Member.objects.filter(email=ben.email).update(role="USER")

        assert member_sync.sync_members(timezone.now()) == 1
        Member.objects.filter(email=ben.email).update(role="USER")
        assert member_sync.sync_members(timezone.now()) == 0


def test_without_a_readable_token_no_member_changes(
    ben: Person, settings: Settings, log_lines: io.StringIO
) -> None:
    Member.objects.filter(email=ben.email).update(role="USER")
    settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    assert member_sync.sync_members(timezone.now()) == 0

    assert Member.objects.get(email=ben.email).role == "USER"
    assert "token.unreadable" in log_lines.getvalue()

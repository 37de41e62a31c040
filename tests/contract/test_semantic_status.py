"""`API_STATUS=semantic` changes only the status of an error."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from keys import key_format
from keys.models import ApiKey, Member, Workspace
from tests import pumble
from tests.contract.wire import Api, issue, success

pytestmark = pytest.mark.django_db(transaction=True)

STRANGE_ID = "f" * 24
Step = Callable[[Api], requests.Response]


def of_another_key(key: str) -> Step:
    return lambda api: Api(api.portal, key).get("myInfo")


def unknown_key(api: Api) -> requests.Response:
    return Api(api.portal, key_format.generate().text).get("myInfo")


def expired_key(api: Api) -> requests.Response:
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(days=1))
    return api.get("myInfo")


def revoked_key(api: Api) -> requests.Response:
    call_command("revoke_key", ApiKey.objects.get().key_id, "--reason=test", stdout=io.StringIO())
    return api.get("myInfo")


def without_the_app(api: Api) -> requests.Response:
    Workspace.objects.update(installed_at=None)
    return api.get("myInfo")


def narrow_key(api: Api) -> requests.Response:
    return Api(api.portal, issue("ana@acme.test", "messages:read")).get("myInfo")


def fault(do: str) -> Step:
    def step(api: Api) -> requests.Response:
        pumble.faults({"match": "GET /v1/workspaceUsers/*", "do": do, "times": 1})
        return api.get("myInfo")

    return step


def token_rejected(api: Api) -> requests.Response:
    Member.objects.update(authorized_at=timezone.now())  # again, where it was ended
    return fault("status:401")(api)


def not_ones_own(api: Api) -> requests.Response:
    (first,) = api.get("listMessages", channel="general", limit=1).json()["messages"]
    ben_api = Api(api.portal, issue("ben@acme.test"))
    sent = ben_api.post("sendMessage", {"channel": "general", "text": "x"}).json()
    assert sent["id"] != first["id"]
    return api.post("editMessage", {"channelId": sent["channelId"], "messageId": sent["id"], "text": "y"})


REASONS: dict[str, tuple[str, int, int, Step]] = {
    "no key": ("key_missing", 403, 401, of_another_key("")),
    "malformed key": ("key_malformed", 403, 401, of_another_key("nonsense")),
    "unknown key": ("key_unknown", 403, 401, unknown_key),
    "expired key": ("key_expired", 403, 401, expired_key),
    "revoked key": ("key_revoked", 403, 401, revoked_key),
    "app gone": ("owner_not_authorized", 403, 403, without_the_app),
    "token rejected": ("owner_not_authorized", 403, 403, token_rejected),
    "scope missing": ("scope_missing", 403, 403, narrow_key),
    "bot outside": ("bot_not_in_channel", 403, 403, lambda api: api.get("listMessages", channel="board")),
    "not one's own": ("forbidden_by_pumble", 403, 403, not_ones_own),
    "unknown channel": ("not_found", 403, 404, lambda api: api.get("getChannel", channel="nowhere")),
    "unknown message": (
        "not_found",
        403,
        404,
        lambda api: api.get("fetchMessage", channel="general", messageId=STRANGE_ID),
    ),
    "unknown scheduled message": (
        "not_found",
        403,
        404,
        lambda api: api.delete("deleteScheduledMessage", scheduledMessageId=STRANGE_ID),
    ),
    "unknown path": ("not_found", 404, 404, lambda api: api.get("getScheduledMessage")),
    "field missing": ("validation", 403, 400, lambda api: api.post("sendMessage", {"text": "x"})),
    "refused by Pumble's own validation": (
        "validation",
        403,
        400,
        lambda api: api.post("createChannel", {"name": "general", "type": "PUBLIC"}),
    ),
    "no such people": (
        "validation",
        403,
        400,
        lambda api: api.post("dmUser", {"email": "nobody@acme.test", "text": "x"}),
    ),
    "unknown cursor": (
        "validation",
        403,
        400,
        lambda api: api.get("listMessages", channel="general", cursor="yesterday"),
    ),
    "malformed JSON": ("validation", 403, 400, lambda api: api.post("sendMessage", raw=b"{")),
    "wrong method": ("method_not_allowed", 405, 405, lambda api: api.get("sendMessage")),
    "too large": ("too_large", 413, 413, lambda api: api.post("sendMessage", raw=b" " * 2_000_000)),
    "Pumble's limit": ("pumble_rate_limited", 429, 429, fault("rate_limit:7")),
    "Pumble away": ("pumble_unavailable", 502, 502, fault("status:500")),
}


@pytest.mark.parametrize("name", REASONS)
def test_the_status_is_all_that_differs(api: Api, settings: Settings, name: str) -> None:
    reason, compatible, semantic, step = REASONS[name]
    usual = step(api)
    settings.API_STATUS = "semantic"
    other = step(api)

    assert (usual.status_code, other.status_code) == (compatible, semantic), other.text
    assert usual.json()["reason"] == reason
    assert _anonymous(usual) == _anonymous(other)
    varying = {"Date", "X-Request-Id", "Content-Length", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
    assert {n: v for n, v in usual.headers.items() if n not in varying} == {
        n: v for n, v in other.headers.items() if n not in varying
    }


def test_a_success_is_200_either_way(api: Api, settings: Settings) -> None:
    settings.API_STATUS = "semantic"

    assert success(api.post("createChannel", {"name": "deploys", "type": "PUBLIC"}))["name"] == "deploys"
    assert success(api.get("fetchScheduledMessages"))["hasMore"] is False


def _anonymous(answer: requests.Response) -> dict[str, Any]:
    """The body without what names this one request."""
    return {name: value for name, value in answer.json().items() if name not in {"requestId", "help"}}

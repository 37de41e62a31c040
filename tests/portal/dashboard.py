"""What tests of the dashboard share: a signed-in browser, keys that were used, and what a page says."""

import html
import re
from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from keys import lifecycle, policies
from keys.audit import Actor, Surface
from keys.models import ApiKey, HourlyUse, LastUse, Member, Policy, RequestLog
from keys.policies import PolicyValues
from portal.accounts.sessions import SIGNED_IN_AT

PAGE = {"accept": "text/html"}


def browser_of(member: Member, *, backend: str = "portal.signin.PumbleSignIn") -> Client:
    """A browser in which `member` is signed in."""
    client = Client(headers=PAGE)
    client.force_login(member, backend=backend)
    session = client.session
    session[SIGNED_IN_AT] = timezone.now().timestamp()
    session.save()
    return client


def by(member: Member) -> Actor:
    return Actor(member, Surface.WEB)


def make_key(owner: Member, name: str = "deploy", **rights: Any) -> ApiKey:
    key, _plaintext = lifecycle.issue(owner=owner, name=name, by=by(owner), now=timezone.now(), **rights)
    return lifecycle.confirm(key=key, by=by(owner), now=timezone.now())


def set_policy(owner: Member, *, now: datetime, **terms: Any) -> Policy:
    assert owner.workspace is not None
    return policies.change_policy(
        workspace=owner.workspace, values=PolicyValues(**terms), by=by(owner), now=now
    )


def used(
    key: ApiKey,
    *,
    ago: timedelta = timedelta(hours=1),
    operation: str = "sendMessage",
    outcome: str = "ok",
    calls: int = 3,
) -> None:
    """Let the key have been used; a refused call is no use."""
    at = timezone.now() - ago
    if outcome == "ok":
        LastUse.objects.update_or_create(
            key=key, defaults={"at": at, "address": "192.0.2.1", "agent": "curl/8"}
        )
    hour = at.replace(minute=0, second=0, microsecond=0)
    HourlyUse.objects.create(key=key, hour=hour, outcome=outcome, count=calls)
    RequestLog.objects.create(
        key=key,
        at=at,
        operation=operation,
        outcome=outcome,
        status=200 if outcome == "ok" else 403,
        duration_ms=12,
        request_id="r-1",
        address="192.0.2.1",
    )


def text(answer: Any) -> str:
    raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(raw.decode())


def words(answer: Any) -> str:
    """What one reads: without tags, with single blanks."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text(answer))).split())


def nonce(browser: Client, address: str = "/keys/new") -> str:
    found = re.search(r'name="nonce" value="([^"]+)"', text(browser.get(address)))
    assert found
    return found[1]


def plaintext_in(page: str) -> str:
    found = re.search(r"pmb_\w{51}", page)
    assert found, page
    return found[0]

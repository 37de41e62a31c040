"""Trying the API with a key that changes nothing and is valid for 15 minutes or until sign-out."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from keys import scopes, selectors
from keys.models import ApiKey, Member
from keys.policies import PolicyValues, change_policy
from tests.conftest import NOW
from tests.portal.dashboard import browser_of, by, make_key, nonce, plaintext_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def browser(alice: Member) -> Client:
    return browser_of(alice)


def open_reference(browser: Client) -> str:
    return text(browser.post("/api-docs/try", {"nonce": nonce(browser, "/")}))


def test_opens_the_reference_with_a_short_lived_trial_key(browser: Client) -> None:
    page = open_reference(browser)

    key = ApiKey.objects.get()
    assert plaintext_in(page)[4:16] == key.key_id
    assert page.count(plaintext_in(page)) == 1
    assert key.is_trial
    assert key.scopes == list(scopes.ALL)
    assert key.expires_at == NOW + timedelta(minutes=15)
    assert key.allowed_addresses == ["127.0.0.1/32"]
    assert key.state(NOW) == ApiKey.State.ACTIVE
    assert "swagger-ui" in page


def test_leaves_the_key_out_of_its_owners_lists(browser: Client, alice: Member) -> None:
    open_reference(browser)

    key = ApiKey.objects.get()
    assert key.name not in text(browser.get("/"))
    assert key.name not in text(browser_of(alice).get("/?state=all"))
    assert key not in selectors.list_own_keys(alice, NOW)  # of which chat and the Home tab show
    assert key in selectors.list_keys(alice)


def test_revokes_the_key_at_sign_out_and_when_the_next_is_created(browser: Client) -> None:
    open_reference(browser)
    first = ApiKey.objects.get()
    open_reference(browser)
    second = ApiKey.objects.exclude(pk=first.pk).get()

    first.refresh_from_db()
    assert first.state(NOW) == ApiKey.State.REVOKED
    browser.post("/signout")
    second.refresh_from_db()
    assert second.state(NOW) == ApiKey.State.REVOKED


def test_creates_one_key_if_sent_twice(browser: Client) -> None:
    fields = {"nonce": nonce(browser, "/")}
    text(browser.post("/api-docs/try", fields))

    assert browser.post("/api-docs/try", fields).status_code == 409
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    ("terms", "allowed"),
    [
        (PolicyValues(allowed_scopes=["messages:write"]), ["messages:write"]),
        (PolicyValues(full_access_forbidden=True), list(scopes.READ_ONLY)),
    ],
)
def test_has_no_more_permissions_than_the_policy_allows(
    browser: Client, alice: Member, olivia: Member, terms: PolicyValues, allowed: list[str]
) -> None:
    assert alice.workspace
    change_policy(workspace=alice.workspace, values=terms, by=by(olivia), now=NOW)

    open_reference(browser)

    assert ApiKey.objects.get().scopes == allowed


def test_is_refused_where_the_member_has_too_many_keys(
    browser: Client, alice: Member, olivia: Member
) -> None:
    assert alice.workspace
    make_key(alice)
    change_policy(workspace=alice.workspace, values=PolicyValues(max_keys=1), by=by(olivia), now=NOW)

    answer = browser.post("/api-docs/try", {"nonce": nonce(browser, "/")})

    assert answer.status_code == 409
    assert ApiKey.objects.count() == 1

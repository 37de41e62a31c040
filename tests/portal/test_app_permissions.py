"""An installation from before the app asked for more scopes: it keeps working, says what it lacks, and is updated."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from keys import scopes
from keys.audit import PUMBLE
from keys.models import AuditEvent
from pumble_bridge import app_scopes, installations, oauth
from pumble_bridge.models import Authorization, Installation
from tests import pumble
from tests.contract.wire import Api, issue
from tests.portal.browser import Browser
from tests.pumble import Person
from tests.pumble_bridge.screens import home_tab, texts

pytestmark = pytest.mark.django_db(transaction=True)

LINK = "Update the app's permissions"


@pytest.fixture
def browser(portal: str) -> Browser:
    return Browser(portal)


@pytest.fixture
def old_installation(portal: str) -> Installation:
    """As the release before stored it."""
    Authorization.objects.update(granted_scopes=None)
    Installation.objects.update(granted_scopes=None)
    return Installation.objects.get()


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        (
            None,
            ["messages:edit", "messages:delete", "files:write", "reaction:read", "reaction:write"],
        ),
        (["messages:write"], [scope for scope in app_scopes.BOT_SCOPES if scope != "messages:write"]),
        (app_scopes.BOT_SCOPES, []),
    ],
)
def test_a_bot_lacks_what_its_installation_did_not_ask_for(
    granted: list[str] | None, missing: list[str]
) -> None:
    assert app_scopes.missing_bot_scopes(granted) == missing


def test_the_consent_screen_asks_for_every_scope_that_a_key_can_have(browser: Browser) -> None:
    asked = browser.leave()["scopes"].split(",")

    assert {scope for scope in asked if not scope.startswith("bot:")} == set(scopes.ALL)
    assert scopes.MANAGE not in asked


class TestUpdate:
    def test_is_offered_to_owners_and_ends_with_what_was_lacking(
        self, browser: Browser, ana: Person, old_installation: Installation
    ) -> None:
        browser.sign_in(ana)
        for page in ("/", "/overview", "/admin/"):
            assert LINK in browser.open(page).text, page
        assert LINK in texts(home_tab(ana))
        token = old_installation.bot_token

        url = app_scopes.update_url(old_installation.workspace)
        query = browser.leave(f"{urlsplit(url).path}?{urlsplit(url).query}")
        assert (query["isReinstall"], query["defaultWorkspaceId"]) == ("true", ana.workspace_id)
        browser.open(pumble.act("reinstall", userId=ana.id, state=query["state"])["redirectUrl"])

        for page in ("/", "/overview", "/admin/"):
            assert LINK not in browser.open(page).text, page
        assert LINK not in texts(home_tab(ana))
        updated = Installation.objects.get()
        assert updated.granted_scopes == list(app_scopes.BOT_SCOPES)
        assert updated.bot_token not in {token, None}
        events = AuditEvent.objects.filter(type="app.installed").order_by("number")
        assert events.last().detail["renewed"] is True  # type: ignore[union-attr]

    def test_is_not_offered_to_members_and_changes_nothing_for_them(
        self, browser: Browser, carla: Person, old_installation: Installation
    ) -> None:
        browser.sign_in(carla)
        assert LINK not in browser.open("/").text
        assert LINK not in texts(home_tab(carla))

        state = browser.leave("/pumble/install?reinstall=true")["state"]
        page = browser.open(pumble.act("reinstall", userId=carla.id, state=state)["redirectUrl"])

        assert "Your API keys" in page.text
        assert Installation.objects.get().granted_scopes is None

    def test_of_a_person_comes_with_the_next_sign_in(
        self, browser: Browser, ana: Person, old_installation: Installation
    ) -> None:
        browser.sign_in(ana)

        authorization = Authorization.objects.get(member__email=ana.email)
        assert authorization.granted_scopes == list(scopes.ALL)
        assert Installation.objects.get().granted_scopes is None

    @pytest.mark.parametrize("workspace", ["", "x", "f" * 23, "%00", "&state=x"])
    def test_proposes_no_workspace_that_is_no_id(self, browser: Browser, workspace: str) -> None:
        query = browser.leave(f"/pumble/install?reinstall=true&workspace={workspace}")

        assert "defaultWorkspaceId" not in query


class TestARefusal:
    def test_by_pumble_says_what_the_owner_must_do(self, portal: str, carla: Person, general: str) -> None:
        granted = [scope for scope in scopes.ALL if scope != "messages:edit"]
        consent = pumble.act("authorize", userId=carla.id, scopes=granted)
        (code,) = parse_qs(urlsplit(consent["redirectUrl"]).query)["code"]
        installations.store_grant(oauth.exchange(code), by=PUMBLE, now=timezone.now())
        Authorization.objects.update(granted_scopes=granted)
        api = Api(portal, issue(carla.email))
        sent = api.post("sendMessage", {"channelId": general, "text": "hello"}).json()

        refused = api.post("editMessage", {**sent, "messageId": sent["id"], "text": "x"}).json()

        assert refused["reason"] == "forbidden_by_pumble"
        assert "The owner signs in once more: http" in refused["hint"]
        assert refused["hint"].endswith("/pumble/signin")

    def test_of_something_granted_has_no_hint(
        self, portal: str, ana: Person, ben: Person, general: str
    ) -> None:
        message = (
            Api(portal, issue(ben.email)).post("sendMessage", {"channelId": general, "text": "x"}).json()
        )

        refused = Api(portal, issue(ana.email)).post(
            "editMessage", {"channelId": general, "messageId": message["id"], "text": "x"}
        )

        assert refused.json()["reason"] == "forbidden_by_pumble"
        assert "hint" not in refused.json()

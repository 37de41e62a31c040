"""Signing in and installing by OAuth, over real HTTP."""

import io
import json
import time
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
import time_machine
from django.contrib.sessions.models import Session
from django.utils import timezone
from pytest_django import Settings

from keys.audit import PUMBLE
from keys.models import ApiKey, AuditEvent, Member, Workspace
from pumble_bridge import installations, oauth
from pumble_bridge.exceptions import PumbleUnavailable
from pumble_bridge.models import Authorization, Installation, OAuthState
from tests import pumble
from tests.portal.browser import Browser
from tests.pumble import Person
from tests.pumble_bridge.misbehaving_server import Connections, server, whole

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(portal: str) -> Browser:
    return Browser(portal)


def form(page: requests.Response) -> dict[str, str]:
    """The hidden field that each form of the page carries."""
    return {"csrfmiddlewaretoken": page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]}


def stored() -> tuple[int, ...]:
    """What a sign-in stores, counted."""
    return tuple(
        model.objects.count()
        for model in (Workspace, Member, Installation, Authorization, Session, AuditEvent)
    )


class TestSignIn:
    def test_ends_on_ones_own_keys(self, browser: Browser, ana: Person) -> None:
        page = browser.sign_in(ana)

        assert (page.status_code, urlsplit(page.url).path) == (200, "/")
        assert "Your API keys" in page.text
        assert ana.name in page.text

    def test_authorises_someone_new_and_stores_the_token_encrypted(
        self, browser: Browser, carla: Person
    ) -> None:
        browser.sign_in(carla)

        member = Member.objects.get(email=carla.email)
        assert member.authorized_at is not None
        assert member.authorization.access_token
        assert member.authorization.access_token.encode() not in bytes(
            member.authorization.encrypted_access_token
        )
        types = AuditEvent.objects.filter(member=member).values_list("type", flat=True)
        assert set(types) == {"member.authorized", "member.signed_in"}

    def test_returns_to_the_page_it_began_on_if_that_is_ours(self, browser: Browser, ana: Person) -> None:
        assert urlsplit(browser.sign_in(ana, "/pumble/signin?next=/api-docs/").url).path == "/api-docs/"

    def test_is_left_out_by_a_link_to_a_page_for_who_is_signed_in(
        self, browser: Browser, ana: Person
    ) -> None:
        browser.sign_in(ana)

        for address, page in (("/overview", "/overview"), ("//evil.test", "/"), ("/pumble/signin", "/")):
            answer = browser.open(f"/pumble/signin?next={quote(address, safe='')}", allow_redirects=False)
            assert answer.headers["Location"] == page

    @pytest.mark.both_databases
    @pytest.mark.parametrize(
        "foreign",
        ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)", "evil", "/\x00"],
    )
    def test_never_leads_elsewhere(self, browser: Browser, ana: Person, foreign: str) -> None:
        page = browser.sign_in(ana, f"/pumble/signin?next={quote(foreign, safe='')}")

        assert page.url == f"{browser.portal}/".replace("localhost", "127.0.0.1")

    def test_gives_the_session_a_new_key(self, browser: Browser, ana: Person, ben: Person) -> None:
        browser.sign_in(ana)
        first = browser.session.cookies["sessionid"]

        browser.sign_in(ben)

        assert browser.session.cookies["sessionid"] != first
        assert not Session.objects.filter(session_key=first).exists()

    def test_learns_the_browsers_language(self, browser: Browser, carla: Person) -> None:
        browser.session.headers["Accept-Language"] = "es-MX,es;q=0.9"

        page = browser.sign_in(carla)

        assert Member.objects.get(email=carla.email).language == "es"
        assert 'lang="es"' in page.text

    def test_speaks_from_then_on_the_language_that_is_chosen_in_chat_too(
        self, browser: Browser, ana: Person, general: str
    ) -> None:
        page = browser.sign_in(ana)

        for language, sentence in (("es", "Aún no hay claves"), ("en", "No keys yet")):
            browser.session.post(
                f"{browser.portal}/language", data=form(page) | {"language": language}, timeout=5
            )
            ana.type(general, "/api-keys list")
            assert sentence in ana.ephemerals(general)[-1]

    def test_keeps_the_language_that_was_chosen_before_signing_in(
        self, browser: Browser, ana: Person
    ) -> None:
        page = browser.open("/")
        browser.session.post(f"{browser.portal}/language", data=form(page) | {"language": "es"}, timeout=5)

        browser.sign_in(ana)

        assert Member.objects.get(email=ana.email).language == "es"

    def test_asks_pumble_for_the_apps_scopes_with_our_own_redirect(self, browser: Browser) -> None:
        browser.session.headers["X-Forwarded-Host"] = "evil.test"

        query = browser.leave()

        assert query["redirectUrl"] == f"{browser.portal}/pumble/redirect".replace("localhost", "127.0.0.1")
        assert {"messages:write", "bot:messages:write"} <= set(query["scopes"].split(","))
        assert len(query["state"]) >= 22

    def test_is_over_after_signing_out(self, browser: Browser, ana: Person) -> None:
        page = browser.sign_in(ana)

        browser.session.post(f"{browser.portal}/signout", data=form(page), timeout=5)

        assert "Sign in with Pumble" in browser.open("/").text
        assert not Session.objects.exists()
        event = AuditEvent.objects.latest("pk")
        assert (event.type, event.actor_ref, event.address) == ("member.signed_out", ana.id, "127.0.0.1")

    @pytest.mark.parametrize(("away", "over"), [(timedelta(hours=11), False), (timedelta(hours=13), True)])
    def test_lasts_twelve_idle_hours(
        self, browser: Browser, ana: Person, away: timedelta, over: bool
    ) -> None:
        browser.sign_in(ana)

        with time_machine.travel(timezone.now() + away, tick=True):
            assert ("Sign in with Pumble" in browser.open("/").text) == over

    def test_lasts_seven_days_however_busy(self, browser: Browser, ana: Person) -> None:
        browser.sign_in(ana)
        began = timezone.now()
        for hours in range(10, 170, 10):
            with time_machine.travel(began + timedelta(hours=hours), tick=True):
                signed_in = "Your API keys" in browser.open("/").text
            assert signed_in == (hours < 168), hours

    def test_ends_when_the_person_unauthorises_and_stays_over_when_they_come_back(
        self, browser: Browser, portal: str, carla: Person
    ) -> None:
        browser.sign_in(carla)
        pumble.act("unauthorize", userId=carla.id)
        _until(lambda: "Sign in with Pumble" in browser.open("/").text)

        Browser(portal).sign_in(carla)

        assert "Sign in with Pumble" in browser.open("/").text


class TestInstall:
    def test_brings_a_new_workspace_in(self, browser: Browser) -> None:
        gita = pumble.person("gita@globex.test")
        state = browser.leave("/pumble/install")["state"]

        page = browser.open(pumble.act("install", userId=gita.id, state=state)["redirectUrl"])

        assert "Your API keys" in page.text
        globex = Workspace.objects.get(name="Globex")
        assert globex.installed_at is not None
        assert globex.installation.bot_token

    def test_again_replaces_the_bot_token(self, browser: Browser, ana: Person) -> None:
        before = Installation.objects.get().bot_token
        state = browser.leave("/pumble/install")["state"]

        browser.open(pumble.act("reinstall", userId=ana.id, state=state)["redirectUrl"])

        assert Installation.objects.get().bot_token not in {before, None}


class TestTheCallback:
    def refused(self, page: requests.Response, status: int, sentence: str, before: tuple[int, ...]) -> None:
        assert (page.status_code, sentence in page.text) == (status, True), page.text[:500]
        assert 'href="/pumble/' in page.text or 'href="/"' in page.text
        assert page.headers["X-Request-Id"] in page.text
        assert stored() == before

    def test_without_a_code_says_what_to_do_next(self, browser: Browser) -> None:
        state = browser.leave()["state"]
        before = stored()

        self.refused(browser.open(f"/pumble/redirect?state={state}"), 400, "Pumble sent no code", before)

    def test_with_a_denial_says_so(self, browser: Browser) -> None:
        state = browser.leave()["state"]
        before = stored()

        page = browser.open(f"/pumble/redirect?error=access_denied&state={state}")

        self.refused(page, 403, "You did not allow", before)

    @pytest.mark.parametrize("state", ["", "made-up", "x" * 5000, "%00", "%ff"])
    def test_with_a_state_nobody_gave_out_exchanges_nothing(
        self, browser: Browser, ana: Person, state: str
    ) -> None:
        code_url = pumble.act("authorize", userId=ana.id)["redirectUrl"]
        before, calls = stored(), len(pumble.api_calls())

        page = browser.open(f"{code_url.split('&state')[0]}&state={state}")

        self.refused(page, 400, "no longer valid", before)
        assert len(pumble.api_calls()) == calls

    def test_is_good_once(self, browser: Browser, ana: Person) -> None:
        state = browser.leave()["state"]
        url = pumble.act("authorize", userId=ana.id, state=state)["redirectUrl"]
        browser.open(url)
        before = stored()

        self.refused(browser.open(url), 400, "no longer valid", before)

    def test_in_another_browser_is_refused_and_spends_the_state(
        self, browser: Browser, portal: str, ana: Person
    ) -> None:
        state = browser.leave()["state"]
        url = pumble.act("authorize", userId=ana.id, state=state)["redirectUrl"]
        victim = Browser(portal)
        victim.leave()
        before = stored()

        self.refused(victim.open(url), 400, "no longer valid", before)
        self.refused(browser.open(url), 400, "no longer valid", before)

    def test_after_ten_minutes_is_too_late(self, browser: Browser, ana: Person) -> None:
        state = browser.leave()["state"]
        before = stored()
        url = f"/pumble/redirect?code=x&state={state}"

        with time_machine.travel(timezone.now() + OAuthState.LIFETIME, tick=True):
            self.refused(browser.open(url), 400, "no longer valid", before)

    @pytest.mark.parametrize("code", ["made-up", "../x", "%0d%0aX: y", "x" * 3000])
    def test_with_a_code_pumble_does_not_take_stores_nothing(self, browser: Browser, code: str) -> None:
        state = browser.leave()["state"]
        before = stored()

        page = browser.open(f"/pumble/redirect?code={code}&state={state}")

        assert page.status_code == 400
        assert stored() == before

    @pytest.mark.parametrize("call", ["POST /oauth2/access", "GET /oauth2/me", "GET /v1/workspaceUsers/*"])
    @pytest.mark.parametrize("fault", ["status:500", "garbage", "html", "drop"])
    def test_while_pumble_is_in_trouble_stores_nothing(
        self, browser: Browser, carla: Person, call: str, fault: str
    ) -> None:
        state = browser.leave()["state"]
        url = pumble.act("authorize", userId=carla.id, state=state)["redirectUrl"]
        before = stored()
        pumble.faults(
            {"match": call, "do": fault, "times": 2}
        )  # a read whose connection broke is tried again

        self.refused(browser.open(url), 502, "Pumble does not answer", before)

    def test_leaves_no_code_or_state_in_the_log(
        self, browser: Browser, ana: Person, log_lines: io.StringIO
    ) -> None:
        state = browser.leave()["state"]
        url = pumble.act("authorize", userId=ana.id, state=state)["redirectUrl"]
        browser.open(url)

        code = parse_qs(urlsplit(url).query)["code"][0]
        logged = log_lines.getvalue()
        assert "/pumble/redirect" in logged
        assert code not in logged
        assert state not in logged


class TestAnExchange:
    """What Pumble answers is looked at before anything of it is believed."""

    GIVEN = {
        "accessToken": "access",
        "botToken": "bot",
        "userId": "a" * 24,
        "botId": "b" * 24,
        "workspaceId": "c" * 24,
    }
    ME = {"workspaceId": "c" * 24, "workspaceUserId": "a" * 24, "workspaceName": "Acme"}

    def exchange(self, settings: Settings, *answers: object) -> oauth.Grant:
        each = [whole("200 OK", json.dumps(answer).encode()) for answer in answers]
        with server(Connections(*each)) as address:
            settings.PUMBLE_API_URL = address
            return oauth.exchange("code")

    @pytest.mark.parametrize(
        "changed",
        [
            *({name: None} for name in GIVEN),
            *({name: ""} for name in GIVEN),
            {"userId": 7},
            {"workspaceId": "../../oauth2/me"},
            {"botId": "B" * 24},
            {"accessToken": "a\r\nx-app-token: b"},
            {"botToken": "é"},
            {"accessToken": "a" * 8001},
        ],
        ids=repr,
    )
    def test_gives_nothing_where_something_is_missing_or_of_another_form(
        self, settings: Settings, changed: dict[str, object]
    ) -> None:
        with pytest.raises(PumbleUnavailable):
            self.exchange(settings, self.GIVEN | changed)

    def test_gives_nothing_where_it_is_no_object(self, settings: Settings) -> None:
        with pytest.raises(PumbleUnavailable):
            self.exchange(settings, [self.GIVEN])

    @pytest.mark.parametrize("name", ["workspaceId", "workspaceUserId"])
    def test_gives_nothing_where_the_token_is_somebody_elses(self, settings: Settings, name: str) -> None:
        with pytest.raises(oauth.InvalidCode):
            self.exchange(settings, self.GIVEN, self.ME | {name: "f" * 24})

    def test_keeps_no_token_of_somebody_who_was_deactivated(
        self, ben: Person, settings: Settings, general: str
    ) -> None:
        member = Member.objects.get(email=ben.email)
        assert member.workspace is not None
        ids = {"userId": ben.id, "workspaceId": ben.workspace_id}
        me = {"workspaceUserId": ben.id, "workspaceId": ben.workspace_id, "workspaceName": "Acme"}
        person = {"id": ben.id, "name": ben.name, "email": ben.email, "status": "DEACTIVATED"}
        ben.type(general, "/api-keys generate ci")

        grant = self.exchange(settings, self.GIVEN | ids, me, person)
        installations.store_grant(grant, by=PUMBLE, now=timezone.now())

        assert not Authorization.objects.filter(member=member).exists()
        assert ApiKey.objects.get().revoked_reason == "DEACTIVATED"


class TestOffboarding:
    def test_by_the_person_revokes_their_keys_for_good(
        self, portal: str, browser: Browser, carla: Person, general: str
    ) -> None:
        browser.sign_in(carla)
        carla.type(general, "/api-keys generate ci")
        assert ApiKey.objects.get().revoked_at is None

        pumble.act("unauthorize", userId=carla.id)
        _until(lambda: ApiKey.objects.get().revoked_at is not None)
        Browser(portal).sign_in(carla)

        assert ApiKey.objects.get().revoked_reason == "UNAUTHORIZED"
        assert Member.objects.get(email=carla.email).authorized_at is not None

    def test_is_final_however_often_the_person_leaves(
        self, portal: str, browser: Browser, carla: Person, general: str
    ) -> None:
        for round_number in range(3):
            browser.sign_in(carla)
            carla.type(general, f"/api-keys generate round-{round_number}")
            pumble.act("unauthorize", userId=carla.id)
            _until(lambda: not ApiKey.objects.filter(revoked_at__isnull=True).exists())
            assert "Sign in with Pumble" in browser.open("/").text

        assert ApiKey.objects.count() == 3

    def test_by_deactivation_ends_the_session_and_stops_the_keys(
        self, portal: str, browser: Browser, ben: Person, general: str
    ) -> None:
        browser.sign_in(ben)
        ben.type(general, "/api-keys generate ci")
        pumble.act("deactivate", userId=ben.id)

        _until(lambda: not Member.objects.get(email=ben.email).is_active)

        assert "Sign in with Pumble" in browser.open("/").text

    def test_of_a_workspace_revokes_every_key_and_drops_every_token(
        self, ana: Person, ben: Person, general: str
    ) -> None:
        for person in (ana, ben):
            person.type(general, "/api-keys generate ci")

        pumble.act("uninstall", userId=ana.id)
        _until(lambda: not Installation.objects.exists())

        assert set(ApiKey.objects.values_list("revoked_reason", flat=True)) == {"UNINSTALLED"}
        assert not Authorization.objects.exists()
        assert Workspace.objects.get(name="Acme").installed_at is None
        assert AuditEvent.objects.filter(type="app.uninstalled", surface="PUMBLE").count() == 1


def _until(true: Any) -> None:
    """Wait for a hook that Pumble sends after its act was answered."""
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end, "did not happen within 5 s"
        time.sleep(0.02)

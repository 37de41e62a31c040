"""Forms that arrive after their session ended: they change nothing, and their fields are kept for the author."""

import html
import re
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from keys.models import ApiKey, AuditEvent, Member, Policy
from portal.accounts.kept_forms import MAX_FORMS_PER_MEMBER
from pumble_bridge.models import OAuthState
from tests import pumble
from tests.portal.browser import Browser
from tests.portal.dashboard import PAGE, browser_of, make_key, text, words
from tests.pumble import Person

ENDED = "Your session has ended"
LOST = "could not be kept"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
KEY = "pmb_abcdefghijkl_abcdefghijklmnopqrstuvwxyzabcdefghijklmnop"


def value_of(name: str, page: str) -> str:
    """What stands in the field of that name."""
    tag = re.search(rf"<(input|textarea)[^>]* name=\"{name}\"[^>]*>(?:\n?([^<]*)</textarea>)?", page)
    assert tag, name
    shown = re.search(r' value="([^"]*)"', tag[0])
    return html.unescape(tag[2] or "" if tag[1] == "textarea" else shown[1] if shown else "")


def link_in(answer: requests.Response) -> str:
    found = re.search(r'<a class="button primary" href="([^"]+)">', answer.text)
    assert found, answer.text
    return html.unescape(found[1])


class Tab:
    """A page that was opened while somebody was signed in, and whose form is sent later."""

    def __init__(self, browser: Browser, path: str) -> None:
        self.browser, self.path = browser, path
        self.opened = browser.open(path)
        form = self.opened.text.split('<form class="sheet"', 1)[1]
        self.hidden = {name: html.unescape(value) for name, value in HIDDEN.findall(form)}

    def send(self, path: str = "", **typed: Any) -> requests.Response:
        address = self.browser.portal + (path or self.path)
        data = self.hidden | {"csrfmiddlewaretoken": self.token} | typed
        return self.browser.session.post(address, data=data, timeout=10, allow_redirects=False)

    @property
    def token(self) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.opened.text)
        assert found
        return found[1]


TYPED = {
    "name": "my bot",
    "purpose": "for the “night” run",
    "preset": "read-only",
    "where": "all",
    "expiry": "7",
}


@pytest.fixture
def browser(portal: str, ana: Person) -> Browser:
    browser = Browser(portal)
    browser.sign_in(ana)
    return browser


@pytest.fixture
def tab(browser: Browser) -> Tab:
    """The form for a new key, whose session is over."""
    tab = Tab(browser, "/keys/new")
    Session.objects.all().delete()
    return tab


def sign_in_by(answer: requests.Response, browser: Browser, person: Person) -> requests.Response:
    """Follow the page's link, and sign in as `person`; the page where that ends."""
    return browser.sign_in(person, link_in(answer))


@pytest.mark.django_db(transaction=True)
class TestAKeptForm:
    def test_comes_back_after_signing_in_and_is_not_sent_by_itself(self, tab: Tab, ana: Person) -> None:
        ended = tab.send(**TYPED, addresses="192.0.2.1\n10.0.0.0/8", calls_per_minute="7")
        assert (ended.status_code, "Location" in ended.headers) == (403, False)
        assert f"{ENDED}" in ended.text
        assert "Nothing was changed." in ended.text

        page = sign_in_by(ended, tab.browser, ana)

        assert urlsplit(page.url).path == "/keys/new"
        shown = {
            name: value_of(name, page.text) for name in ("name", "purpose", "addresses", "calls_per_minute")
        }
        assert shown == {
            "name": "my bot",
            "purpose": "for the “night” run",
            "addresses": "192.0.2.1\n10.0.0.0/8",
            "calls_per_minute": "7",
        }
        assert re.search(r'name="preset" value="read-only"[^>]* checked', page.text)
        assert not ApiKey.objects.exists()

    def test_is_still_there_when_the_page_is_loaded_again_and_gone_once_it_was_sent(
        self, tab: Tab, ana: Person
    ) -> None:
        sign_in_by(tab.send(**TYPED), tab.browser, ana)
        again = Tab(tab.browser, "/keys/new")
        assert value_of("name", again.opened.text) == "my bot"

        assert "pmb_" in again.send(**TYPED).text

        assert value_of("name", tab.browser.open("/keys/new").text) == ""

    def test_is_kept_in_the_database_without_tokens_and_for_one_sign_in(self, tab: Tab, ana: Person) -> None:
        ended = tab.send(**TYPED, password="hunter2")
        form = OAuthState.objects.get(form__contains="my+bot").form
        sign_in_by(ended, tab.browser, ana)

        assert not any(word in form for word in ("csrf", "nonce", "author", "hunter2", tab.token))
        assert not OAuthState.objects.exists()

    @pytest.mark.both_databases
    @pytest.mark.parametrize("typed", ["x" * 60_000, "ñ" * 32_000, "\x00", "a&b=c%00+;", "\r\n\t  ", "🔑"])
    def test_survives_up_to_64_kb_whatever_it_is(self, tab: Tab, ana: Person, typed: str) -> None:
        page = sign_in_by(tab.send(name="n", purpose=typed), tab.browser, ana)

        assert value_of("name", page.text) == "n"
        if typed.isprintable():
            assert value_of("purpose", page.text) == typed

    @pytest.mark.parametrize("typed", ["x" * 65_537, "ñ" * 33_000])
    def test_above_64_kb_is_not_kept_and_the_page_says_so(self, tab: Tab, ana: Person, typed: str) -> None:
        ended = tab.send(name="n", purpose=typed)

        assert "larger than 64 kB" in ended.text
        assert not OAuthState.objects.exclude(form="").exists()
        assert urlsplit(sign_in_by(ended, tab.browser, ana).url).path == "/keys/new"

    def test_is_freed_of_keys_before_it_is_kept(self, tab: Tab, ana: Person) -> None:
        ended = tab.send(name="n", purpose=f"old key {KEY}")
        assert KEY not in OAuthState.objects.exclude(form="").get().form

        page = sign_in_by(ended, tab.browser, ana)

        assert value_of("purpose", page.text) == "old key pmb_abcdefghijkl_[redacted]"

    def test_is_not_shown_to_somebody_else_who_signs_in(self, tab: Tab, ben: Person) -> None:
        page = sign_in_by(tab.send(**TYPED), tab.browser, ben)

        assert urlsplit(page.url).path == "/"
        assert "my bot" not in page.text + tab.browser.open("/keys/new").text
        assert not OAuthState.objects.exists()

    def test_is_not_shown_in_another_browser(self, tab: Tab, ana: Person, portal: str) -> None:
        ended = tab.send(**TYPED)
        other = Browser(portal)

        sign_in_by(ended, other, ana)

        assert "my bot" not in other.open("/keys/new").text

    def test_is_not_kept_for_nobody(self, tab: Tab) -> None:
        for author in ("", "1", "1:x:y", f"9{tab.hidden['author']}"):
            ended = tab.send(**TYPED, author=author)

            assert (ended.status_code, LOST in ended.text) == (403, True)
        assert not OAuthState.objects.exclude(form="").exists()

    def test_goes_with_its_author(self, tab: Tab, ana: Person) -> None:
        tab.send(**TYPED)

        pumble.act("unauthorize", userId=ana.id)
        pumble.settle(at_least=1)

        assert not OAuthState.objects.exclude(form="").exists()

    def test_is_kept_so_many_times_and_no_more(self, tab: Tab) -> None:
        answers = [LOST in tab.send(**TYPED).text for _ in range(MAX_FORMS_PER_MEMBER + 1)]

        assert answers == [False] * MAX_FORMS_PER_MEMBER + [True]

    def test_is_kept_for_an_hour(self, tab: Tab, ana: Person) -> None:
        ended = tab.send(**TYPED)
        tab.browser.session.cookies.set(
            "oauth", tab.browser.session.cookies["oauth"]
        )  # a browser's clock is its own

        with time_machine.travel(timezone.now() + OAuthState.FORM_LIFETIME, tick=True):
            page = sign_in_by(ended, tab.browser, ana)

            assert urlsplit(page.url).path == "/keys/new"
            assert value_of("name", page.text) == ""

    def test_comes_back_also_when_one_sets_off_twice(self, tab: Tab, ana: Person) -> None:
        ended = tab.send(**TYPED)
        tab.browser.leave(link_in(ended))

        assert value_of("name", sign_in_by(ended, tab.browser, ana).text) == "my bot"

    def test_makes_one_key_however_often_it_was_sent(self, tab: Tab, ana: Person) -> None:
        tab.send(**TYPED)
        sign_in_by(tab.send(**TYPED), tab.browser, ana)
        new = Tab(tab.browser, "/keys/new")

        answers = [new.send(**TYPED), new.send(**TYPED), tab.send(**TYPED)]

        assert [answer.status_code for answer in answers] == [200, 409, 403]
        assert ApiKey.objects.count() == 1

    def test_of_a_preview_by_the_pages_script_is_not_kept(self, tab: Tab) -> None:
        tab.browser.session.headers["Accept"] = "*/*"

        assert tab.send(**TYPED, preview="1").status_code == 403
        assert not OAuthState.objects.exclude(form="").exists()


@pytest.mark.django_db(transaction=True)
class TestAFormWithoutItsCsrfToken:
    def test_after_all_cookies_are_gone_is_answered_like_one_without_a_session(
        self, tab: Tab, ana: Person
    ) -> None:
        tab.browser.session.cookies.clear()
        ended = tab.send(**TYPED)
        assert (ended.status_code, ENDED in ended.text) == (403, True)

        page = sign_in_by(ended, tab.browser, ana)

        assert value_of("name", page.text) == "my bot"

    def test_after_signing_in_again_elsewhere_leads_back_to_what_was_typed(
        self, tab: Tab, ana: Person
    ) -> None:
        tab.browser.sign_in(ana)  # in another tab: the token of this one counts no longer

        answer = tab.send(**TYPED)

        assert (answer.status_code, "out of date" in answer.text) == (403, True)
        assert value_of("name", tab.browser.open(link_in(answer)).text) == "my bot"
        assert not ApiKey.objects.exists()

    def test_of_somebody_else_is_not_shown_to_who_is_signed_in_now(self, tab: Tab, ben: Person) -> None:
        tab.browser.sign_in(ben)

        answer = tab.send(**TYPED)

        assert answer.status_code == 403
        assert value_of("name", tab.browser.open(link_in(answer)).text) == ""

    def test_sent_by_another_site_prefills_nothing(self, tab: Tab, ana: Person) -> None:
        answer = tab.browser.session.post(
            f"{tab.browser.portal}/keys/new", data=TYPED, headers={"Origin": "https://evil.test"}, timeout=5
        )

        assert (answer.status_code, LOST in answer.text) == (403, True)
        assert value_of("name", sign_in_by(answer, tab.browser, ana).text) == ""


@pytest.mark.django_db(transaction=True)
class TestTheAdminsForms:
    def test_for_a_policy_come_back_filled_with_the_revision_they_had(
        self, browser: Browser, ana: Person
    ) -> None:
        member = Member.objects.get(email=ana.email)
        tab = Tab(browser, f"/admin/keys/policy/{member.workspace_id}/change/")
        Session.objects.all().delete()
        ended = tab.send(
            creators="EVERYBODY", max_keys="17", life="days", max_lifetime="x9", leak_detection_enabled="on"
        )
        assert (ended.status_code, ENDED in ended.text) == (403, True)
        login = browser.open(link_in(ended))

        page = browser.sign_in(ana, html.unescape(re.findall(r'href="(/pumble/signin[^"]+)"', login.text)[0]))

        assert urlsplit(page.url).path == tab.path
        assert [value_of(name, page.text) for name in ("max_keys", "max_lifetime")] == ["17", "x9"]
        assert value_of("revision", page.text) == tab.hidden["revision"]
        assert not Policy.objects.filter(max_keys=17).exists()

    def test_for_many_keys_come_back_to_all_of_them(self, browser: Browser, ana: Person) -> None:
        member = Member.objects.get(email=ana.email)
        keys = [make_key(member, f"k{number}").key_id for number in range(90)]
        query = urlencode([("key", key) for key in keys])
        tab = Tab(browser, f"/admin/keys/apikey/disable/?{query}")
        Session.objects.all().delete()
        ended = tab.send("/admin/keys/apikey/disable/", key=keys, reason="all leaked")
        login = browser.open(link_in(ended))

        page = browser.sign_in(ana, html.unescape(re.findall(r'href="(/pumble/signin[^"]+)"', login.text)[0]))

        assert value_of("reason", page.text) == "all leaked"
        assert all(f'value="{key}"' in page.text for key in keys)
        assert not ApiKey.objects.exclude(disabled_at=None).exists()

    def test_for_ticked_keys_come_back_with_the_ticks(self, browser: Browser, ana: Person) -> None:
        member = Member.objects.get(email=ana.email)
        keys = [make_key(member, f"k{number}") for number in range(4)]
        address = "/admin/keys/apikey/?state=live"
        page = browser.open(address)
        hidden = dict(HIDDEN.findall(page.text.split('id="changelist-form"')[1]))
        Session.objects.all().delete()
        ticked = {str(keys[1].pk), str(keys[2].pk)}
        data = hidden | {"action": "disable_selected", "_selected_action": sorted(ticked)}
        ended = browser.session.post(browser.portal + address, data=data, allow_redirects=False, timeout=5)
        login = browser.open(link_in(ended))

        page = browser.sign_in(ana, html.unescape(re.findall(r'href="(/pumble/signin[^"]+)"', login.text)[0]))

        assert page.url == browser.portal + address
        boxes = [box for box in re.findall(r"<input[^>]*>", page.text) if 'name="_selected_action"' in box]
        assert {value_of("_selected_action", box) for box in boxes if " checked" in box} == ticked
        assert re.search(r'value="disable_selected" selected', page.text)
        assert not ApiKey.objects.exclude(disabled_at=None).exists()

    def test_come_back_to_an_operator_who_has_a_password(self, browser: Browser, ana: Person) -> None:
        operator = Member.objects.create_superuser("root", "correct horse battery")
        member = Member.objects.get(email=ana.email)
        client = browser_of(operator, backend="portal.signin.OperatorSignIn")
        address = f"/admin/keys/policy/{member.workspace_id}/change/"
        author = dict(HIDDEN.findall(text(client.get(address))))["author"]
        Session.objects.all().delete()
        ended: Any = client.post(address, {"author": author, "max_keys": "23"})
        login = html.unescape(re.findall(r'class="button primary" href="([^"]+)"', text(ended))[0])

        back = client.post(login, {"username": "root", "password": "correct horse battery"})

        assert back["Location"] == address
        assert value_of("max_keys", text(client.get(address))) == "23"
        assert not OAuthState.objects.exists()


@pytest.mark.django_db
class TestEveryForm:
    """No form is answered by a redirect that leads to Pumble: browsers would stay where they are and say nothing."""

    @pytest.fixture
    def key(self, olivia: Member) -> ApiKey:
        return make_key(olivia)

    @pytest.mark.parametrize(
        ("path", "page"),
        [
            ("/", "/"),
            ("/keys/new", "/keys/new"),
            ("/keys/{key}/rename", "/keys/{key}/rename"),
            ("/keys/{key}/narrow", "/keys/{key}/narrow"),
            ("/keys/{key}/rotate", "/keys/{key}/rotate"),
            ("/keys/{key}/renew", "/keys/{key}/renew"),
            ("/keys/{key}/delete", "/keys/{key}/delete"),
            ("/keys/{key}/disable", "/keys/{key}/"),
            ("/keys/{key}/enable", "/keys/{key}/"),
            ("/keys/{key}/finish", "/keys/{key}/"),
            ("/keys/{key}/remedy", "/overview"),
            ("/api-docs/try", "/"),
            ("/signout/everywhere", "/signout/everywhere"),
            ("/admin/keys/apikey/?state=live", "/admin/keys/apikey/?state=live"),
            ("/admin/keys/apikey/revoke/", "/admin/keys/apikey/revoke/?key={key}"),
            ("/admin/keys/auditevent/export/?when=today", "/admin/keys/auditevent/?when=today"),
            ("/admin/keys/policy/{workspace}/keys/", "/admin/keys/policy/{workspace}/keys/"),
            ("/admin/lookup/", "/admin/lookup/"),
        ],
    )
    @pytest.mark.parametrize("cookies", ["kept", "lost"])
    def test_without_a_session_says_so_and_leads_back_to_its_page(
        self, key: ApiKey, path: str, page: str, cookies: str
    ) -> None:
        browser = Client(headers=PAGE, enforce_csrf_checks=cookies == "lost")
        before = list(ApiKey.objects.values()), AuditEvent.objects.count()
        names = {"key": key.key_id, "workspace": key.owner.workspace_id}

        answer: Any = browser.post(path.format(**names), {"key": key.key_id, "text": KEY, "confirm": ""})

        assert (answer.status_code, answer.has_header("Location")) == (403, False)
        assert f"{ENDED} Nothing was changed." in words(answer)
        link = html.unescape(re.findall(r'class="button primary" href="([^"]+)"', text(answer))[0])
        assert link.endswith(urlencode({"next": page.format(**names)}))
        assert (list(ApiKey.objects.values()), AuditEvent.objects.count()) == before

    def test_for_another_language_is_answered_where_it_stands(self, client: Client) -> None:
        answer: Any = client.post(
            "/language", {"language": "es"}, headers=PAGE | {"referer": "http://testserver/keys/new"}
        )

        assert (answer.status_code, answer.has_header("Location")) == (200, False)
        assert "Tu sesión ha terminado El idioma ha cambiado." in words(answer)
        assert "/pumble/signin?next=%2Fkeys%2Fnew" in text(answer)
        assert answer.cookies["language"].value == "es"

    def test_for_another_language_of_a_program_has_no_page_to_lead_back_to(self, client: Client) -> None:
        answer = client.post("/language", {"language": "es"}, headers={"Accept": "application/json"})

        assert answer.status_code == 204
        assert answer.cookies["language"].value == "es"

    @pytest.mark.parametrize("page", ["/", "/api-docs/", "/no/such/page"])
    def test_for_another_language_leads_back_to_pages_for_everybody(self, client: Client, page: str) -> None:
        answer = client.post("/language", {"language": "es", "next": page}, headers=PAGE)

        assert (answer.status_code, answer["Location"]) == (302, page)

    def test_leads_on_by_an_address_that_servers_take(self, client: Client) -> None:
        answer: Any = client.post("/", {"q": "é" * 2000}, headers=PAGE)

        link = html.unescape(re.findall(r'class="button primary" href="([^"]+)"', text(answer))[0])
        assert len(link) < 8000
        assert client.get(link, HTTP_HOST="127.0.0.1").status_code == 302

    def test_says_what_was_typed_in_a_search_again(self, client: Client) -> None:
        answer: Any = client.post("/", {"q": "deploy", "state": "ended", "sort": ""}, headers=PAGE)

        assert urlencode({"next": "/?q=deploy&state=ended"}) in text(answer)


@pytest.mark.django_db
class TestThePreviousRelease:
    def test_stores_its_sign_ins_beside_this_one(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO pumble_bridge_oauthstate (digest, browser_digest, purpose, return_to, expires_at)"
                " VALUES ('d', 'b', 'SIGN_IN', '/', %s)",
                [timezone.now()],
            )

        stored = OAuthState.objects.get()
        assert (stored.form, stored.form_author) == ("", None)


@pytest.mark.django_db(transaction=True)
class TestALongUrl:
    def test_is_come_back_to_whole(self, portal: str, ana: Person) -> None:
        address = f"/keys/new?{urlencode({'name': 'deploy', 'purpose': 'é ' * 400})}"
        browser = Browser(portal)

        page = browser.sign_in(ana, browser.open(address, allow_redirects=False).headers["Location"])

        assert page.url == portal + address
        assert value_of("name", page.text) == "deploy"

    def test_that_is_too_long_inside_another_is_kept_in_the_database(self, portal: str, ana: Person) -> None:
        address = f"/keys/new?{urlencode({'name': 'deploy', 'purpose': 'é ' * 1000})}"
        browser = Browser(portal)
        asked = browser.open(address, allow_redirects=False)
        assert (asked.status_code, "Sign in to continue" in asked.text) == (403, True)

        page = browser.sign_in(ana, link_in(asked))

        assert page.url == portal + address

    def test_that_nothing_can_come_back_to_is_refused(self, client: Client) -> None:
        answer: Any = client.get("/pumble/signin", {"next": "/" + "x" * 8000}, headers=PAGE)

        assert (answer.status_code, "This address is too long" in words(answer)) == (400, True)

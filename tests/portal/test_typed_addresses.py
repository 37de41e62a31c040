"""Mistyped URLs of pages, of the API and of lists in the admin."""

import io
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from keys.models import ApiKey, Member
from portal.admin.base import ViewerAdmin
from tests.portal.browser import Browser
from tests.portal.dashboard import PAGE, browser_of, make_key, text, words
from tests.portal.test_kept_forms import value_of
from tests.pumble import Person

KEY = "pmb_abcdefghijkl_abcdefghijklmnopqrstuvwxyzabcdefghijklmnop"
PUBLIC = "http://127.0.0.1:8000"


@pytest.mark.django_db
class TestAPage:
    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("/admin", "/admin/"),
            ("/admin?workspace=a&x=%C3%A9", "/admin/?workspace=a&x=%C3%A9"),
            ("/admin/keys/apikey?state=live", "/admin/keys/apikey/?state=live"),
            ("/admin/login", "/admin/login/"),
            ("/api-docs", "/api-docs/"),
            ("/api-docs/plain", "/api-docs/plain/"),
            ("/api-docs/plain.md/", "/api-docs/plain.md"),
            ("/llms.txt/", "/llms.txt"),
            ("/LLMS.txt", "/llms.txt"),
            ("/api-docs/openapi.json/", "/api-docs/openapi.json"),
            ("/overview/", "/overview"),
            ("/keys/new/?name=deploy&preset=post-messages", "/keys/new?name=deploy&preset=post-messages"),
            ("/keys/AbCdEf123456", "/keys/AbCdEf123456/"),
            ("/keys/AbCdEf123456/delete/", "/keys/AbCdEf123456/delete"),
            ("/manifest/", "/manifest"),
            ("/pumble/signin/?next=/overview", "/pumble/signin?next=/overview"),
            ("/pumble/install/", "/pumble/install"),
            # pasted with what stood beside it
            ("/%20", "/"),
            ("/overview%20", "/overview"),
            ("/keys/new%0A", "/keys/new"),
            ("/overview//", "/overview"),
            # as a phone begins a word
            ("/Admin", "/admin/"),
            ("/Api-Docs/Plain", "/api-docs/plain/"),
        ],
    )
    @pytest.mark.parametrize("method", ["get", "head"])
    def test_is_found_as_people_type_it(self, client: Client, typed: str, meant: str, method: str) -> None:
        answer = getattr(client, method)(typed, headers=PAGE)

        assert (answer.status_code, answer["Location"]) == (302, meant)

    @pytest.mark.parametrize(
        "typed",
        [
            "/nope",
            "/nope/",
            "/keys/AbCdEf123456/Delete",
            "/static/nope/",
            "/pumble/redirect/?code=x",
            "/signout/",
            "/healthz/",
        ],
    )
    def test_that_is_not_there_is_not_made_up(self, client: Client, typed: str) -> None:
        assert client.get(typed, headers=PAGE).status_code == 404

    def test_is_led_to_without_a_key_that_stood_in_the_address(self, client: Client) -> None:
        answers = [
            client.get(f"/overview/?x={KEY}"),
            client.get(f"/keys/{KEY}"),
            client.get(f"/overview?q={KEY}"),
        ]

        assert [KEY in answer.get("Location", "") for answer in answers] == [False] * 3

    def test_is_no_answer_to_a_form(self, client: Client) -> None:
        for path in ("/admin", "/overview/", "/keys/AbCdEf123456/delete/"):
            assert client.post(path, headers=PAGE).status_code == 404


class TestACall:
    @pytest.mark.django_db
    @pytest.mark.parametrize("path", ["/listChannels", "/listChannels/", "/keyInfo", "/keyInfo/"])
    def test_is_served_with_and_without_a_slash(self, client: Client, path: str) -> None:
        answer = client.get(path)

        assert (answer.status_code, answer.json()["reason"]) == (403, "key_missing")

    @pytest.mark.parametrize(
        "path", ["/listchannels", "/listChannels//", "/overview/", "/Admin", "/healthz/"]
    )
    def test_with_a_key_never_leads_elsewhere(self, client: Client, path: str) -> None:
        answer = client.get(path, headers={"ApiKey": KEY})

        assert (answer.status_code, answer.json()["reason"]) == (404, "not_found")


@pytest.mark.django_db(transaction=True)
class TestALink:
    def test_keeps_its_query_through_the_sign_in(self, portal: str, ana: Person) -> None:
        browser = Browser(portal)
        link = "/keys/new/?name=deploy&preset=post-messages"
        canonical = browser.open(link, allow_redirects=False).headers["Location"]

        page = browser.sign_in(ana, browser.open(canonical, allow_redirects=False).headers["Location"])

        assert (urlsplit(page.url).path, urlsplit(page.url).query) == ("/keys/new", urlsplit(link).query)
        assert value_of("name", page.text) == "deploy"

    def test_from_another_host_of_ours_leads_through_the_public_one(self, portal: str, ana: Person) -> None:
        browser = Browser(portal.replace("127.0.0.1", "localhost"))
        start = browser.open("/keys/new?name=deploy", allow_redirects=False).headers["Location"]
        hop = browser.open(start, allow_redirects=False)
        assert hop.headers["Location"].startswith(f"{portal}/pumble/signin?next=%2Fkeys%2Fnew")
        assert "Set-Cookie" not in hop.headers

        page = browser.sign_in(ana, hop.headers["Location"])

        assert page.url == f"{portal}/keys/new?name=deploy"
        assert value_of("name", page.text) == "deploy"

    @pytest.mark.parametrize("path", ["/pumble/signin", "/pumble/install"])
    def test_behind_a_proxy_that_renames_the_host_does_not_go_round_in_circles(
        self, client: Client, settings: Settings, path: str
    ) -> None:
        settings.PUBLIC_URL = "https://keys.acme.test"
        settings.ALLOWED_HOSTS = ["portal.internal"]

        hop = client.get(path, HTTP_HOST="portal.internal")
        assert hop["Location"].startswith(f"https://keys.acme.test{path}?")
        onward = client.get(
            hop["Location"].removeprefix("https://keys.acme.test"), HTTP_HOST="portal.internal"
        )

        assert onward["Location"].startswith(settings.PUMBLE_CONSENT_SCREEN_URL)

    def test_never_comes_back_to_the_sign_in_itself(self, portal: str, ana: Person) -> None:
        assert Browser(portal).sign_in(ana, "/pumble/signin?next=/pumble/signin").url == f"{portal}/"


def is_no_error(log: io.StringIO) -> bool:
    return "ERROR" not in log.getvalue() and "Traceback" not in log.getvalue()


@pytest.mark.django_db
class TestAListOfTheAdmin:
    @pytest.fixture
    def keys(self, olivia: Member, monkeypatch: pytest.MonkeyPatch) -> list[ApiKey]:
        monkeypatch.setattr(ViewerAdmin, "list_per_page", 2)
        return [make_key(olivia, f"k{number}") for number in range(5)]

    @pytest.mark.parametrize(
        ("query", "name"),
        [
            ("foo=bar", "foo"),
            ("state__exact=live", "state__exact"),
            ("owner__email=a", "owner__email"),
            ("utm_source=chat", "utm_source"),
            ("State=live", "State"),
            ("page=2", "page"),
            ("e=1", "e"),
            ("%3Cb%3E=1", "&lt;b&gt;"),
            (f"{'x' * 3000}=1", "x" * 50),
        ],
    )
    @pytest.mark.parametrize("path", ["/admin/keys/apikey/", "/admin/keys/hourlyuse/"])
    def test_names_the_filter_that_it_does_not_have(
        self, olivia: Member, keys: list[ApiKey], log_lines: io.StringIO, path: str, query: str, name: str
    ) -> None:
        answer = browser_of(olivia).get(f"{path}?q=k&{query}")

        assert answer.status_code == 400
        assert f"This list has no filter “{name}”." in text(answer)
        assert f'href="{path}?q=k"' in text(answer)
        assert not any(key.name + " " in words(answer) for key in keys)
        assert is_no_error(log_lines)

    @pytest.mark.both_databases
    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("p=2", 200),
            ("p=3", 200),
            ("p=4", 400),
            ("p=99999999999999999999", 400),
            ("p=0", 400),
            ("p=-1", 400),
            ("p=x", 200),
            ("p=", 200),
        ],
    )
    def test_says_when_it_has_no_such_page(
        self, olivia: Member, keys: list[ApiKey], log_lines: io.StringIO, query: str, status: int
    ) -> None:
        answer = browser_of(olivia).get(f"/admin/keys/apikey/?state=live&{query}")

        assert answer.status_code == status
        if status == 400:
            assert "This list has fewer pages." in words(answer)
            assert 'href="/admin/keys/apikey/?state=live"' in text(answer)
        assert is_no_error(log_lines)

    @pytest.mark.both_databases
    @pytest.mark.parametrize(
        "address",
        [
            "apikey/?state=bogus", "apikey/?state=%00", "apikey/?holder=x", "apikey/?holder=99999999999999999999",
            "apikey/?used=x", "apikey/?state=live&state=bogus", "auditevent/?since=yesterday", "auditevent/?since=2026-02-30",
            "auditevent/?until=0000-00-00", "auditevent/?until=99999-01-01", "requestlog/?since=%00",
            "apikey/?o=x", "apikey/?o=99.-99", "apikey/?q=%00", "member/?o=1.2.3.4.5.6.7",
        ],
    )  # fmt: skip
    def test_shows_what_it_was_asked_and_no_error_for_values_that_make_no_sense(
        self, olivia: Member, keys: list[ApiKey], log_lines: io.StringIO, address: str
    ) -> None:
        answer = browser_of(olivia).get(f"/admin/keys/{address}")

        assert answer.status_code == 200
        if not any(part in address for part in ("o=", "q=")):
            assert "Nothing matches the search and the filters." in words(answer)
        assert is_no_error(log_lines)

    def test_exports_nothing_by_a_filter_that_it_does_not_have(
        self, olivia: Member, log_lines: io.StringIO
    ) -> None:
        answer = browser_of(olivia).post("/admin/keys/auditevent/export/?sinse=2026-01-01", {"format": "csv"})

        assert (answer.status_code, "This list has no filter “sinse”." in words(answer)) == (400, True)
        assert is_no_error(log_lines)


class TestAnotherHost:
    @pytest.mark.parametrize(
        "host", ["evil.test", "127.0.0.1.evil.test", "a b", "[::1", "", "x" * 300, "127.0.0.1:80:80", "_"]
    )
    @pytest.mark.parametrize("path", ["/", "/nope", "/admin/", "/pumble/signin"])
    def test_is_a_page_that_says_where_the_portal_is(
        self, client: Client, settings: Settings, log_lines: io.StringIO, host: str, path: str
    ) -> None:
        settings.PUBLIC_URL = PUBLIC

        answer: Any = client.get(path, headers=PAGE, HTTP_HOST=host)

        assert answer.status_code == 400
        assert "The portal does not serve this host name." in words(answer)
        assert f'href="{PUBLIC}"' in text(answer)
        assert is_no_error(log_lines)

    @pytest.mark.parametrize("path", ["/listChannels", "/nope", "/manifest"])
    def test_is_no_error_for_programs_either(self, client: Client, log_lines: io.StringIO, path: str) -> None:
        answer = client.get(path, HTTP_HOST="evil.test")

        assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) in {
            (400, "application/json"),
            (403, "application/json"),
        }
        assert is_no_error(log_lines)


@pytest.mark.django_db
class TestABrokenForm:
    """What Django takes for an attack is mostly a broken client."""

    def test_with_too_many_fields_is_no_error(self, olivia: Member, log_lines: io.StringIO) -> None:
        answer = browser_of(olivia).post("/keys/new", {f"f{number}": "" for number in range(1001)})

        assert answer.status_code == 400
        assert is_no_error(log_lines)

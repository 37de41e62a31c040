"""Forms in a real browser after the session ended: the page explains it and links back to the form."""

import itertools
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import NewPage, Stack, shoot
from tests.browser.test_dashboard import call, create, fits, found_by_axe, sign_in

pytestmark = pytest.mark.browser

numbers = itertools.count(1)  # for names of their own


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(request: pytest.FixtureRequest, chromium: Browser, stack: Stack) -> Iterator[Page]:
    """A page of a browser in which Ana is signed in."""
    with closing(chromium.new_context(java_script_enabled=request.param, locale="en-GB")) as context:
        page = context.new_page()
        page.set_default_timeout(15_000)
        sign_in(page, stack)
        yield page


def end_sessions(stack: Stack) -> None:
    with closing(sqlite3.connect(stack.data_dir / "portal.sqlite3", timeout=10)) as database, database:
        database.execute("DELETE FROM django_session")


def says_so_and_leads_back(page: Page, stack: Stack) -> None:
    """Go from the page that says that the session has ended through the sign-in."""
    expect(page.get_by_role("heading", name="Your session has ended")).to_be_visible()
    expect(page.get_by_text("Nothing was changed.")).to_be_visible()
    page.get_by_role("link", name="Sign in", exact=True).click()
    page.get_by_test_id("consent-allow").click()
    page.wait_for_url(re.compile(f"^{stack.portal}/"))


@pytest.fixture
def key(page: Page, stack: Stack) -> str:
    """The plaintext of a key of Ana's."""
    return create(page, stack, f"leaked {next(numbers)}")


class TestAfterTheSessionEnded:
    def test_a_key_is_created_when_the_form_is_sent_again(self, page: Page, stack: Stack) -> None:
        name = f"late {next(numbers)}"
        page.goto(f"{stack.portal}/keys/new")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Purpose").fill("what took so long to write")
        page.get_by_role("radio", name=re.compile("^Read only")).check()
        end_sessions(stack)
        page.get_by_role("button", name="Create key").click()

        says_so_and_leads_back(page, stack)

        expect(page.get_by_label("Name")).to_have_value(name)
        expect(page.get_by_label("Purpose")).to_have_value("what took so long to write")
        expect(page.get_by_role("radio", name=re.compile("^Read only"))).to_be_checked()
        page.get_by_role("button", name="Create key").dblclick()
        expect(page.locator("#plaintext")).to_be_visible()
        page.goto(f"{stack.portal}/?state=all&q={name}")
        expect(page.get_by_text("1 key", exact=True)).to_be_visible()

    def test_a_leaked_key_is_deleted_when_the_form_is_sent_again(
        self, page: Page, stack: Stack, key: str
    ) -> None:
        page.goto(f"{stack.portal}/keys/{key[4:16]}/delete")
        end_sessions(stack)
        page.get_by_role("button", name="Delete key").click()

        says_so_and_leads_back(page, stack)

        page.get_by_role("button", name="Delete key").click()
        expect(page.get_by_role("status")).to_contain_text(
            "is deleted. Programs that use it are now refused."
        )
        assert call(stack, key).json()["reason"] == "key_revoked"

    def test_a_key_is_disabled_when_the_form_is_sent_again(self, page: Page, stack: Stack, key: str) -> None:
        page.goto(f"{stack.portal}/keys/{key[4:16]}/")
        end_sessions(stack)
        page.get_by_role("button", name="Disable").click()
        assert call(stack, key).ok

        says_so_and_leads_back(page, stack)

        page.get_by_role("button", name="Disable").click()
        expect(page.get_by_role("status")).to_contain_text("is disabled. Programs that use it are refused")
        assert call(stack, key).json()["reason"] == "key_disabled"

    def test_the_api_can_be_tried_when_the_form_is_sent_again(self, page: Page, stack: Stack) -> None:
        page.goto(stack.portal)
        end_sessions(stack)
        page.get_by_role("button", name="Try the API").click()

        says_so_and_leads_back(page, stack)

        page.get_by_role("button", name="Try the API").click()
        expect(page.get_by_text("This page uses a trial key")).to_be_visible()

    @pytest.mark.parametrize(
        ("path", "press"),
        [
            (
                "/signout/everywhere",
                lambda page: page.get_by_role("button", name="Sign out everywhere").click(),
            ),
            ("/", lambda page: page.get_by_role("button", name="Show").click()),
            ("/admin/", lambda page: page.get_by_role("button", name="Look up").click()),
            (
                "/admin/keys/auditevent/",
                lambda page: page.get_by_role("button", name="Export as CSV").click(),
            ),
        ],
        ids=["sign out everywhere", "search", "whose key", "export"],
    )
    def test_every_other_form_explains_it(
        self, page: Page, stack: Stack, key: str, path: str, press: Callable[[Page], None]
    ) -> None:
        page.goto(stack.portal + path)
        end_sessions(stack)
        press(page)

        expect(page.get_by_role("heading", name="Your session has ended")).to_be_visible()

    def test_the_language_changes_and_the_page_links_back(self, page: Page, stack: Stack) -> None:
        page.goto(f"{stack.portal}/keys/new?name=deploy")
        end_sessions(stack)
        page.get_by_role("button", name="Español").click()

        expect(page.get_by_role("heading", name="Tu sesión ha terminado")).to_be_visible()
        page.get_by_role("link", name="Iniciar sesión", exact=True).click()
        page.get_by_test_id("consent-allow").click()
        expect(page.get_by_label("Nombre")).to_have_value("deploy")
        page.get_by_role("button", name="English").click()  # Ana's chat speaks it as well
        expect(page.get_by_label("Name")).to_be_visible()


class TestBusyButton:
    @pytest.fixture
    def waiting(self, stack: Stack, new_page: NewPage) -> Page:
        """A form that was sent and gets no answer."""
        page = new_page()
        sign_in(page, stack)
        page.clock.install()
        page.goto(f"{stack.portal}/keys/new")
        page.get_by_label("Name").fill("no answer")
        page.evaluate(
            "document.querySelector('form.sheet').addEventListener('submit', (event) => event.preventDefault())"
        )
        button = page.locator("form.sheet .button.primary")
        button.click()
        expect(button).to_have_text("Creating…")
        return page

    def is_itself_again(self, page: Page) -> None:
        expect(page.locator("form.sheet .button.primary")).to_have_text("Create key")
        expect(page.locator("form[aria-busy]")).to_have_count(0)
        expect(page.get_by_label("Name")).to_have_value("no answer")

    def test_is_reset_after_a_timeout(self, waiting: Page) -> None:
        waiting.clock.fast_forward(21_000)

        self.is_itself_again(waiting)

    def test_is_reset_when_the_browser_restores_the_page(self, waiting: Page) -> None:
        waiting.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")

        self.is_itself_again(waiting)

    def test_is_reset_when_the_browser_blocks_the_redirect(self, waiting: Page) -> None:
        waiting.evaluate(
            "document.dispatchEvent(new SecurityPolicyViolationEvent('securitypolicyviolation'))"
        )

        self.is_itself_again(waiting)


def test_a_rotation_stops_refreshing_without_errors(stack: Stack, new_page: NewPage) -> None:
    page = new_page()
    sign_in(page, stack)
    key = create(page, stack, f"rotated {next(numbers)}")
    page.get_by_label("I have saved this key").check()
    page.clock.install()
    page.goto(f"{stack.portal}/keys/{key[4:16]}/rotate")
    page.get_by_role("button", name="Rotate key").click()
    page.get_by_label("I have saved this key").check()
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("heading", name="Rotation in progress")).to_be_visible()
    end_sessions(stack)

    for _again in range(2):  # what the first one brings about is known by the second
        with page.expect_response(lambda response: "/keys/" in response.url and response.status == 302):
            page.clock.run_for(6_000)

    expect(
        page.get_by_role("button", name="Finish the rotation")
    ).to_be_visible()  # and the console has no complaint


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("language", ["en-GB", "es-ES"])
def test_the_page_is_accessible_and_fits(
    stack: Stack, new_page: NewPage, theme: str, width: int, language: str
) -> None:
    page = new_page(theme=theme, width=width, language=language)
    sign_in(page, stack)
    page.goto(f"{stack.portal}/keys/new")
    page.locator("[name=name]").fill("deploy")
    end_sessions(stack)
    page.locator("form.sheet .button.primary").click()
    expect(page.locator(".problem")).to_be_visible()

    shoot(page, f"session-ended-{language[:2]}-{theme}-{width}", whole=True)
    assert found_by_axe(page) == []
    assert fits(page)

"""Pages outside the REST API: start page, health, reference, errors, headers."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
import requests
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.urls import get_resolver

from portal.wsgi import ErrorBoundary
from pumble_bridge.strict_json import MAX_BODY_BYTES
from tests.pumble import Person

PAGE = {"accept": "text/html,application/xhtml+xml"}


@pytest.mark.django_db
class TestTheStartPage:
    def test_says_what_this_is_and_offers_sign_in_and_reference(self, client: Client) -> None:
        page = client.get("/", headers=PAGE).content.decode()

        assert 'href="/pumble/signin"' in page
        assert 'href="/pumble/install"' in page
        assert 'href="/api-docs/plain/"' in page

    @pytest.mark.parametrize(
        ("accepts", "language", "sentence"), [("es", "es", "Iniciar sesión"), ("fr", "en", "Sign in")]
    )
    def test_speaks_the_browsers_language(
        self, client: Client, accepts: str, language: str, sentence: str
    ) -> None:
        answer = client.get("/", headers=PAGE | {"accept-language": accepts})

        assert answer["Content-Language"] == language
        assert f'<html lang="{language}">' in answer.content.decode()
        assert sentence in answer.content.decode()

    def test_stays_in_the_language_that_was_chosen(self, client: Client) -> None:
        client.post("/language", {"language": "es", "next": "/"})

        assert "Iniciar sesión" in client.get("/", headers=PAGE).content.decode()


@pytest.mark.django_db
class TestHealth:
    def test_is_told_without_a_session_or_a_word_too_many(self, client: Client) -> None:
        alive, ready = client.get("/healthz"), client.get("/readyz")

        assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
        assert (ready.status_code, ready.json()["status"]) == (200, "ok")
        assert not alive.cookies
        assert not ready.cookies

    def test_is_not_ready_with_a_migration_missing(self, client: Client) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'keys'")

        answer = client.get("/readyz")

        assert (answer.status_code, answer.json()["migrations"]) == (503, "missing")
        assert client.get("/healthz").status_code == 200

    def test_is_not_ready_without_its_database(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        def away(_recorder: Any) -> None:
            raise InterfaceError("connection to 10.0.0.5 refused")

        monkeypatch.setattr(MigrationRecorder, "applied_migrations", away)

        answer = client.get("/readyz")

        assert answer.status_code == 503
        assert answer.json() == {"status": "unavailable", "database": "down", "migrations": "unknown"}

    def test_is_not_ready_once_it_is_to_stop(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("portal.health.is_shutting_down", True)

        answer = client.get("/readyz")

        assert (answer.status_code, answer.json()["process"]) == (503, "stopping")
        assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
class TestTheReference:
    def test_is_public_html_with_assets_of_our_own(self, client: Client) -> None:
        page = client.get("/api-docs/", headers=PAGE)

        assert page["Content-Type"].startswith("text/html")
        sources = re.findall(r'(?:src|href)="([^"]+)"', page.content.decode())
        assert sources
        assert all(source.startswith(("/", "#")) for source in sources)
        assert "<script>" not in page.content.decode()
        assert "<style" not in page.content.decode()


@pytest.mark.django_db
class TestAnUnknownPath:
    def test_is_json_for_a_program(self, client: Client) -> None:
        for path in ("/nope", "/sendmessage", "/listChannels/x", "/%ff", "/api-docs/nope"):
            answer = client.get(path)
            assert (answer.status_code, answer.json()["reason"]) == (404, "not_found")

    def test_is_a_page_for_a_browser(self, client: Client) -> None:
        answer = client.get("/nope", headers=PAGE)

        assert answer.status_code == 404
        assert answer["X-Request-Id"] in answer.content.decode()


@pytest.mark.django_db
class TestAPage:
    def test_of_a_form_sent_without_its_token_is_ours(self) -> None:
        answer = Client(enforce_csrf_checks=True).post("/signout", headers=PAGE)

        assert answer.status_code == 403
        assert "out of date" in answer.content.decode()


class TestTheErrorBoundary:
    def test_answers_in_the_contracts_shape_what_escapes_django(self, log_lines: Any) -> None:
        def broken(_environ: dict[str, Any], _start: Callable[..., Any]) -> Any:
            raise RuntimeError("secret detail")

        said: list[Any] = []
        body = b"".join(
            ErrorBoundary(broken)({"HTTP_X_REQUEST_ID": "trace-00001"}, lambda *args: said.extend(args))
        )

        assert said[0].startswith("500")
        assert b'"reason": "internal"' in body
        assert b"trace-00001" in body
        assert b"secret detail" not in body
        assert "secret detail" in log_lines.getvalue()

    def test_lets_a_body_in_chunks_be_read_and_no_more_of_it_than_is_too_large(self) -> None:
        seen: dict[str, Any] = {}

        def application(environ: dict[str, Any], _start: Callable[..., Any]) -> list[bytes]:
            seen.update(environ)
            return []

        for length in (5, MAX_BODY_BYTES, 3_000_000):
            environ = {"HTTP_TRANSFER_ENCODING": "Chunked", "wsgi.input": io.BytesIO(b"x" * length)}
            ErrorBoundary(application)(environ, lambda *_: None)
            if length > MAX_BODY_BYTES:
                assert seen == {}
            else:
                assert (seen["CONTENT_LENGTH"], seen["wsgi.input"].read()) == (str(length), b"x" * length)
            seen.clear()

    @pytest.mark.parametrize(
        ("sent", "passed"),
        [
            ("application/json; charset=zlib", "application/json"),
            ("text/plain; charset=undefined", "text/plain"),
            ('a/b; charset=zlib; x="charset=utf-8"', "a/b"),
            ("a/b; charset=utf-8; charset*=utf-8''zlib", "a/b"),
            ("application/json; charset=utf-8", "application/json"),
            ("application/json", "application/json"),
            ("multipart/form-data; boundary=x", "multipart/form-data; boundary=x"),
            ("", ""),
        ],
    )
    def test_takes_charsets_away(self, sent: str, passed: str) -> None:
        seen: dict[str, Any] = {}

        def application(environ: dict[str, Any], _start: Callable[..., Any]) -> list[bytes]:
            seen.update(environ)
            return []

        ErrorBoundary(application)({"CONTENT_TYPE": sent}, lambda *_: None)

        assert seen["CONTENT_TYPE"] == passed

    @pytest.mark.parametrize("length", [str(MAX_BODY_BYTES + 1), "9" * 30, "-1", "x"])
    def test_refuses_a_body_over_the_limit_before_anybody_reads_it(self, length: str) -> None:
        said: list[Any] = []
        environ = {"CONTENT_LENGTH": length, "wsgi.input": None}

        body = b"".join(ErrorBoundary(None)(environ, lambda *args: said.extend(args)))

        assert said[0].startswith("413")
        assert b'"reason": "too_large"' in body


@pytest.mark.django_db(transaction=True)
class TestAnUnhandledException:
    def test_is_a_500_in_the_contracts_shape_with_the_traceback_in_the_log(
        self, portal: str, ana: Person, monkeypatch: pytest.MonkeyPatch, log_lines: Any
    ) -> None:
        from keys import authentication

        def fail(*_args: Any, **_options: Any) -> None:
            raise RuntimeError("the cause")

        monkeypatch.setattr(authentication, "authenticate", fail)

        answer = requests.get(f"{portal}/myInfo", headers={"ApiKey": "x"}, timeout=5)

        assert (answer.status_code, answer.json()["reason"]) == (500, "internal")
        assert "the cause" not in answer.text
        assert "the cause" in log_lines.getvalue()
        assert answer.json()["requestId"] in log_lines.getvalue()


@pytest.mark.django_db
class TestTheUrls:
    PUBLIC = {
        "", "keys/new/", "signout", "signout/everywhere", "language", "manifest", "pumble/hook", "pumble/install", "pumble/signin", "pumble/redirect",
        "healthz", "readyz", "metrics", "api-docs/", "api-docs/plain/", "api-docs/openapi.json", "api-docs/openapi.yaml",
        "api-docs/plain.md", "llms.txt",
    }  # fmt: skip

    SIGNED_IN = {
        "api-docs/try", "overview", "lookup/", "lookup/<str:looked_up>/", "keys/new", "keys/<slug:key_id>/", "keys/<slug:key_id>/rename", "keys/<slug:key_id>/narrow",
        "keys/<slug:key_id>/disable", "keys/<slug:key_id>/enable", "keys/<slug:key_id>/rotate",
        "keys/<slug:key_id>/finish", "keys/<slug:key_id>/stop-listening", "keys/<slug:key_id>/renew", "keys/<slug:key_id>/delete", "keys/<slug:key_id>/remedy",
        "workspace-keys/", "workspace-keys/new", "keys/<slug:key_id>/responsible",
    }  # fmt: skip

    SIGNED = "doctor/probe"  # test_doctor.py has it

    def test_opens_nothing_without_a_key_that_is_not_on_the_short_list(self, client: Client) -> None:
        for pattern in get_resolver().url_patterns:
            route = str(pattern.pattern)
            if route in self.SIGNED_IN:
                for method in ("GET", "POST", "PUT", "DELETE"):
                    answer = client.generic(
                        method,
                        "/" + route.replace("<slug:key_id>", "x" * 12).replace("<str:looked_up>", "x" * 12),
                    )
                    if method == "GET":
                        assert answer["Location"].startswith("/pumble/signin?next=%2F"), route
                    else:
                        assert (answer.status_code, answer.has_header("Location")) == (403, False), route
            elif route == self.SIGNED:
                for method in ("GET", "POST", "PUT", "DELETE"):
                    assert client.generic(method, f"/{route}", b"{").status_code == 404
            elif route != "admin/" and route not in self.PUBLIC:  # test_admin_matrix.py has all below it
                for method in ("GET", "POST", "PUT", "DELETE"):
                    answer = client.generic(method, f"/{route}", b"{", content_type="application/json")
                    assert answer.json()["reason"] in {"key_missing", "method_not_allowed"}, route


class TestTheManifest:
    def test_has_absolute_urls_and_no_secrets(self, client: Client, settings: Any) -> None:
        manifest = client.get("/manifest").json()

        text = str(manifest)
        assert not any(secret in text for secret in settings.PUMBLE_APP_SIGNING_SECRETS)
        assert settings.PUMBLE_APP_CLIENT_SECRET not in text
        assert settings.PUMBLE_APP_KEY not in text
        assert manifest["redirectUrls"] == [f"{settings.PUBLIC_URL}/pumble/redirect"]
        assert all(len(command["usageHint"]) <= 55 for command in manifest["slashCommands"])


class TestAnUnreachableDatabase:
    """No database at all here: what is shown needs none."""

    @pytest.fixture
    def client(self, monkeypatch: pytest.MonkeyPatch) -> Client:
        def away(*_arguments: Any, **_options: Any) -> None:
            raise OperationalError("server closed the connection")

        monkeypatch.setattr("portal.middleware.get_session_user", away)
        return Client(raise_request_exception=False)

    def test_is_a_page_that_says_when_to_come_back(self, client: Client) -> None:
        answer = client.get("/keys/new", headers={"accept": "text/html"})

        assert (answer.status_code, answer["Retry-After"]) == (503, "2")
        assert "not available right now" in answer.content.decode()
        assert answer["X-Request-Id"] in answer.content.decode()
        assert "server closed" not in answer.content.decode()

    def test_is_said_to_programs_in_the_contracts_shape(self, client: Client) -> None:
        answer = client.get("/keys/new")

        assert (answer.status_code, answer.json()["reason"]) == (503, "unavailable")

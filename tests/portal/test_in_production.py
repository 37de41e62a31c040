"""The portal as in production: headers of every response, what it stores, health and metrics."""

import itertools
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from cryptography.fernet import Fernet
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from keys import key_format
from tests import pumble
from tests.portal.servers import ProductionServer, Visitor, query_of, serving
from tests.pumble import Person
from tests.pumble_bridge import hooks

CODES = re.compile(r"pmb_\w{51}")


@pytest.fixture(scope="module")
def served(_pumble_process: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProductionServer]:
    pumble.act("reset")
    # The seed's own app would hear of all that happens here, in a server of other tests.
    pumble.act("uninstall", userId=pumble.person("ana@acme.test").id)
    with serving(tmp_path_factory.mktemp("served")) as running:
        yield running
    pumble.settle()


@pytest.fixture(scope="module")
def installed(served: ProductionServer) -> Visitor:
    """Ana's browser. She installed the app, so she is signed in."""
    visitor = Visitor(served)
    visitor.sign_in(pumble.person("ana@acme.test"), "install")
    return visitor


def addresses(patterns: list[Any], before: str = "/") -> Iterator[str]:
    """Every address of the map, with something in each of its gaps."""
    for pattern in patterns:
        route = before + re.sub(r"<[^>]+>", "1", str(pattern.pattern)).replace("^", "").rstrip("$\\Z")
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield re.sub(r"\(.*\)", "x", route)


class TestEveryAnswer:
    NEVER = ("access-control-", "server-timing", "x-powered-by")
    ALWAYS = {
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "x-frame-options": "DENY",
        "strict-transport-security": "max-age=31536000",
    }
    POLICY = {
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    }

    def check(self, answer: requests.Response) -> None:
        where = f"{answer.request.method} {answer.request.url}"
        for name, value in self.ALWAYS.items():
            assert answer.headers.get(name) == value, (where, name)
        policy = set(answer.headers["Content-Security-Policy"].split("; "))
        pictures = {"img-src 'self' data:"}
        reference = urlsplit(str(answer.request.url)).path == "/api-docs/" and answer.status_code == 200
        assert policy == (self.POLICY | pictures if reference else self.POLICY), where
        assert "camera=()" in answer.headers["Permissions-Policy"], where
        assert not [name for name in answer.headers if name.lower().startswith(self.NEVER)], where
        for cookie in answer.raw.headers.getlist("Set-Cookie"):
            self.check_cookie(cookie)

    def check_cookie(self, cookie: str) -> None:
        assert cookie.startswith("__Host-"), cookie
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= attributes, cookie
        assert not any(attribute.startswith("domain") for attribute in attributes), cookie

    def test_is_safe_for_a_browser_whatever_is_asked_for(
        self, served: ProductionServer, installed: Visitor
    ) -> None:
        visited = list(addresses(get_resolver().url_patterns))
        assert len(visited) > 60

        for path in [*visited, "/nowhere", "/keys/", "/static/nowhere.css"]:
            for visit in (installed.open, Visitor(served).open, served.ask):
                answer = visit(path)
                self.check(answer)
                assert answer.status_code < 500, path
                if path != "/" and not path.startswith("/static/"):
                    assert "no-store" in answer.headers["Cache-Control"], path
            if not path.startswith("/signout"):
                self.check(served.ask(path, "POST", data={"x": "y"}))

    def test_is_safe_too_where_it_is_a_file(self, served: ProductionServer, installed: Visitor) -> None:
        sources = re.findall(r'(?:src|href)="(/static/[^"]+)"', installed.open("/").text)

        assert sources
        for source in sources:
            self.check(served.ask(source))

    @pytest.mark.parametrize(
        ("ask", "status"),
        [
            (lambda served: served.ask("/", headers={"Host": "evil.test"}), 403),
            (lambda served: served.ask("/", headers={"Host": "evil.test", "Accept": "text/html"}), 400),
            (lambda served: served.ask("/myInfo", headers={"Host": "evil.test", "ApiKey": "x"}), 403),
            (lambda served: served.ask("/myInfo", "POST"), 405),
            (lambda served: served.ask("/x", headers={"Accept": "text/html"}), 404),
            (lambda served: served.ask("/language", "POST", headers={"Accept": "text/html"}), 403),
            (lambda served: served.ask("/language", "POST", data=b"x" * 1_100_000), 413),
            (lambda served: served.ask("/pumble/redirect", headers={"Accept": "text/html"}), 400),
        ],
    )
    def test_names_its_request_and_is_safe_also_where_something_is_wrong(
        self, served: ProductionServer, ask: Callable[[ProductionServer], requests.Response], status: int
    ) -> None:
        answer = ask(served)

        assert answer.status_code == status
        assert answer.headers["X-Request-Id"] in answer.text
        self.check(answer)


class TestHealth:
    def test_answers_under_any_host_name(self, served: ProductionServer) -> None:
        for path in ("/healthz", "/readyz"):
            answer = requests.get(served.url + path, timeout=5)

            assert answer.json()["status"] == "ok", path
            assert set(answer.json().values()) == {"ok"}
            assert not answer.cookies

    def test_has_a_line_for_each_thing_that_is_needed(self, served: ProductionServer) -> None:
        assert requests.get(f"{served.url}/readyz", timeout=5).json() == {
            "status": "ok",
            "database": "ok",
            "migrations": "ok",
        }


class TestWhatIsStored:
    """Marked secrets go through every surface, right and wrong; then everything that is left is looked through."""

    def test_has_no_secret_in_it(self, served: ProductionServer, installed: Visitor) -> None:
        marked = dict(served.marked)
        ana, general = pumble.person("ana@acme.test"), ""
        general = pumble.channel(ana.workspace_id, "general")
        keys = self.make_keys(served, installed, ana, general)
        answers: list[requests.Response] = []
        answers += self.call_with(served, keys["chat"])
        answers += self.call_with(served, keys["unknown"])
        answers += self.hook_with(served, ana, general, keys, marked)
        answers += self.travel(served, installed, marked)
        answers += self.fill_in_forms(installed, keys)
        told = self.command(served, keys["chat"])
        answers.append(served.ask("/metrics", headers={"Authorization": f"Bearer {marked['METRICS_TOKEN']}"}))
        assert "portal_requests_total" in answers[-1].text
        cookies = {f"cookie {name}": value for name, value in installed.cookies.items() if "lang" not in name}
        for what, key in keys.items():
            marked[f"{what} key"] = key[17:]
        marked |= self.tokens(served)

        key_id = keys["chat"][4:16]
        served.wait_for_usage(key_id, calls=10)
        log, files, database = served.log.read_text(), served.stored_bytes(), served.dump()

        said = "\n".join(answer.text + str(answer.headers) for answer in answers) + told
        for what, secret in marked.items():
            for where, text in {"the log": log, "the database": database, "an answer": said}.items():
                assert secret not in text, (
                    f"{what} in {where}: {text[max(text.find(secret) - 200, 0) :][:300]}"
                )
            assert secret.encode() not in files, f"{what} in a file"
        for what, secret in cookies.items():
            assert secret not in log, f"{what} in the log"
        for line in log.splitlines():
            json.loads(line)
        assert f'"key": "{key_id}"' in log

    def make_keys(
        self, served: ProductionServer, visitor: Visitor, ana: Person, general: str
    ) -> dict[str, str]:
        self.hook(served, hooks.command(ana, general, "generate from chat"))
        codes = [CODES.search(text) for text in ana.ephemerals(general)]
        shown = CODES.search(
            visitor.send(
                "/keys/new", "/keys/new", name="web", preset="post-messages", where="all", expiry="30"
            ).text
        )
        assert codes[-1]
        assert shown, visitor.answers[-1].text
        visitor.answers.clear()
        return {"chat": codes[-1][0], "web": shown[0], "unknown": key_format.generate().text}

    def call_with(self, served: ProductionServer, key: str) -> list[requests.Response]:
        in_headers: list[dict[str, str]] = [
            {"ApiKey": key},
            {"Api-Key": key},
            {"X-API-Key": key},
            {"Authorization": f"Bearer {key}"},
            {"Authorization": key},
            {"Authorization": f"Basic {key}"},
            {"Cookie": f"ApiKey={key}"},
            {"token": key, "x-app-token": key},
            {
                "ApiKey": key + "x",
                "User-Agent": key,
                "X-Request-Id": key,
                "Referer": f"https://x.test/?k={key}",
            },
            {"ApiKey": key, "Idempotency-Key": key, "User-Agent": key, "X-Forwarded-For": key},
        ]
        body = {"channel": "general", "text": key, "cursor": key, key: key}
        answers = [served.ask("/myInfo", headers=headers) for headers in in_headers]
        answers += [served.ask("/sendMessage", "POST", json=body, headers=headers) for headers in in_headers]
        paths = (
            f"/{key}",
            f"/myInfo?ApiKey={key}",
            f"/keys/{key}/",
            f"/myInfo/{key}",
            f"/{key}?{key}={key}#{key}",
        )
        for path, accept in itertools.product(paths, ("text/html", "*/*")):
            answers.append(served.ask(path, headers={"Accept": accept}))
        answers.append(served.ask(f"/pumble/signin?next=/{key}"))
        answers.append(
            served.ask("/listMessages", headers={"ApiKey": key}, params={"channel": "general", "cursor": key})
        )
        return answers

    def hook(self, served: ProductionServer, body: dict[str, Any], **changes: Any) -> requests.Response:
        secret = served.environment["PUMBLE_APP_SIGNING_SECRET"]
        return hooks.send(served.url, hooks.raw(body), secret=secret, Host="keys.example.test", **changes)

    def hook_with(
        self,
        served: ProductionServer,
        ana: Person,
        general: str,
        keys: dict[str, str],
        marked: dict[str, str],
    ) -> list[requests.Response]:
        key = keys["unknown"]
        bodies = [
            hooks.command(ana, general, f"generate {key}", triggerId="t-a"),
            hooks.command(ana, general, f"delete {keys['web']}", triggerId="t-b"),
            hooks.command(ana, general, key, triggerId="t-c"),
            hooks.click(ana, key, key),
            hooks.menu(ana, key),
            hooks.event(ana, key, body=key),
            {"messageType": key},
        ]
        answers = [self.hook(served, body) for body in bodies]
        answers.append(self.hook(served, bodies[0], late_by=900))
        answers.append(hooks.send(served.url, b"{}", secret="another", Host="keys.example.test"))
        for number, answer in enumerate(answers):
            marked[f"signature {number}"] = str(answer.request.headers["x-pumble-request-signature"])
        return answers

    def travel(
        self, served: ProductionServer, visitor: Visitor, marked: dict[str, str]
    ) -> list[requests.Response]:
        """There and back with everything that can go wrong on the way."""
        other = Visitor(served)
        trip = other.sign_in(pumble.person("ben@acme.test"))
        other.open(f"/pumble/redirect?code={trip['code']}&state={trip['state']}")
        marked |= {"code": trip["code"], "state": trip["state"]}
        for number, fault in enumerate(("drop", "garbage", "status:500")):
            left = query_of(other.open("/pumble/signin").headers["Location"])["state"]
            pumble.faults({"match": "POST /oauth2/access", "do": fault, "times": 1})
            code = f"a-code-that-is-marked-{number}"
            assert other.open(f"/pumble/redirect?code={code}&state={left}").status_code in {400, 502}
            marked |= {f"state {number}": left, f"code {number}": code}
        pumble.faults()
        assert len(other.answers) > 8
        return [answer for answer in other.answers if "Location" not in answer.headers]

    def fill_in_forms(self, visitor: Visitor, keys: dict[str, str]) -> list[requests.Response]:
        key = keys["unknown"]
        form = {"preset": "post-messages", "where": "all", "expiry": "30"}
        visitor.send("/keys/new", "/keys/new", name=key, **form)
        visitor.send("/keys/new", "/keys/new", name="x" * 99, purpose=keys["chat"][:30], **form)
        visitor.send("/language", "/", language=key, next=f"/?{key}")
        visitor.open("/keys/new", "POST", data={"name": key, "csrfmiddlewaretoken": "x" * 64})
        visitor.open(f"/keys/{key}/rename", "POST", data={"name": key})
        visitor.open(f"/?done={key}")
        return visitor.answers

    def command(self, served: ProductionServer, key: str) -> str:
        found = served.manage("identify_key", stdin=f"leaked: {key}")
        revoked = served.manage("revoke_key", key, "--reason", f"leaked: {key}")
        assert (found.returncode, revoked.returncode) == (0, 0)
        return found.stdout + found.stderr + revoked.stdout + revoked.stderr

    def tokens(self, served: ProductionServer) -> dict[str, str]:
        """Pumble's tokens, as only the encryption key shows them."""
        fernet = Fernet(served.environment["TOKEN_ENCRYPTION_KEYS"])
        database = sqlite3.connect(served.data_dir / "portal.sqlite3")
        stored = database.execute(
            "SELECT encrypted_access_token FROM pumble_bridge_authorization"
            " UNION SELECT encrypted_bot_token FROM pumble_bridge_installation"
        ).fetchall()
        database.close()
        assert len(stored) >= 3
        return {f"token {n}": json.loads(fernet.decrypt(row[0]))["token"] for n, row in enumerate(stored)}

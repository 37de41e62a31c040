"""Which role gets which status at each URL of the admin. A URL of the URLconf without a row here fails."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver
from django.utils import timezone

from keys import lifecycle, policies
from keys.models import ApiKey, AuditEvent, HourlyUse, LastUse, Member, Policy, RequestLog, Workspace
from portal.accounts.sessions import SIGNED_IN_AT
from portal.admin import urls
from portal.admin.site import site
from tests.conftest import NOW, make_member
from tests.portal.dashboard import PAGE, by, make_key, used

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
HERE = ("operator", "owner", "administrator")  # may come in, and see Alice's workspace
TURNED_AWAY = ("member", "guest")  # are told why not
UNKNOWN = ("stranger", "deactivated")  # are asked to sign in
EVERYBODY = (*HERE, "owner of another workspace", *TURNED_AWAY, *UNKNOWN)
FORGED = {
    "key_id": "x" * 12, "owner": "1", "workspace": "1", "scopes": '["messages:write"]', "digest": "00" * 32, "role": "OWNER",
    "is_superuser": "on", "is_active": "on", "name": "forged", "expires_at": "2099-01-01", "_save": "Save", "_saveasnew": "1",
    "action": "delete_selected", "post": "yes", "form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-MAX_NUM_FORMS": "1",
    "form-0-id": "1", "form-0-name": "forged",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """An address. `get` and `post` are the answers to those who may come in; `foreign` those to another's owner.

    Attributes:
        query: what stands behind the address.
        sent: what is sent by POST, beside forged fields; nothing of it may change anything.
        operators: owners do not find the page.
        operator: the answers to operators where they are others.
    """

    get: int
    post: int
    foreign: tuple[int, int]
    query: str = ""
    sent: "dict[str, str] | None" = None
    operators: bool = False
    operator: "tuple[int, int] | None" = None


LIST = Row(200, 405, (200, 405))
ONE = Row(200, 405, (404, 404))
ASKED = Row(200, 400, (404, 404), query="?key={key_id}", sent={"key": "{key_id}"})
ROWS = {
    "": LIST,
    "jsi18n/": LIST,
    "lookup/": Row(200, 400, (200, 400)),
    "lookup/{key_id}/": Row(200, 400, (404, 400)),
    "installation/": Row(200, 405, (404, 404), operators=True),
    "keys/apikey/": Row(200, 200, (200, 200)),
    "keys/apikey/{key}/change/": ONE,
    "keys/apikey/revoke/": ASKED,
    "keys/apikey/disable/": Row(
        200, 400, (404, 404), query="?key={key_id}", sent={"key": "{key_id}", "reason": "x" * 300}
    ),
    "keys/apikey/enable/": Row(200, 302, (404, 404), query="?key={key_id}", sent={"key": "{key_id}"}),
    "keys/member/": LIST,
    "keys/member/{member}/change/": ONE,
    "keys/member/{member}/stop/": Row(200, 400, (404, 404)),
    "keys/policy/": Row(302, 302, (302, 302), operator=(200, 200)),
    "keys/policy/{policy}/change/": Row(200, 400, (404, 404)),
    "keys/policy/{policy}/keys/": Row(200, 302, (404, 404)),
    "keys/auditevent/": LIST,
    "keys/auditevent/{event}/change/": ONE,
    "keys/auditevent/export/": Row(404, 404, (404, 404)),
    "keys/auditevent/verify/": Row(405, 302, (405, 302)),
    "keys/auditevent/verifier.py": LIST,
    "keys/auditevent/legend/": LIST,
    "keys/requestlog/": LIST,
    "keys/requestlog/{call}/change/": ONE,
    "keys/hourlyuse/": LIST,
    "keys/hourlyuse/{count}/change/": ONE,
    "keys/workspace/": Row(200, 405, (404, 404), operators=True),
    "keys/workspace/{workspace}/change/": Row(302, 302, (404, 404), operators=True),
}
ACTIONS = {("apikey", "revoke_selected"), ("apikey", "disable_selected"), ("apikey", "enable_selected")}
OF = {
    "keys/apikey/": "key", "keys/member/": "member", "keys/policy/": "policy", "keys/auditevent/": "event",
    "keys/requestlog/": "call", "keys/hourlyuse/": "count", "keys/workspace/": "workspace",
}  # fmt: skip
CLOSED = [
    "admin/password_change/", "admin/password_change/done/", "admin/autocomplete/", "admin/r/1/1/", "admin/keys/", "admin/nope/",
    "admin/logout/", "admin/keys/apikey/add/", "admin/keys/apikey/{key}/", "admin/keys/apikey/{key}/delete/",
    "admin/keys/apikey/{key}/history/", "admin/keys/member/{member}/password/", "admin/keys/member/add/",
    "admin/keys/auditevent/{event}/delete/", "admin/keys/apikey/?_popup=1", "admin/keys/apikey/?_to_field=id",
    "admin/keys/apikey/{key}/change/?_popup=1", "admin/keys/member/?_to_field=id&_popup=1", "admin/auth/user/",
    "admin/pumble_bridge/installation/", "admin/pumble_bridge/authorization/",
]  # fmt: skip


@pytest.fixture(autouse=True)
def fast_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def routes() -> list[str]:
    """Every address of the admin's URL map; where it names a row, that of Alice's workspace goes."""

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
        for pattern in patterns:
            route = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            else:
                yield route

    named = []
    for route in walk(urls.urlpatterns, ""):
        of = next((name for prefix, name in OF.items() if route.startswith(prefix)), "")
        named.append(route.replace("<str:object_id>", f"{{{of}}}").replace("<str:looked_up>", "{key_id}"))
    return named


@pytest.fixture
def world(acme: Workspace, alice: Member, mallory: Member) -> dict[str, Any]:
    """The rows of Alice's workspace, by the names that addresses have for them."""
    policies.change_policy(
        workspace=acme,
        values=policies.PolicyValues(max_keys=7),
        by=by(make_member(acme, "boss", "OWNER")),
        now=NOW,
    )
    key = make_key(alice, "alices-secret-bot")
    used(key)
    make_key(mallory, "her own")
    rows = {
        "key": key,
        "member": alice,
        "workspace": acme,
        "policy": acme,
        "event": AuditEvent.objects.filter(key=key).first(),
        "call": RequestLog.objects.get(key=key),
        "count": HourlyUse.objects.get(key=key),
    }
    return {name: row.pk for name, row in rows.items() if row} | {"key_id": key.key_id}


@pytest.fixture
def people(acme: Workspace, mallory: Member, world: dict[str, Any]) -> dict[str, Client]:
    """A browser for each kind of person."""
    gone = make_member(acme, "gone", "OWNER")
    signed_in = {
        "operator": Member.objects.create_superuser("root", PASSWORD),
        "owner": make_member(acme, "olga", "OWNER"),
        "administrator": make_member(acme, "adam", "ADMINISTRATOR"),
        "owner of another workspace": mallory,
        "member": make_member(acme, "mia"),
        "guest": make_member(acme, "gus", "GUEST_SINGLE_CHANNEL"),
        "deactivated": gone,
    }
    found = {who: browser(member) for who, member in signed_in.items()}
    Member.objects.filter(pk=gone.pk).update(is_active=False)
    return found | {"stranger": Client(headers=PAGE)}


def browser(member: Member) -> Client:
    client = Client(headers=PAGE)
    backend = "OperatorSignIn" if member.is_superuser else "PumbleSignIn"
    client.force_login(member, backend=f"portal.signin.{backend}")
    session = client.session
    session[SIGNED_IN_AT] = timezone.now().timestamp()
    session.save()
    return client


def state() -> dict[str, list[Any]]:
    """Everything that the admin could change. What operators looked at is noted, which is no change."""
    models: list[Any] = [ApiKey, Member, Workspace, Policy, RequestLog, HourlyUse, LastUse]
    found = {model.__name__: list(model.objects.order_by("pk").values()) for model in models}
    for person in found["Member"]:
        person.pop("last_login", None)
    events = AuditEvent.objects.exclude(type=AuditEvent.Type.OPERATOR_LOOKED).order_by("pk")
    return found | {"AuditEvent": list(events.values())}


def visit(client: Client, route: str, row: Row, world: dict[str, Any], method: str) -> HttpResponse:
    address = ("/admin/" + route + row.query).format(**world)
    if method == "GET":
        return client.get(address)  # type: ignore[return-value]
    own = {name: value.format(**world) for name, value in (row.sent or {}).items()}
    return client.post(address, FORGED | own)  # type: ignore[return-value]


def expected(who: str, row: Row, method: str) -> int:
    if who in UNKNOWN:
        return 302 if method == "GET" else 403  # no form is answered by a redirect that leads to Pumble
    if who in TURNED_AWAY:
        return 403
    if who == "owner of another workspace":
        return row.foreign[method == "POST"]
    if row.operators and who != "operator":
        return 404
    get, post = row.operator if row.operator and who == "operator" else (row.get, row.post)
    return post if method == "POST" else get


class TestTable:
    def test_has_a_row_for_every_url(self) -> None:
        assert sorted(routes()) == sorted([*ROWS, "login/"])

    def test_has_a_row_for_every_action(self, rf: Any, olivia: Member) -> None:
        request = rf.get("/admin/")
        request.user = olivia
        offered = {
            (rows.opts.model_name, action)
            for rows in site.model_admins
            for action in rows.get_actions(request)
        }
        assert offered == ACTIONS


@pytest.mark.parametrize("who", EVERYBODY)
class TestEveryUrl:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_gives_each_role_its_status_and_changes_nothing(
        self, people: dict[str, Client], world: dict[str, Any], who: str, method: str
    ) -> None:
        before, wrong = state(), []
        for route, row in ROWS.items():
            answer = visit(people[who], route, row, world, method)
            if answer.status_code != expected(who, row, method):
                wrong.append(f"{method} {route}: {answer.status_code}, not {expected(who, row, method)}")
            if (
                who in UNKNOWN
                and method == "GET"
                and not answer["Location"].startswith("/admin/login/?next=%2Fadmin%2F")
            ):
                wrong.append(f"{method} {route}: {answer['Location']}")
            if who not in HERE and "alices-secret-bot" in answer.content.decode():
                wrong.append(f"{method} {route}: shows the key")
        assert wrong == []
        assert state() == before

    def test_is_not_found_for_other_pages_of_django(
        self, people: dict[str, Client], world: dict[str, Any], who: str
    ) -> None:
        before, wrong = state(), []
        for address in CLOSED:
            for send in (people[who].get, people[who].post):
                answer = send("/" + address.format(**world))
                turned_away = answer.status_code == 403 or (
                    answer.status_code == 302 and answer["Location"].startswith("/admin/login/")
                )
                if answer.status_code != 404 and not (who not in HERE and turned_away):
                    wrong.append(f"{address}: {answer.status_code}")
        assert wrong == []
        assert state() == before

    def test_accepts_no_other_method(
        self, people: dict[str, Client], world: dict[str, Any], who: str
    ) -> None:
        for route in ROWS:
            for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
                assert people[who].generic(method, f"/admin/{route}".format(**world)).status_code == 405


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("verb", ["revoke", "disable", "enable"])
class TestEveryAction:
    def test_is_for_those_who_manage_the_key(
        self, people: dict[str, Client], world: dict[str, Any], who: str, verb: str
    ) -> None:
        if verb == "enable":
            key = ApiKey.objects.get(pk=world["key"])
            lifecycle.disable(key=key, by=by(Member.objects.get(username__endswith="olga")), now=NOW)
        before = state()
        asked = people[who].post(
            "/admin/keys/apikey/",
            {"action": f"{verb}_selected", "_selected_action": world["key"], "index": 0, "select_across": 0},
        )
        assert state() == before  # nothing is done before it is confirmed
        answer = people[who].post(
            f"/admin/keys/apikey/{verb}/",
            {"key": world["key_id"], "reason": "leaked", "typed": "alices-secret-bot"},
        )

        key = ApiKey.objects.get(pk=world["key"])
        if who in HERE:
            assert "alices-secret-bot" in asked.content.decode()
            assert answer.status_code == 302
            assert (key.revoked_at is not None, key.disabled_at is not None) == {
                "revoke": (True, False),
                "disable": (False, True),
                "enable": (False, False),
            }[verb]
            event = AuditEvent.objects.filter(key=key).order_by("pk").last()
            assert event is not None
            assert (event.surface, event.actor_id is not None) == ("ADMIN", True)
        else:
            assert "alices-secret-bot" not in asked.content.decode() + answer.content.decode()
            assert state() == before


class TestRowOfAnotherWorkspace:
    # test_lookup_page.py tests the lookup, whose answer repeats the id.
    @pytest.mark.parametrize("route", [route for route in ROWS if "{" in route and "lookup" not in route])
    def test_looks_like_a_row_that_does_not_exist(
        self, people: dict[str, Client], world: dict[str, Any], route: str
    ) -> None:
        never = ["999999", "0", "-1", "1" * 30, "x", "1_000", "%00", "é", "1;drop", "٣", "1.0", "' or 1=1"]

        def answer(value: object) -> tuple[int, str]:
            found = people["owner of another workspace"].get(f"/admin/{re.sub('{.*}', str(value), route)}")
            page = re.sub(r"[0-9a-f]{24}", "", found.content.decode())
            return found.status_code, re.sub(r'csrfmiddlewaretoken" value="\w+"', "", page)

        real = next(iter({name: pk for name, pk in world.items() if f"{{{name}}}" in route}.values()))
        assert {answer(value) for value in [real, *never]} == {answer(999998)}
        assert answer(real)[0] == 404

    def test_is_in_no_list_filter_or_search(self, people: dict[str, Client], world: dict[str, Any]) -> None:
        mallory, told = people["owner of another workspace"], ("alices-secret-bot", "alice@")
        member, key_id = world["member"], world["key_id"]
        for address in [
            "apikey/?q=alices", f"apikey/?q={key_id}", f"apikey/?holder={member}", "apikey/?workspace=" + "a" * 24,
            "member/?q=alice", "auditevent/", f"auditevent/?key={key_id}", f"auditevent/?member={member}",
            "auditevent/?actor=alice", "auditevent/?workspace=" + "a" * 24, f"requestlog/?key={key_id}", "hourlyuse/",
            f"hourlyuse/?key={key_id}", "apikey/?state=live", "apikey/?breadth=broad", "member/?left=lately",
        ]:  # fmt: skip
            page = mallory.get(f"/admin/keys/{address}").content.decode()
            page = re.sub(r'value="[^"]*"', "", page)
            assert not [one for one in told if one in page.replace("?", "")], address
        assert mallory.get("/admin/?workspace=" + "a" * 24).status_code == 404

    def test_is_in_no_export(self, people: dict[str, Client], world: dict[str, Any]) -> None:
        answer: Any = people["owner of another workspace"].post(
            "/admin/keys/auditevent/export/?workspace=" + "a" * 24, {"format": "jsonl"}
        )
        assert answer.status_code == 200
        assert "alices-secret-bot" not in b"".join(answer.streaming_content).decode()

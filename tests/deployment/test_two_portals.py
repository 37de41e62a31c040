"""Two portals with three processes: a change in one applies to the next request of any other."""

import json
import threading
from typing import Any

import pytest
import requests

from tests import pumble
from tests.deployment.stack import Deployment, Portal, wait_for
from tests.pumble_bridge import hooks


def key_id(key: str) -> str:
    return key.split("_")[1]


def reason(answer: requests.Response) -> str:
    return str(answer.json().get("reason", "let in"))


def keys_named(deployment: Deployment, name: str) -> list[Any]:
    return [
        one for one in json.loads(deployment.manage("list_keys", "--all", "--json")) if one["name"] == name
    ]


def ana_types(deployment: Deployment, portal: Portal, text: str, **changes: Any) -> requests.Response:
    """A signed hook, straight to this portal."""
    return hooks.send(
        portal.url,
        hooks.raw(
            hooks.command(ana(deployment), deployment.person("ana@acme.test")["general"], text, **changes)
        ),
        secret=deployment.environment["PUMBLE_APP_SIGNING_SECRET"],
        Host=portal.host,
    )


def ana(deployment: Deployment) -> pumble.Person:
    person = deployment.person("ana@acme.test")
    workspaces = requests.get(f"{deployment.pumble}/act/workspaces", timeout=10).json()
    acme = next(one["id"] for one in workspaces if one["name"] == "Acme")
    return pumble.Person(person["id"], person["name"], person["email"], acme)


@pytest.fixture
def key(deployment: Deployment, request: pytest.FixtureRequest) -> str:
    """Both portals have let it in."""
    made = deployment.new_key(request.node.name[-40:])
    for portal in (deployment.a, deployment.b):
        assert portal.get("/keyInfo", made).status_code == 200
    return made


class TestAKey:
    def test_revoked_in_chat_is_refused_everywhere(self, deployment: Deployment, key: str) -> None:
        ana_types(deployment, deployment.a, f"delete {key}", triggerId="revoke")

        assert [reason(one.get("/keyInfo", key)) for one in (deployment.a, deployment.b)] == [
            "key_revoked"
        ] * 2

    def test_disabled_in_a_browser_is_refused_everywhere_and_enabled_again(
        self, deployment: Deployment, key: str
    ) -> None:
        browser = deployment.sign_in()
        page = f"{deployment.public_url}/keys/{key_id(key)}/"
        for action, expected in (("disable", "key_disabled"), ("enable", "let in")):
            shown = browser.get(page, timeout=10).text
            token = shown.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
            headers = {"Origin": deployment.public_url}
            done = browser.post(
                page + action, data={"csrfmiddlewaretoken": token}, headers=headers, timeout=10
            )
            assert done.status_code == 200

            assert [reason(one.get("/keyInfo", key)) for one in (deployment.b, deployment.a)] == [
                expected
            ] * 2

    def test_is_counted_once_for_all(self, deployment: Deployment, key: str) -> None:
        left = [
            int(portal.get("/keyInfo", key).headers["X-RateLimit-Remaining"])
            for portal in (deployment.a, deployment.b, deployment.a, deployment.b, deployment.a, deployment.a)
        ]

        assert left == list(range(left[0], left[0] - 6, -1))

    def test_of_someone_who_left_is_refused_everywhere(self, deployment: Deployment) -> None:
        deployment.sign_in("ben@acme.test")
        key = deployment.new_key("leaver", email="ben@acme.test")
        assert deployment.b.get("/keyInfo", key).status_code == 200

        deployment.act("unauthorize", userId=deployment.person("ben@acme.test")["id"])
        wait_for(
            lambda: reason(deployment.b.get("/keyInfo", key)) == "key_revoked", "Pumble's word of it", 10
        )

        assert reason(deployment.a.get("/keyInfo", key)) == "key_revoked"


class TestAPolicy:
    def test_holds_everywhere_at_once(self, deployment: Deployment) -> None:
        change = "from keys.models import Policy, Workspace; w = Workspace.objects.get(name='Acme'); "
        deployment.manage(
            "shell",
            "-c",
            f"{change}Policy.objects.update_or_create(workspace=w, defaults={{'max_keys': 0}})",
        )
        try:
            for portal in (deployment.a, deployment.b):
                ana_types(deployment, portal, "generate forbidden", triggerId=f"policy-{portal.port}")
        finally:
            deployment.manage("shell", "-c", f"{change}Policy.objects.filter(workspace=w).delete()")

        assert not keys_named(deployment, "forbidden")


class TestAWriteThatIsRepeated:
    def test_at_both_portals_at_once_happens_once(self, deployment: Deployment, key: str) -> None:
        answers: list[requests.Response] = []

        def send(portal: Portal) -> None:
            body = {"channel": "general", "text": "once, whoever is asked"}
            headers = {"Idempotency-Key": "the-same-everywhere"}
            answers.append(portal.call("POST", "/sendMessage", key, json=body, headers=headers))

        senders = [threading.Thread(target=send, args=(one,)) for one in (deployment.a, deployment.b) * 3]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()

        ids = {answer.json()["id"] for answer in answers if answer.status_code == 200}
        assert len(ids) == 1
        refused = {reason(answer) for answer in answers if answer.status_code != 200}
        assert refused <= {"idempotency_in_progress"}


class TestAHook:
    def test_that_is_played_back_to_the_other_portal_does_nothing(self, deployment: Deployment) -> None:
        first = ana_types(deployment, deployment.a, "generate played back", triggerId="played-back")
        second = ana_types(deployment, deployment.b, "generate played back", triggerId="played-back")

        assert (first.status_code, second.status_code, second.json()) == (200, 200, {})
        assert len(keys_named(deployment, "played back")) == 1


class TestASession:
    def test_that_ended_has_ended_everywhere(self, deployment: Deployment) -> None:
        browser = deployment.sign_in()
        cookies = {"Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)}
        assert "Your API keys" in deployment.b.get("/", **cookies, Accept="text/html").text
        page = browser.get(f"{deployment.public_url}/", timeout=10).text
        token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]

        browser.post(
            f"{deployment.public_url}/signout",
            data={"csrfmiddlewaretoken": token},
            headers={"Origin": deployment.public_url},
            timeout=10,
        )

        assert "Your API keys" not in deployment.b.get("/", **cookies, Accept="text/html").text

"""The guide to installing (docs/operate.md): a new app, and a workspace that installs it."""

import subprocess
import sys

import requests

from tests.deployment import composition
from tests.deployment.stack import Deployment


class TestTheGuide:
    def test_ends_with_a_key_that_sends_a_message(self, deployment: Deployment) -> None:
        key = deployment.new_key("first")

        sent = deployment.call(
            "POST", "/sendMessage", key, json={"channel": "general", "text": "from nothing"}
        )

        assert (sent.status_code, set(sent.json())) == (200, {"id", "channelId"})

    def test_leaves_nothing_to_warn_of(self, deployment: Deployment) -> None:
        said = deployment.manage("check", "--deploy", "--fail-level", "WARNING")

        assert said.startswith("System check identified no issues")

    def test_lets_a_browser_sign_in_and_send_forms(self, deployment: Deployment) -> None:
        browser = deployment.sign_in()

        page = browser.get(deployment.public_url + "/", timeout=10)
        token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        origin = {"Origin": deployment.public_url, "Referer": deployment.public_url + "/"}
        left = browser.post(
            f"{deployment.public_url}/signout",
            data={"csrfmiddlewaretoken": token},
            headers=origin,
            timeout=10,
        )

        assert (page.status_code, left.status_code) == (200, 200)
        assert "Strict-Transport-Security" in page.headers
        assert "Sign in with Pumble" in left.text

    def test_has_its_health_asked_as_the_image_asks(self, deployment: Deployment) -> None:
        asked = [sys.executable, "deploy/healthcheck.py"]

        alive = subprocess.run(asked, cwd=deployment.folder, env=deployment.a.environment)
        ready = subprocess.run([*asked, "/readyz"], cwd=deployment.folder, env=deployment.a.environment)
        wrong = subprocess.run([*asked, "/nothing"], cwd=deployment.folder, env=deployment.a.environment)
        gone = subprocess.run(asked, cwd=deployment.folder, env=deployment.a.environment | {"PORT": "1"})

        assert [one.returncode for one in (alive, ready, wrong, gone)] == [0, 0, 1, 1]


class TestPlainHttp:
    def test_leads_to_tls_on_the_public_name(self, deployment: Deployment) -> None:
        answer = requests.get(
            f"http://127.0.0.1:{deployment.http_port}/api-docs/?x=1",
            headers={"Host": "evil.test"},
            allow_redirects=False,
            timeout=5,
        )

        assert answer.status_code == 301
        assert answer.headers["Location"] == f"{deployment.public_url}/api-docs/?x=1"


class TestTheComposeFile:
    def test_hardens_every_service(self) -> None:
        for name, service in composition.COMPOSE["services"].items():
            assert service["read_only"] is True, name
            assert service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name
            assert "privileged" not in service, name

    def test_waits_for_what_each_needs_and_asks_each_for_its_health(self) -> None:
        asked = {
            name
            for name, one in composition.COMPOSE["services"].items()
            if "test" in one.get("healthcheck", {})
        }

        assert asked == {"front-door", "caddy", "database", "redis"}  # the portal's check is in its image
        for name, service in composition.COMPOSE["services"].items():
            for other, how in service.get("depends_on", {}).items():
                healthy = how["condition"] == "service_healthy" and other in {*asked, "portal"}
                assert healthy or (other, how["condition"]) == (
                    "migrate",
                    "service_completed_successfully",
                ), name

    def test_holds_no_secret(self) -> None:
        for service in composition.COMPOSE["services"].values():
            for name, value in service.get("environment", {}).items():
                assert "PASSWORD" not in name or value.startswith("${POSTGRES_PASSWORD:?"), name
                assert "SECRET" not in name, name

    def test_opens_no_port_but_the_front_doors_and_caddys(self) -> None:
        assert {name for name, one in composition.COMPOSE["services"].items() if "ports" in one} == {
            "front-door",
            "caddy",
        }
        assert composition.COMPOSE["services"]["caddy"]["profiles"] == ["caddy"]
        assert composition.COMPOSE["networks"]["back"]["internal"] is True

"""Commands for the local Pumble: while it runs, while it does not, and where it is not allowed."""

import io
import json

import pytest
import requests
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from pytest_django import Settings

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


@pytest.mark.parametrize("command", ["sandbox", "seed"])
def test_is_refused_without_local_pumble(settings: Settings, command: str) -> None:
    settings.LOCAL_PUMBLE = False

    with pytest.raises(CommandError, match="LOCAL_PUMBLE=true"):
        run(command)


def test_does_not_start_twice_on_a_port(portal: str) -> None:
    with pytest.raises(CommandError, match=f"port {configured.SANDBOX_PORT} is in use"):
        run("sandbox")


def test_registers_an_app_by_its_manifest_and_prints_its_credentials(portal: str) -> None:
    registered = json.loads(run("sandbox", "--manifest", f"{portal}/manifest"))

    assert registered["id"] == requests.get(f"{portal}/manifest", timeout=5).json()["id"]
    assert len(registered) > 1


def test_says_why_a_manifest_was_refused(portal: str) -> None:
    with pytest.raises(CommandError, match=r"refused this manifest: .+"):
        run("sandbox", "--manifest", f"{portal}/api-docs/")


def test_says_which_address_does_not_respond(settings: Settings) -> None:
    settings.PUMBLE_API_URL = "http://127.0.0.1:1"

    with pytest.raises(CommandError, match="no local Pumble answers on port"):
        run("sandbox", "--manifest", "http://127.0.0.1:1/manifest")

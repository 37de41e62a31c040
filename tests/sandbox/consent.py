"""A person on the consent screen: opens the app's link, reads the page, presses a button."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from tests.sandbox.app import TestApp
from tests.sandbox.pumble import Pumble

STATE = "s&t/ä"


def open_consent(pumble: Pumble, app: TestApp, **changed: str) -> requests.Response:
    params = {
        "redirectUrl": f"{app.url}/redirect",
        "clientId": pumble.credentials["id"],
        "state": STATE,
        "scopes": "messages:read,user:read,bot:messages:write",
        **changed,
    }
    return pumble.http.get(f"{pumble.url}/access-request", params=params, timeout=20)


def decide(pumble: Pumble, page: requests.Response, key: str, decision: str = "allow") -> requests.Response:
    """Press a button on the page, with all its hidden fields."""
    fields: dict[str, Any] = dict(parse_qs(urlsplit(page.url).query))
    fields |= dict(re.findall(r'name="(csrfmiddlewaretoken)" value="([^"]+)"', page.text))
    fields |= {"userId": pumble.person(key), "decision": decision}
    return pumble.http.post(f"{pumble.url}/access-request", data=fields, allow_redirects=False, timeout=20)


def redirect_query(response: requests.Response) -> dict[str, str]:
    """Return the query of the redirect back to the app."""
    assert response.status_code == 302, response.text
    query = parse_qs(urlsplit(response.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def get_code(pumble: Pumble, key: str, how: str = "authorize", **more: Any) -> str:
    redirect: str = pumble.act(how, userId=pumble.person(key), **more)["redirectUrl"]
    return parse_qs(urlsplit(redirect).query)["code"][0]

"""Somebody's browser without scripts: cookies, redirects and the trip through Pumble's consent screen."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from tests import pumble
from tests.pumble import Person

PAGE = {"Accept": "text/html"}


class Browser:
    """Somebody's browser: it keeps cookies and goes where it is told."""

    def __init__(self, portal: str) -> None:
        self.portal = portal
        self.session = requests.Session()
        self.session.headers.update(PAGE)

    def open(self, url: str, **options: Any) -> requests.Response:
        return self.session.get(url if "://" in url else self.portal + url, timeout=15, **options)

    def leave(self, path: str = "/pumble/signin") -> dict[str, str]:
        """Set off for the consent screen; its query."""
        answer = self.open(path, allow_redirects=False)
        assert answer.status_code == 302, answer.text[:300]
        return {
            name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()
        }

    def sign_in(self, person: Person, path: str = "/pumble/signin") -> requests.Response:
        state = self.leave(path)["state"]
        return self.open(pumble.act("authorize", userId=person.id, state=state)["redirectUrl"])

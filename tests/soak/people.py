"""What people and programs do with keys, over the real wire; each says what came of it."""

import contextlib
import copy
import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from tests import pumble
from tests.portal.browser import Browser
from tests.pumble import Person

PATIENCE = 30  # seconds
# A key that may do everything; "sure" answers the question whether that is meant.
FORM = {"preset": "full-access", "sure": "on", "where": "all", "expiry": "never"}
_KEY = re.compile(r"pmb_(\w{12})_\w{38}")


@dataclass
class Seen:
    """Every key that was on somebody's screen, by its id, and those of which somebody was told that they are revoked."""

    shown: dict[str, str] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)

    def look(self, text: str) -> str | None:
        """The key in what somebody sees, which is noted; None where there is none."""
        found = _KEY.search(text)
        if found is None:
            return None
        self.shown[found[1]] = found[0]
        return found[0]


def id_of(plaintext: str) -> str:
    return plaintext[4:16]


def works(portal: str, plaintext: str) -> bool:
    """Whether a call with that key is let in."""
    answer = insist(
        lambda: requests.get(f"{portal}/keyInfo", headers={"ApiKey": plaintext}, timeout=PATIENCE)
    )
    assert answer.status_code in {200, 403}, f"{answer.status_code} {answer.text[:200]}"
    return answer.ok


def insist(ask: Callable[[], requests.Response]) -> requests.Response:
    """What comes once the portal is back, where it just died. Only for what may be asked twice."""
    for _attempt in range(10):
        with contextlib.suppress(requests.RequestException):
            return ask()
    raise AssertionError("the portal does not come back")


class InChat:
    """Somebody at their screen in Pumble."""

    def __init__(self, person: Person, channel: str, seen: Seen) -> None:
        self.person, self.channel, self.seen = person, channel, seen

    def issue(self, name: str) -> str | None:
        return self._key_after(f"generate {name}", name)

    def rotate(self, name: str, plaintext: str) -> str | None:
        return self._key_after(f"rotate {id_of(plaintext)} --grace now", name)

    def revoke(self, name: str, plaintext: str) -> bool:
        """Whether they were told that it is done."""
        texts = self._new_texts(f"delete {id_of(plaintext)}")
        told = any(f"Deleted “{name}”" in text for text in texts)
        if told:
            self.seen.revoked.add(id_of(plaintext))
        return told

    def _key_after(self, command: str, name: str) -> str | None:
        """The key of that name that came, where it came before Pumble stopped waiting and they were not told to try again."""
        texts = self._new_texts(command)
        keys = [(text, self.seen.look(text)) for text in texts]
        if any("try again" in text for text in texts):
            return None
        return next((key for text, key in keys if key and f"“{name}”" in text), None)

    def look_around(self) -> None:
        """Note what came later, or for somebody else at the same screen."""
        for message in self.person.screen(self.channel)["ephemeral"]:
            self.seen.look(message["text"])

    def _new_texts(self, command: str) -> list[str]:
        before = {message["id"] for message in self.person.screen(self.channel)["ephemeral"]}
        screen = self.person.type(self.channel, f"/api-keys {command}")
        return [message["text"] for message in screen["ephemeral"] if message["id"] not in before]


class InBrowser:
    """Somebody signed in at the portal."""

    def __init__(self, person: Person, portal: str, seen: Seen) -> None:
        self.seen, self.browser = seen, Browser(portal)
        self.browser.sign_in(person)

    def another_window(self) -> "InBrowser":
        """The same visit beside this one, with connections of its own."""
        other = copy.copy(self)
        other.browser = Browser(self.browser.portal)
        other.browser.session.cookies.update(self.browser.session.cookies)
        return other

    def issue(self, name: str) -> str | None:
        form = self._form("/keys/new") | FORM | {"name": name}
        return self._key_after("/keys/new", form)

    def rotate(self, name: str, plaintext: str) -> str | None:
        address = f"/keys/{id_of(plaintext)}/rotate"
        return self._key_after(address, self._form(address) | {"grace": "now"})

    def revoke(self, name: str, plaintext: str) -> bool:
        """Whether they were told that it is done."""
        address = f"/keys/{id_of(plaintext)}/delete"
        page = self._send(address, self._form(address) | {"confirm": name})
        told = page is not None and page.ok and "done=deleted" in page.url
        if told:
            self.seen.revoked.add(id_of(plaintext))
        return told

    def _form(self, address: str) -> dict[str, str]:
        """The hidden fields of the page there."""
        page = insist(lambda: self.browser.open(address)).text
        names = ("csrfmiddlewaretoken", "nonce")
        found = {name: re.search(rf'name="{name}" value="([^"]*)"', page) for name in names}
        return {name: html.unescape(match[1]) for name, match in found.items() if match}

    def _key_after(self, address: str, form: dict[str, str]) -> str | None:
        page = self._send(address, form)
        return self.seen.look(page.text) if page is not None and page.ok else None

    def _send(self, address: str, form: dict[str, str]) -> requests.Response | None:
        """The page that comes, None where the connection broke before all of it was there."""
        url = self.browser.portal + address
        try:
            return self.browser.session.post(url, data=form, timeout=PATIENCE)
        except requests.RequestException:
            return None


class Program:
    """A program with a key that manages keys: it creates others, which renew and end themselves."""

    def __init__(self, manager: str, portal: str, seen: Seen) -> None:
        self.manager, self.portal, self.seen = manager, portal, seen
        seen.look(manager)

    def issue(self, name: str) -> str | None:
        return self._key_in(self._post("createKey", self.manager, name=name))

    def rotate(self, name: str, plaintext: str) -> str | None:
        return self._key_in(self._post("rotateKey", plaintext, grace="now"))

    def revoke(self, name: str, plaintext: str) -> bool:
        """Whether it was told that it is done."""
        answer = self._post("revokeKey", plaintext)
        if answer is not None and answer.ok:
            self.seen.revoked.add(id_of(plaintext))
            return True
        return False

    def _key_in(self, answer: requests.Response | None) -> str | None:
        return self.seen.look(answer.json()["key"]) if answer is not None and answer.ok else None

    def _post(self, operation: str, plaintext: str, **data: str) -> requests.Response | None:
        """The answer, None where the connection broke before all of it was there."""
        url, headers = f"{self.portal}/{operation}", {"ApiKey": plaintext}
        try:
            return requests.post(url, json=data, headers=headers, timeout=PATIENCE)
        except requests.RequestException:
            return None


def somebody(email: str) -> tuple[Person, str]:
    """That person, and a channel they are in."""
    person = pumble.person(email)
    name = "general" if email.endswith("acme.test") else ""
    for workspace in pumble.get("workspaces"):
        if workspace["id"] == person.workspace_id:
            for channel in workspace["channels"]:
                if channel["channelType"] == "PUBLIC" and name in {"", channel["name"]}:
                    return person, str(channel["id"])
    raise LookupError(email)

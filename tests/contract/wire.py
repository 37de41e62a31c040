"""A client of the REST API, and assertions on the contract's responses."""

import io
import json
from typing import Any

import requests
from django.core.management import call_command

from keys.models import ApiKey

JSON = "application/json; charset=utf-8"
METHODS = {
    "listChannels": "GET",
    "getChannel": "GET",
    "createChannel": "POST",
    "addUsersToChannel": "POST",
    "removeUserFromChannel": "POST",
    "sendMessage": "POST",
    "sendReply": "POST",
    "dmUser": "POST",
    "dmGroup": "POST",
    "fetchMessage": "GET",
    "fetchFile": "GET",
    "fetchThreadReplies": "GET",
    "listMessages": "GET",
    "searchMessages": "POST",
    "editMessage": "POST",
    "deleteMessage": "DELETE",
    "addReaction": "POST",
    "removeReaction": "DELETE",
    "createScheduledMessage": "POST",
    "fetchScheduledMessages": "GET",
    "fetchScheduledMessage": "GET",
    "editScheduledMessage": "POST",
    "deleteScheduledMessage": "DELETE",
    "listUsers": "GET",
    "listUserGroups": "GET",
    "myInfo": "GET",
    "customStatus": "POST",
    "listEvents": "GET",
    "keyInfo": "GET",
}
EXTENSIONS = {"keyInfo", "listEvents", "fetchFile"}  # beside the contract's 26
# Key management: strict about its input, and never about objects of Pumble. See `test_key_management`.
MANAGEMENT = {
    "listKeys": "GET",
    "createKey": "POST",
    "updateKey": "POST",
    "rotateKey": "POST",
    "revokeKey": "POST",
}


def issue(email: str, *scopes: str) -> str:
    out = io.StringIO()
    options = [f"--scope={scope}" for scope in scopes]
    name = f"key-{ApiKey.objects.count()}"
    call_command(
        "create_key",
        "--workspace=Acme",
        f"--member={email}",
        f"--name={name}",
        "--json",
        *options,
        stdout=out,
    )
    return str(json.loads(out.getvalue())["key"])


class Api:
    """A client with a key."""

    def __init__(self, portal: str, key: str) -> None:
        self.portal = portal
        self.headers = {"ApiKey": key}

    def get(self, operation: str, **query: Any) -> requests.Response:
        return self.send("GET", operation, query=query)

    def delete(self, operation: str, **query: Any) -> requests.Response:
        return self.send("DELETE", operation, query=query)

    def post(self, operation: str, body: Any = None, raw: bytes | None = None) -> requests.Response:
        return self.send("POST", operation, raw=json.dumps(body).encode() if raw is None else raw)

    def send_file(self, channel_id: str) -> dict[str, str]:
        """Send a message with a file, and return the ids of both."""
        parts = {"file": ("notes.txt", b"one\ntwo\n", "text/plain")}
        fields = {"channelId": channel_id, "text": "a file"}
        url = f"{self.portal}/sendMessage"
        sent = success(requests.post(url, data=fields, files=parts, headers=self.headers, timeout=15))
        message = success(self.get("fetchMessage", channelId=channel_id, messageId=sent["id"]))
        return {"messageId": sent["id"], "fileId": message["files"][0]["id"]}

    def call(self, operation: str, arguments: dict[str, Any] | None = None) -> requests.Response:
        """By the operation's own method: in the query, or as a POST's body."""
        method = METHODS[operation]
        if method == "POST":
            return self.post(operation, arguments or {})
        return self.send(method, operation, query=arguments)

    def send(
        self, method: str, operation: str, *, query: dict[str, Any] | None = None, raw: bytes | None = None
    ) -> requests.Response:
        return requests.request(
            method,
            f"{self.portal}/{operation}",
            params=query,
            data=raw,
            headers=self.headers if raw is None else self.headers | {"Content-Type": "application/json"},
            timeout=15,
            allow_redirects=False,
        )


def success(answer: requests.Response) -> Any:
    """The JSON of a success, which is always 200 and always JSON."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, JSON), answer.text
    return answer.json()


def assert_legacy(answer: requests.Response, reason: str, status: int = 403, text: str | None = None) -> None:
    body = answer.json()
    assert (answer.status_code, body.get("reason")) == (status, reason), answer.text
    assert set(body) - {"hint"} == {"error", "reason", "requestId", "help"}
    _assert_names_its_request(answer)
    assert text is None or body["error"] == text


def assert_structured(
    answer: requests.Response, reason: str, code: int, text: str | None = None, status: int = 403
) -> None:
    body = answer.json()
    assert (answer.status_code, body.get("reason"), body.get("code")) == (status, reason, code), answer.text
    assert set(body) - {"hint", "fields"} == {
        "message",
        "localizedMessage",
        "code",
        "reason",
        "requestId",
        "help",
    }
    _assert_names_its_request(answer)
    assert text is None or (body["message"], body["localizedMessage"]) == (text, text)


def _assert_names_its_request(answer: requests.Response) -> None:
    body, request_id = answer.json(), answer.headers["X-Request-Id"]
    assert (body["requestId"], body["help"].rpartition("/lookup/")[2]) == (request_id, f"{request_id}/")

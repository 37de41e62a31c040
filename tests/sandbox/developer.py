"""A developer who uses the command line tool: signs in and manages apps."""

import json
import re
from typing import Any

import requests

from tests.sandbox.pumble import Pumble


class Developer:
    def __init__(self, pumble: Pumble, key: str) -> None:
        self.pumble = pumble
        self.id = pumble.person(key)
        email = f"{key}@acme.test"
        lead = self._post("/lead", email=email)["id"]
        self._post("/lead/activate", email=email, leadId=lead, code=self.code())
        [item] = self._post("/lead/login", leadId=lead)["items"]
        self.workspace = item["workspace"]["id"]
        assert item["workspaceUser"] == {"id": self.id}
        self.session = self._post(
            f"/workspaces/{self.workspace}/exchange", exchangeToken=item["exchangeToken"]
        )

    def code(self) -> str:
        """Return the sign-in code, an ephemeral message in the person's own channel."""
        [workspace, _] = self.pumble.get("workspaces")
        notes = next(
            item["id"]
            for item in workspace["channels"]
            if item["channelType"] == "SELF" and item["users"] == [self.id]
        )
        message = self.pumble.get("screen", userId=self.id, channelId=notes)["ephemeral"][-1]["text"]
        result = re.search(r"\d{6}", message)
        assert result is not None
        return result[0]

    def request(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        """Send a request below the developer's own path."""
        url = f"{self.pumble.url}/workspaces/{self.workspace}/workspaceUsers/{self.id}{path}"
        headers = {"Authtoken": self.session["token"], "content-type": "application/json"}
        data = None if body is None else json.dumps(body)
        return self.pumble.http.request(
            method, url, headers=headers | more.pop("headers", {}), data=data, timeout=20, **more
        )

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        response = self.request(method, path, body, **more)
        assert response.status_code == 200, response.text
        return response.json() if response.content else None

    def create(self, manifest: dict[str, Any]) -> dict[str, Any]:
        created: dict[str, Any] = self.call("POST", "/apps", manifest)
        return created

    def _post(self, path: str, **body: str) -> Any:
        response = self.pumble.http.post(self.pumble.url + path, json=body, timeout=20)
        assert response.status_code == 200, response.text
        return response.json()

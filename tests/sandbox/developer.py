"""A developer with the command line tool: signs in, and manages apps in a session."""

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
        """The code to sign in, which Pumble whispers in one's own notes."""
        [workspace, _] = self.pumble.look("workspaces")
        notes = next(
            one["id"]
            for one in workspace["channels"]
            if one["channelType"] == "SELF" and one["users"] == [self.id]
        )
        whispered = self.pumble.look("screen", userId=self.id, channelId=notes)["ephemeral"][-1]["text"]
        found = re.search(r"\d{6}", whispered)
        assert found is not None
        return found[0]

    def request(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        """A call below one's own address, as the tool makes it."""
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

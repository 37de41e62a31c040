"""Files: what the upload refuses, and which messages can have them."""

import time
from typing import Any

import pytest
import requests

from tests.sandbox.app import TestApp
from tests.sandbox.pumble import Pumble
from tests.sandbox.statements.test_rest import HOUR, PNG, messages_of, refused, upload

TOKEN = "/v1/files/upload/token"
COMPLETE = "/v1/files/upload/complete"


def send(pumble: Pumble, token: str, content: bytes = PNG, part: str = "file") -> requests.Response:
    files = {part: ("plan.png", content, "image/png")}
    return requests.post(f"{pumble.url}/upload/files", files=files, headers={"authtoken": token}, timeout=20)


class TestUpload:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"filename": None},
            {"filename": ""},
            {"filename": "a\nb"},
            {"filename": "dir/"},
            {"length": None},
            {"length": -1},
            {"length": 512 * 1024 * 1024 + 1},
            {"length": "long"},
        ],
    )
    def test_needs_a_name_and_a_length(self, pumble: Pumble, wrong: dict[str, Any]) -> None:
        body = {"filename": "plan.png", "length": 5} | wrong

        assert refused(pumble.rest("POST", TOKEN, pumble.token("ana"), body)) == (400, 400000)

    def test_accepts_the_announced_bytes_once(self, pumble: Pumble) -> None:
        body = {"filename": "plan.png", "length": len(PNG)}
        token = pumble.call("POST", TOKEN, pumble.token("ana"), body)["token"]

        assert refused(send(pumble, "guess")) == (401, 401000)
        assert refused(send(pumble, token, PNG + b"more")) == (400, 400000)
        assert refused(send(pumble, token, part="other")) == (400, 400000)
        bare = {"authtoken": token}
        assert (
            requests.post(f"{pumble.url}/upload/files", headers=bare, data=b"x", timeout=20).status_code
            == 400
        )
        assert requests.get(f"{pumble.url}/upload/files", headers=bare, timeout=20).status_code == 405
        assert send(pumble, token).status_code == 200
        assert refused(send(pumble, token)) == (401, 401000)

    def test_is_completed_only_with_the_answer_of_the_upload_host(self, pumble: Pumble) -> None:
        ana, body = pumble.token("ana"), {"filename": "plan.png", "length": len(PNG)}
        sent = send(pumble, pumble.call("POST", TOKEN, ana, body)["token"]).json()

        for wrong in (
            {},
            {"original": 7},
            {"original": {"requestedFileUploadId": ["x"]}, "signature": "x"},
            sent | {"signature": "guess"},
            sent | {"original": sent["original"] | {"requestedFileUploadId": "0" * 24}},
        ):
            assert refused(pumble.rest("POST", COMPLETE, ana, wrong)) == (400, 400000)
        assert refused(pumble.rest("POST", COMPLETE, pumble.token("ben"), sent)) == (400, 400000)
        assert pumble.call("POST", COMPLETE, ana, sent)["name"] == "plan.png"


class TestFile:
    def test_keeps_its_bare_name(self, pumble: Pumble) -> None:
        assert upload(pumble, pumble.token("ana"), "C:\\docs/größe 1.png", PNG)["name"] == "größe 1.png"

    def test_is_never_shown_as_a_page(self, pumble: Pumble) -> None:
        token = pumble.token("ana")
        path = upload(pumble, token, "page.html", b"<script>alert(1)</script>")["path"]

        headers = {"token": token, "x-app-token": pumble.credentials["appKey"]}
        answer = requests.get(path, headers=headers, timeout=20)

        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"

    def test_can_be_in_ephemeral_and_scheduled_messages(self, pumble: Pumble, app: TestApp) -> None:
        token, channel = pumble.token("ana"), pumble.channel("random")
        done = upload(pumble, token, "plan.png", PNG)["id"]
        ephemeral = {"text": "x", "files": [done], "ephemeral": {"sendToUsers": [pumble.person("ana")]}}
        later = {"channelId": channel, "text": "", "files": [done], "sendAt": int(time.time() * 1000) + HOUR}

        message = pumble.call("POST", messages_of(pumble, "random"), token, ephemeral)
        scheduled = pumble.call("POST", "/v1/messages/scheduled", token, later)
        pumble.act("clock", forward=2 * HOUR)

        posted = pumble.screen("ana", channel)["messages"][-1]
        assert [item["files"][0]["id"] for item in (message, scheduled, posted)] == [done] * 3
        [hook] = [item for item in app.events("NEW_MESSAGE") if item.event["mId"] == posted["id"]]
        assert "f" not in hook.event  # Observed: an upload without a caption comes without its files.

    def test_of_another_owner_or_incomplete_is_unknown(self, pumble: Pumble) -> None:
        token = pumble.token("ana")
        body = {"filename": "plan.png", "length": len(PNG)}
        sent = send(pumble, pumble.call("POST", TOKEN, token, body)["token"]).json()
        unfinished = sent["original"]["requestedFileUploadId"]

        for wrong in ([unfinished], ["0" * 24], [7], "x"):
            answer = pumble.rest("POST", messages_of(pumble, "general"), token, {"text": "x", "files": wrong})
            assert refused(answer) == (400, 400000)

    def test_needs_a_scope_of_its_own(self, pumble: Pumble) -> None:
        done = upload(pumble, pumble.token("ana"), "plan.png", PNG)["id"]
        poor = pumble.grant("carla", scopes=["messages:write"])["accessToken"]
        path = messages_of(pumble, "general")

        assert refused(pumble.rest("POST", path, poor, {"text": "x", "files": [done]})) == (403, 403000)
        assert pumble.call("POST", path, poor, {"text": "x", "files": []})["files"] == []

    def test_is_gone_after_a_reset(self, pumble: Pumble) -> None:
        path = upload(pumble, pumble.token("ana"), "plan.png", PNG)["path"]
        pumble.act("reset")

        headers = {"token": pumble.token("ana"), "x-app-token": pumble.credentials["appKey"]}
        assert requests.get(path, headers=headers, timeout=20).status_code == 404
        assert not (pumble.data_dir / "pumble-files").exists()


def send_as(
    pumble: Pumble, key: str, files: list[tuple[str, bytes, str]], **fields: str
) -> requests.Response:
    """Send a message with files as a person on the chat page does."""
    body = {"userId": pumble.person(key), "channelId": pumble.channel("random")} | fields
    parts = [("file", file) for file in files]
    return requests.post(f"{pumble.url}/act/message", data=body, files=parts, timeout=20)


def open_as(pumble: Pumble, key: str, file_id: str) -> requests.Response:
    query = {"userId": pumble.person(key), "fileId": file_id}
    return requests.get(f"{pumble.url}/act/file", params=query, timeout=20)


class TestFileOfPerson:
    def test_reaches_an_app_as_an_app_s_own_file_does(self, pumble: Pumble, app: TestApp) -> None:
        sent = send_as(pumble, "ben", [("plan.png", PNG, "image/png"), ("größe.txt", b"x", "text/plain")])

        [first, second] = sent.json()["screen"]["messages"][-1]["files"]
        headers = {"token": pumble.token("ana"), "x-app-token": pumble.credentials["appKey"]}
        assert requests.get(first["path"], headers=headers, timeout=20).content == PNG
        assert (first["owner"], first["size"]) == (pumble.person("ben"), len(PNG))
        assert (second["name"], second["mimeType"]) == ("größe.txt", "text/plain")

    def test_is_opened_by_those_who_see_the_message(self, pumble: Pumble) -> None:
        channel = {"channelId": pumble.channel("board")}
        sent = send_as(pumble, "ana", [("plan.png", PNG, "image/png")], **channel).json()
        file_id = sent["screen"]["messages"][-1]["files"][0]["id"]

        assert open_as(pumble, "ana", file_id).content == PNG
        assert open_as(pumble, "guy", file_id).status_code == 404
        assert open_as(pumble, "gita", file_id).status_code == 404

    def test_of_an_app_is_opened_by_the_receiver_of_an_ephemeral_message(self, pumble: Pumble) -> None:
        token = pumble.token("ana")
        done = upload(pumble, token, "plan.png", PNG)["id"]
        ephemeral = {"text": "x", "files": [done], "ephemeral": {"sendToUsers": [pumble.person("ben")]}}
        pumble.call("POST", messages_of(pumble, "random"), token, ephemeral)

        assert open_as(pumble, "ben", done).content == PNG
        assert open_as(pumble, "carla", done).status_code == 404

    def test_is_refused_in_a_wrong_form(self, pumble: Pumble) -> None:
        one = ("x.txt", b"x", "text/plain")

        assert send_as(pumble, "ana", []).status_code == 400
        assert send_as(pumble, "ana", [one], txt="x").json()["error"].startswith("txt is not a known field")
        assert send_as(pumble, "ana", [one] * 21).status_code == 400
        assert pumble.post("message", userId=pumble.person("ana"), file="x").status_code == 400
        cut = {"Content-Type": "multipart/form-data; boundary="}
        assert (
            requests.post(f"{pumble.url}/act/message", data=b"x", headers=cut, timeout=20).status_code == 400
        )

"""The seed: a company that has used Pumble for a while."""

import json
import time
from typing import Any

from portal.environment import LOCAL_PUMBLE_CREDENTIALS
from tests.sandbox.pumble import ROOT, Pumble


def channels(pumble: Pumble, key: str = "ana") -> list[Any]:
    return list(pumble.call("GET", "/v1/channels", pumble.token(key)))


def everything(pumble: Pumble) -> list[Any]:
    """Return all messages of the channels that Ana sees."""
    token = pumble.token("ana")
    return [
        message
        for item in channels(pumble)
        for message in pumble.call("GET", f"/v1/channels/{item['channel']['id']}/messages?limit=200", token)[
            "messages"
        ]
    ]


class TestSeed:
    def test_keeps_its_ids(self, pumble: Pumble) -> None:
        acme = pumble.get("workspaces")[0]

        assert acme["id"] == "6964aa005eed5eed5e000001"
        assert pumble.person("ana") == "6964aa005eed5eed5e000002"
        assert pumble.person("guy") == "6964e2405eed5eed5e000006"
        assert pumble.person("bot") == "698075a05eed5eed5e000007"
        assert pumble.channel("general") == "6964aa005eed5eed5e00000b"
        assert pumble.channel("board") == "6964aab45eed5eed5e00001d"

    def test_has_conversations_of_every_kind(self, pumble: Pumble) -> None:
        completed = everything(pumble)
        threads = [item["threadRootInfo"]["repliesCount"] for item in completed if item["threadRootInfo"]]

        assert len(completed) + sum(threads) > 300
        assert max(threads) == 25
        assert len(threads) > 50
        for shape in ("reactions", "linkPreviews", "files", "edited"):
            assert any(item[shape] for item in completed), shape
        assert any(item["authorAppId"] for item in completed)
        [file] = next(item["files"] for item in completed if item["files"])
        assert set(file) == {
            "id", "owner", "name", "mimeType", "path", "thumbnails", "duration", "size", "audioRecording",
            "videoRecording", "waveform", "uploadedAtMilli", "publicPath",
        }  # fmt: skip
        assert "<<@" in str([item["text"] for item in completed])

    def test_keeps_its_last_messages(self, pumble: Pumble) -> None:
        last = pumble.screen("ana", pumble.channel("general"))["messages"][-1]

        assert last["text"].startswith("The photos of the new packaging are ready")

    def test_has_channels_of_every_kind(self, pumble: Pumble) -> None:
        result = {item["channel"]["name"]: item for item in channels(pumble)}
        relaunch, general = result["relaunch"], result["general"]

        assert "diseño" in result
        assert (relaunch["channel"]["isArchived"], relaunch["users"]) == (True, [])
        assert {"workspaceUserId": pumble.person("ana")}.items() <= general["pinnedMessages"][0].items()
        assert set(general["pinnedMessages"][0]) == {"workspaceUserId", "messageId"}
        direct = [item for item in channels(pumble) if item["channel"]["channelType"] == "DIRECT"]
        assert [len(item["users"]) for item in direct if len(item["users"]) > 2] == [3, 3]
        [hidden] = [item["channel"] for item in direct if item["channel"]["isHidden"]]
        assert (hidden["isPumbleBot"], hidden["isAddonBot"]) == (True, False)
        refused = pumble.rest(
            "POST",
            f"/v1/channels/{relaunch['channel']['id']}/messages",
            pumble.token("ana"),
            {"text": "too late"},
        )
        assert (refused.status_code, refused.json()["code"]) == (400, 400440)

    def test_has_people_of_every_kind(self, pumble: Pumble) -> None:
        people = {
            item["name"]: item for item in pumble.call("GET", "/v1/workspaceUsers", pumble.token("carla"))
        }

        assert people["Elena Petrova"]["status"] == "DEACTIVATED"
        assert (people["Pumble"]["isPumbleBot"], people["Pumble"]["isAddonBot"]) == (True, False)
        assert (people["API"]["isPumbleBot"], people["API"]["isAddonBot"]) == (False, True)
        assert people["Dan Lindqvist"]["customStatus"]["code"] == ":headphones:"
        assert (
            pumble.post("message", userId=people["Pumble"]["id"], channelId="x", text="x").status_code == 404
        )

    def test_has_groups_and_scheduled_messages(self, pumble: Pumble) -> None:
        token = pumble.token("ana")
        groups = pumble.call("GET", "/v1/workspaceUsers/groups", token)
        later = pumble.call("GET", "/v1/messages/scheduled", token)["scheduledMessages"]

        assert [item["handle"] for item in groups] == ["engineering", "support-crew", "relaunch-team"]
        assert set(groups[0]) == {
            "id", "workspaceId", "createdBy", "disabled", "name", "handle", "description", "workspaceUserIds",
        }  # fmt: skip
        assert [item["recurrence"] is None for item in later] == [True, False]

    def test_is_quick(self, pumble: Pumble) -> None:
        """The best of several runs counts, because the machine may be busy. An idle one needs a fifth of the bound."""
        general, ana = pumble.channel("general"), pumble.person("ana")
        resets, looks = [], []
        for _ in range(5):
            begin = time.monotonic()
            pumble.act("reset")
            between = time.monotonic()
            pumble.get("screen", userId=ana, channelId=general)
            resets.append(between - begin)
            looks.append(time.monotonic() - between)

        assert min(resets) < 0.5
        assert min(looks) < 0.3


def test_the_portal_knows_the_published_credentials() -> None:
    """The portal and the local Pumble have copies, because neither imports the other."""
    published = json.loads((ROOT / "sandbox/app.json").read_text())

    assert {
        "PUMBLE_APP_ID": published["id"],
        "PUMBLE_APP_KEY": published["appKey"],
        "PUMBLE_APP_CLIENT_SECRET": published["clientSecret"],
        "PUMBLE_APP_SIGNING_SECRET": published["signingSecret"],
    } == LOCAL_PUMBLE_CREDENTIALS

"""The REST API, one row of the reference after another."""

import time
from typing import Any

import pytest
import requests

from tests.sandbox.app import SERVED_ID, TestApp
from tests.sandbox.developer import Developer
from tests.sandbox.pumble import Pumble
from tests.sandbox.views import Screen, actions, button, envelope, modal, plain

HOUR = 3_600_000
ERROR = {"message", "localizedMessage", "code"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def refused(response: requests.Response) -> tuple[int, int]:
    """Return status and code of an error, and check the form of its body."""
    body = response.json()
    assert set(body) == ERROR
    return response.status_code, body["code"]


def messages_of(pumble: Pumble, name: str) -> str:
    return f"/v1/channels/{pumble.channel(name)}/messages"


def upload(pumble: Pumble, token: str, name: str, content: bytes) -> dict[str, Any]:
    """Upload in three steps. The upload host has another name than the API."""
    data = pumble.call("POST", "/v1/files/upload/token", token, {"filename": name, "length": len(content)})
    host = pumble.url.replace("127.0.0.1", "localhost")
    sent = requests.post(
        f"{host}/upload/files",
        files={"file": (name, content, "image/png")},
        headers={"authtoken": data["token"]},
        timeout=20,
    )
    assert sent.status_code == 200, sent.text
    assert set(sent.json()) == {"original", "thumbs", "signature"}
    done: dict[str, Any] = pumble.call("POST", "/v1/files/upload/complete", token, sent.json())
    assert set(done) == {"id", "path", "name"}
    return done


def test_38_every_operation_answers_under_its_verb(pumble: Pumble, app: TestApp) -> None:
    ana, dan, token = pumble.person("ana"), pumble.person("dan"), pumble.token("ana")

    def call(method: str, path: str, body: Any = None) -> Any:
        return pumble.call(method, path, token, body)  # With a JSON content type even without a body.

    channel = call("POST", "/v1/channels", {"name": "walk", "type": "PUBLIC"})["channel"]["id"]
    messages = f"/v1/channels/{channel}/messages"
    root = call("POST", messages, {"text": "root", "files": []})["id"]
    reply = call("POST", f"{messages}/{root}", {"text": "reply", "alsoSendToChannel": True})["id"]
    hidden = {"text": "psst", "ephemeral": {"sendToUsers": [ana]}}
    message = call("POST", messages, hidden)["id"]
    hidden_reply = call("POST", f"{messages}/{root}", hidden)["id"]
    assert call("GET", f"{messages}/{root}")["text"] == "root"
    assert set(call("GET", f"{messages}?limit=20")) == {"messages", "hasMoreBefore", "hasMoreAfter"}
    assert [item["id"] for item in call("GET", f"{messages}/{root}/replies")] == [reply]
    assert call("PUT", f"{messages}/{root}", {"text": "new"})["edited"]
    ephemeral = {"sendToUsers": [ana], "threadRootId": root}
    assert call("PUT", f"{messages}/{hidden_reply}", {"text": "x", "ephemeral": ephemeral})["text"] == "x"
    attachments = [{"title": "a"}]
    assert call("PUT", f"{messages}/{root}/attachments", {"attachments": attachments})["attachments"]
    assert call("POST", f"/v1/messages/{root}/reactions", {"code": ":+1:", "skinTone": 1}) is None
    assert call("DELETE", f"/v1/messages/{root}/reactions", {"code": ":+1:"}) is None
    assert call("DELETE", f"{messages}/{message}/ephemeral", {"deleteForUsers": [ana]}) is None
    assert call("DELETE", f"{messages}/{reply}") is None
    assert set(call("POST", "/v1/messages/search", {"text": "new"})) == {
        "content",
        "totalElements",
        "hasMore",
    }

    later = {"channelId": channel, "text": "later", "sendAt": int(time.time() * 1000) + HOUR, "files": []}
    scheduled = call("POST", "/v1/messages/scheduled", later)["id"]
    assert call("GET", f"/v1/messages/scheduled/{scheduled}")["text"] == "later"
    assert call("PUT", f"/v1/messages/scheduled/{scheduled}", later | {"text": "moved"})["text"] == "moved"
    assert call("PUT", f"/v1/messages/scheduled/{scheduled}/attachments", {"attachments": attachments})
    assert call("GET", f"/v1/messages/scheduled?channelId={channel}")["hasMore"] is False
    assert call("DELETE", f"/v1/messages/scheduled/{scheduled}") is None

    assert call("GET", f"/v1/channels/{channel}")["users"] == [ana]
    assert len(call("GET", "/v1/channels?types=PUBLIC,PRIVATE,DIRECT,SELF")) == len(
        call("GET", "/v1/channels")
    )
    assert (
        call("POST", "/v1/channels/direct", {"participantIds": [dan]})["channel"]["channelType"] == "DIRECT"
    )
    assert set(call("GET", f"/v1/channels/direct?participantIds={ana},{dan}")["users"]) == {ana, dan}
    assert call("POST", f"/v1/channels/{channel}/users", {"userIds": [dan]})["addedUserIds"] == [dan]
    assert call("DELETE", f"/v1/channels/{channel}/users/{dan}") is None

    assert {item["id"] for item in call("GET", "/v1/workspaceUsers")} >= {ana, dan}
    assert call("GET", "/v1/workspaceUsers/groups")[0]["handle"]
    assert call("GET", f"/v1/workspaceUsers/{dan}")["id"] == dan
    assert call("GET", "/oauth2/me")["workspaceUserId"] == ana
    status = {"code": ":zzz:", "status": "Away", "expiration": "never"}
    assert call("PUT", "/v1/workspaceUsers/customStatus", status)["customStatus"]["status"] == "Away"
    assert call("GET", "/v1/workspace")["name"] == "Acme"
    assert call("POST", "/v1/calls/permanent")["workspaceUserId"] == ana
    assert call("POST", f"/v1/app/homeView/workspaceUsers/{ana}", {"blocks": []}) is None
    source = {"sourceType": "VIEW", "sourceId": "0" * 24, "triggerId": "t"}
    assert call("POST", "/v1/interactions/complete", source) is None
    assert call("DELETE", "/v1/app/authorization") is None
    token = pumble.token("ana")
    assert call("DELETE", "/v1/app/installation") is None


@pytest.mark.parametrize(
    "headers", [{"token": ""}, {"token": "nobody"}, {"x-app-token": ""}, {"x-app-token": "{other}"}]
)
def test_39_calls_need_a_sound_pair_of_tokens_and_the_scope(
    pumble: Pumble, app: TestApp, headers: dict[str, str]
) -> None:
    other = pumble.act("apps", manifest=app.manifest() | {"name": "Other"})
    sent = {name: value.format(other=other["appKey"]) for name, value in headers.items()}

    assert refused(pumble.rest("GET", "/v1/channels", pumble.token("ana"), headers=sent)) == (401, 401000)

    poor = pumble.grant("carla", scopes=["user:read"])["accessToken"]
    assert refused(pumble.rest("GET", "/v1/channels", poor)) == (403, 403000)


def test_40_fixed_segments_are_never_taken_for_ids(pumble: Pumble) -> None:
    token, ben = pumble.token("ana"), pumble.person("ben")

    assert pumble.call("GET", f"/v1/channels/direct?participantIds={pumble.person('ana')},{ben}", token)
    assert pumble.call("GET", "/v1/workspaceUsers/groups", token)[0]["handle"]
    assert pumble.call("POST", "/v1/messages/search", token, {"text": "a"})["content"]
    assert pumble.call("GET", "/v1/messages/scheduled", token)["scheduledMessages"] is not None
    assert pumble.rest("GET", "/v1/workspaceUsers/customStatus", token).status_code == 405


def test_41_messages_come_newest_first_and_are_paged_by_a_message(pumble: Pumble) -> None:
    token = pumble.token("ana")
    made = pumble.call("POST", "/v1/channels", token, {"name": "pages", "type": "PUBLIC"})["channel"]["id"]
    path = f"/v1/channels/{made}/messages"
    ids = [pumble.call("POST", path, token, {"text": f"m{number}"})["id"] for number in range(7)]

    def page(query: str) -> tuple[list[str], bool | None, bool | None]:
        result = pumble.call("GET", f"{path}?{query}", token)
        return [item["id"] for item in result["messages"]], result["hasMoreBefore"], result["hasMoreAfter"]

    assert page("limit=3") == (ids[:3:-1], True, False)
    assert page(f"limit=3&cursor={ids[4]}") == ([ids[3], ids[2], ids[1]], True, None)
    assert page(f"limit=3&strategy=BEFORE&cursor={ids[1]}") == ([ids[0]], False, None)
    assert page(f"limit=2&strategy=AFTER&cursor={ids[2]}") == ([ids[4], ids[3]], None, True)
    assert page(f"limit=3&strategy=AROUND&cursor={ids[3]}") == ([ids[4], ids[3], ids[2]], True, True)


def test_42_a_reply_knows_its_root_and_is_counted_there(pumble: Pumble) -> None:
    path, token = messages_of(pumble, "general"), pumble.token("ana")
    root = pumble.call("POST", path, token, {"text": "root"})

    hidden = pumble.call("POST", f"{path}/{root['id']}", token, {"text": "one"})
    shown = pumble.call("POST", f"{path}/{root['id']}", token, {"text": "two", "alsoSendToChannel": True})

    about = {"rootId": root["id"], "replySentToChannel": False, "rootText": "root"}
    assert hidden["threadReplyInfo"] == about
    info = pumble.call("GET", f"{path}/{root['id']}", token)["threadRootInfo"]
    assert (info["repliesCount"], info["repliers"]) == (2, [pumble.person("ana")])
    replies = pumble.call("GET", f"{path}/{root['id']}/replies", token)
    assert [item["id"] for item in replies] == [hidden["id"], shown["id"]]  # oldest first
    listed = [item["id"] for item in pumble.call("GET", path, token)["messages"]]
    assert shown["id"] in listed
    assert hidden["id"] not in listed


def test_43_an_ephemeral_is_seen_by_those_named_and_changed_by_its_id(pumble: Pumble) -> None:
    path, bot, channel = messages_of(pumble, "general"), pumble.token("bot"), pumble.channel("general")
    people = {"sendToUsers": [pumble.person("ana"), pumble.person("ben")]}

    def seen(key: str) -> list[str]:
        return [item["text"] for item in pumble.screen(key, channel)["ephemeral"]]

    sent = pumble.call("POST", path, bot, {"text": "secret", "ephemeral": people})["id"]
    assert (seen("ana"), seen("ben"), seen("carla")) == (["secret"], ["secret"], [])
    page = pumble.call("GET", f"{path}?limit=200", pumble.token("ana"))
    assert sent not in [item["id"] for item in page["messages"]]

    edit = {"text": "edited", "ephemeral": people}
    assert pumble.rest("PUT", f"{path}/{sent}", pumble.token("ben"), edit).status_code == 404
    pumble.call("PUT", f"{path}/{sent}", bot, edit)
    pumble.call("DELETE", f"{path}/{sent}/ephemeral", bot, {"deleteForUsers": people["sendToUsers"][:1]})
    assert (seen("ana"), seen("ben")) == ([], ["edited"])


def test_44_a_direct_channel_is_made_for_a_fresh_pair_and_found_again(pumble: Pumble) -> None:
    token, dan = pumble.token("ben"), pumble.person("dan")
    path = f"/v1/channels/direct?participantIds={pumble.person('ben')}%2C{dan}"

    assert refused(pumble.rest("GET", path, token)) == (404, 404100)
    made = pumble.call("POST", "/v1/channels/direct", token, {"participantIds": [dan]})["channel"]
    pumble.call("POST", f"/v1/channels/{made['id']}/messages", token, {"text": "hi"})

    assert pumble.call("GET", path, token)["channel"]["id"] == made["id"]
    again = pumble.call("POST", "/v1/channels/direct", token, {"participantIds": [dan]})["channel"]
    assert (again["id"], again["name"]) == (made["id"], "")
    assert pumble.screen("dan", made["id"])["messages"][-1]["text"] == "hi"


def test_45_a_channel_gets_a_normal_name_once(pumble: Pumble) -> None:
    token = pumble.token("ana")
    made = pumble.call("POST", "/v1/channels", token, {"name": "Release Notes", "type": "PRIVATE"})

    again = pumble.rest("POST", "/v1/channels", token, {"name": "release-notes", "type": "PUBLIC"})

    assert (made["channel"]["name"], made["users"]) == ("release-notes", [pumble.person("ana")])
    assert again.json()["message"] == "This channel name is already taken"
    for wrong in ({"name": "a!b"}, {"name": "x" * 81}, {"type": "OPEN"}, {"description": "x" * 251}):
        body = {"name": "fine", "type": "PUBLIC"} | wrong
        assert refused(pumble.rest("POST", "/v1/channels", token, body)) == (400, 400000)


def test_46_a_reaction_is_there_once_and_leaves_quietly(pumble: Pumble) -> None:
    path, token = messages_of(pumble, "general"), pumble.token("dan")
    sent = pumble.call("POST", path, token, {"text": "a"})["id"]
    for method in ("DELETE", "POST", "POST", "DELETE", "DELETE", "POST"):
        pumble.call(method, f"/v1/messages/{sent}/reactions", token, {"code": ":+1:"})

    shown = pumble.call("GET", f"{path}/{sent}", token)["reactions"]

    assert shown == [{"user": pumble.person("dan"), "code": ":+1:"}]
    for method in ("POST", "DELETE"):
        bare = pumble.rest(method, f"/v1/messages/{sent}/reactions", token, {"code": "+1"})
        assert refused(bare) == (400, 400000)


def test_47_a_scheduled_message_waits_is_posted_and_recurs(pumble: Pumble) -> None:
    token, channel, path = pumble.token("dan"), pumble.channel("random"), "/v1/messages/scheduled"
    body = {"channelId": channel, "text": "standup", "sendAt": int(time.time() * 1000) + HOUR}
    daily = {"recurrenceType": "DAILY", "endAfterOccurrences": 2}

    def pending() -> list[str]:
        return [item["text"] for item in pumble.call("GET", path, token)["scheduledMessages"]]

    def posted(text: str) -> int:
        return [item["text"] for item in pumble.screen("dan", channel)["messages"]].count(text)

    kept = pumble.call("POST", path, token, body | {"recurrence": daily})["id"]
    gone = pumble.call("POST", path, token, body | {"text": "never"})["id"]
    pumble.call("PUT", f"{path}/{kept}", token, body | {"text": "edited", "recurrence": daily})
    pumble.call("DELETE", f"{path}/{gone}", token)
    assert (pending(), posted("edited")) == (["edited"], 0)

    pumble.act("clock", forward=2 * HOUR)
    assert (pending(), posted("edited")) == (["edited"], 1)
    pumble.act("clock", forward=25 * HOUR)
    assert (pending(), posted("edited"), posted("never")) == ([], 2, 0)


def test_48_a_search_keeps_to_what_was_asked(pumble: Pumble) -> None:
    general, dan = pumble.channel("general"), pumble.person("dan")

    def search(**body: Any) -> Any:
        return pumble.call("POST", "/v1/messages/search", pumble.token("ana"), body)

    inside = search(**{"in": [general]}, limit=20, strategy="OLDEST")
    assert len(inside["content"]) == 20
    assert inside["hasMore"]
    assert {item["channelId"] for item in inside["content"]} == {general}
    assert {item["author"] for item in search(**{"from": [dan]})["content"]} == {dan}
    times = [item["timestampMilli"] for item in inside["content"]]
    between = search(**{"in": [general]}, afterTs=times[0], beforeTs=times[4], strategy="OLDEST")["content"]
    assert all(times[0] < item["timestampMilli"] < times[4] for item in between)
    assert between
    [numbers] = search(text="QUARTERLY numbers")["content"]
    assert "quarterly" in numbers["text"].lower()


def test_49_a_file_is_uploaded_in_three_steps_and_fetched_with_tokens(pumble: Pumble) -> None:
    token, board = pumble.token("ana"), messages_of(pumble, "board")
    done = upload(pumble, token, "plan.png", PNG)

    sent = pumble.call("POST", board, token, {"text": "the plan", "files": [done["id"]]})

    [file] = pumble.call("GET", f"{board}/{sent['id']}", token)["files"]
    assert (file["id"], file["name"], file["mimeType"], file["size"]) == (
        done["id"],
        "plan.png",
        "image/png",
        len(PNG),
    )
    headers = {"token": pumble.token("ben"), "x-app-token": pumble.credentials["appKey"]}
    fetched = requests.get(file["path"], headers=headers, timeout=20)
    assert (fetched.status_code, fetched.content) == (200, PNG)
    assert requests.get(file["path"], timeout=20).status_code == 401
    outside = headers | {"token": pumble.token("carla")}
    assert requests.get(file["path"], headers=outside, timeout=20).status_code == 404


def test_50_a_home_view_is_seen_by_its_person_and_published_twenty_times_a_minute(
    pumble: Pumble, app: TestApp
) -> None:
    words = {"type": "rich_text_section", "elements": [{"type": "text", "text": "Welcome"}]}
    default = [{"type": "rich_text", "elements": [words]}]
    manifest = app.manifest() | {"name": "Homely", "defaultHomeView": {"enabled": True, "blocks": default}}
    other = pumble.act("apps", manifest=manifest)
    tokens = pumble.grant("ana", "install", other)
    key = {"x-app-token": other["appKey"]}

    def publish(person: str) -> int:
        path = f"/v1/app/homeView/workspaceUsers/{pumble.person(person)}"
        blocks = {"blocks": [{"type": "divider"}]}
        return pumble.rest("POST", path, tokens["botToken"], blocks, headers=key).status_code

    def home(person: str) -> Any:
        members = {pumble.person(person), tokens["botId"]}
        conversations = pumble.get("workspaces")[0]["channels"]
        conversation = next(item["id"] for item in conversations if set(item["users"]) == members)
        return pumble.screen(person, conversation)["home"]["blocks"]

    assert (home("ana"), home("dan")) == (default, default)
    assert [publish("ana") for _ in range(21)] == [200] * 20 + [429]
    assert publish("carla") == 200
    assert (home("ana"), home("dan")) == ([{"type": "divider"}], default)


def test_51_the_eighty_first_message_of_a_minute_is_too_much(pumble: Pumble) -> None:
    path, token = messages_of(pumble, "general"), pumble.token("ana")
    for _ in range(80):
        pumble.call("POST", path, token, {"text": "x"})

    stopped = pumble.rest("POST", path, pumble.token("ben"), {"text": "x"})

    assert refused(stopped) == (429, 429000)
    assert 1 <= int(stopped.headers["Retry-After"]) <= 61
    globex = pumble.grant("gita", "install")["accessToken"]
    other = f"/v1/channels/{pumble.channel('general', 'Globex')}/messages"
    pumble.call("POST", other, globex, {"text": "another workspace"})
    pumble.act("switches", rateLimits=False)
    pumble.call("POST", path, token, {"text": "unlimited"})


def test_52_people_and_bots_learn_who_they_are(pumble: Pumble) -> None:
    for key in ("ana", "bot"):
        me = pumble.call("GET", "/oauth2/me", pumble.token(key))
        assert set(me) == {"workspaceId", "workspaceName", "workspaceUserId", "workspaceUserName"}
        assert me["workspaceUserId"] == pumble.person(key)


def test_53_an_app_can_end_an_authorisation_and_itself(pumble: Pumble, app: TestApp) -> None:
    ana, ben = pumble.grant("ana"), pumble.grant("ben")

    pumble.call("DELETE", "/v1/app/authorization", ben["accessToken"])
    assert app.events("APP_UNAUTHORIZED")[0].body["workspaceUserIds"] == [ben["userId"]]
    assert pumble.rest("GET", "/oauth2/me", ben["accessToken"]).status_code == 401

    pumble.call("DELETE", "/v1/app/installation", ana["botToken"])
    assert app.events("APP_UNINSTALLED")[0].event["botUser"] == ana["botId"]
    for token in (ana["accessToken"], ana["botToken"]):
        assert pumble.rest("GET", "/oauth2/me", token).status_code == 401


def test_54_a_text_of_100001_characters_is_refused(pumble: Pumble) -> None:
    path, token = messages_of(pumble, "general"), pumble.token("ana")

    assert pumble.call("POST", path, token, {"text": "ä" * 100_000})
    assert refused(pumble.rest("POST", path, token, {"text": "x" * 100_001})) == (400, 400000)


def test_55_an_app_shows_its_secrets_to_its_owner_and_loses_them_by_rotation(
    pumble: Pumble, app: TestApp
) -> None:
    ana, secrets = Developer(pumble, "ana"), {"appKey", "clientSecret", "signingSecret"}
    made = ana.create(app.manifest() | {"name": "Mine", "slashCommands": []})
    token = pumble.grant("ana", "install", made)["accessToken"]

    [listed] = ana.call("GET", "/apps/mine")
    assert listed["id"] == made["id"]
    assert not secrets & set(listed)
    assert ana.call("GET", f"/apps/mine/{made['id']}") == made
    assert Developer(pumble, "ben").request("GET", f"/apps/mine/{made['id']}").status_code == 404

    rotated = ana.call("PUT", f"/apps/{made['id']}/secrets/rotate")
    assert set(rotated) == secrets
    assert not {rotated[name] for name in secrets} & {made[name] for name in secrets}
    statuses = [
        pumble.rest("GET", "/oauth2/me", token, headers={"x-app-token": key}).status_code
        for key in (made["appKey"], rotated["appKey"])
    ]
    assert statuses == [401, 200]
    app.signing_secret = rotated["signingSecret"]
    pumble.act("shortcut", userId=ana.id, channelId=pumble.channel("general"), name="add_key")
    pumble.act("unauthorize", userId=ana.id, appId=made["id"])
    assert app.events("APP_UNAUTHORIZED")[0].is_valid


def test_56_a_manifest_is_imported_from_its_address_and_from_the_tool(pumble: Pumble, app: TestApp) -> None:
    by_address = pumble.act("apps", manifestUrl=f"{app.url}/manifest")
    posted = app.manifest() | {"name": "Posted", "signingSecret": "chosen", "socketMode": False}
    by_tool = Developer(pumble, "ana").create(posted)

    names = {item["id"]: item["name"] for item in pumble.get("apps", userId=pumble.person("gita"))}
    assert (names[by_address["id"]], names[by_tool["id"]]) == ("API", "Posted")
    assert by_address["id"] != SERVED_ID
    assert by_tool["signingSecret"] != "chosen"
    for made in (by_address, by_tool):
        assert pumble.grant("gita", "install", made)["botToken"]
        pumble.act("uninstall", userId=pumble.person("gita"), appId=made["id"])


def test_57_two_apps_see_nothing_of_each_other(pumble: Pumble, app: TestApp, other_app: TestApp) -> None:
    foreign = {"shortcutType": "GLOBAL", "name": "foreign", "url": f"{other_app.url}/shortcuts"}
    manifest = other_app.manifest() | {"name": "Other", "slashCommands": [], "shortcuts": [foreign]}
    other = pumble.act("apps", manifest=manifest)
    other_app.signing_secret = other["signingSecret"]
    theirs, mine, ana = pumble.grant("ana", "install", other), pumble.grant("ana"), Screen(pumble, app)
    ana.publish_home(actions(button()))
    key = {"x-app-token": other["appKey"]}

    for token in (mine["accessToken"], mine["botToken"]):
        assert pumble.rest("GET", "/oauth2/me", token, headers=key).status_code == 401
    conversations = pumble.get("workspaces")[0]["channels"]
    conversation = next(
        item["id"] for item in conversations if set(item["users"]) == {ana.id, theirs["botId"]}
    )
    assert pumble.screen("ana", conversation)["home"] is None

    view = ana.open_modal(actions(button()), submit={"type": "plain_text", "text": "Save"})
    other_app.respond_with("/shortcuts", envelope("UPDATE", modal(id=view, title=plain("Stolen"))))
    pumble.act("shortcut", userId=ana.id, channelId=ana.channel, name="foreign")
    assert [item["title"] for item in ana.modals] == [plain("New key")]
    ana.click("MODAL", view)
    ana.click("MESSAGE", ana.post_blocks(actions(button())))
    pumble.act("unauthorize", userId=ana.id)
    app.events("APP_UNAUTHORIZED")
    pumble.act("unauthorize", userId=ana.id, appId=other["id"])
    other_app.events("APP_UNAUTHORIZED")
    assert {hook.path for hook in other_app.hooks} == {"/shortcuts", "/events"}
    assert [hook.event["app"] for hook in other_app.events("APP_UNAUTHORIZED")] == [other["id"]]
    assert [hook.event["app"] for hook in app.events("APP_UNAUTHORIZED")] == [pumble.credentials["id"]]

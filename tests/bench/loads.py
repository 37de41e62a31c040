"""The loads of the rounds, by name: what is asked of whom, and over how many connections."""

import hashlib
import hmac
import itertools
import json
import time

from keys import key_format
from tests.bench.load import Load, request, with_keys
from tests.bench.stage import Stage

_CHANNEL = "65f0a1b2c3d4e5f607180003"
_MESSAGE = json.dumps({"channelId": _CHANNEL, "text": "hello"}).encode()
_SLOW = {"token": "delay=20;size=0"}
_STRANGERS = 5000
_hooks = itertools.count()


def of(stage: Stage) -> dict[str, Load]:
    """Every load of a round. What is refused is refused for its scope, or because there is no such key."""
    keys = {group: [one["key"] for one in members] for group, members in stage.keys.items()}
    unknown = [key_format.generate().text for _ in range(_STRANGERS)]
    malformed = [text[:-1] + ("0" if text[-1] != "0" else "1") for text in unknown]
    checks = {
        "check: portal": Load(stage.portal, with_keys(keys["narrow"], "GET", "/myInfo"), refused=True),
        "check: portal, many rows": Load(
            stage.crowded, with_keys(keys["narrow"], "GET", "/myInfo"), refused=True
        ),
        "check: unknown key": Load(stage.portal, with_keys(unknown, "GET", "/myInfo"), refused=True),
        "check: malformed key": Load(stage.portal, with_keys(malformed, "GET", "/myInfo"), refused=True),
    }
    for peer, tokens in stage.tokens.items():
        calls = tuple(request("GET", f"/{peer}", Authorization=token) for token in tokens)
        checks[f"check: {peer}"] = Load(stage.peers, calls)
    naive = tuple(request("GET", "/naive", Authorization=token) for token in stage.tokens["drf-api-key"])
    carried = {
        "myInfo: portal": Load(stage.portal, with_keys(keys["fast"], "GET", "/myInfo")),
        "myInfo: portal, many rows": Load(stage.crowded, with_keys(keys["fast"], "GET", "/myInfo")),
        "myInfo: bare": Load(stage.peers, (request("GET", "/bare"),)),
        "myInfo: naive": Load(stage.peers, naive),
        "myInfo: nginx": Load(
            stage.nginx, (request("GET", f"/v1/workspaceUsers/{_CHANNEL}", token="delay=0;size=0"),)
        ),
    }
    return checks | carried | _sizes(stage, keys) | _sending(stage, keys)


def _sizes(stage: Stage, keys: dict[str, list[str]]) -> dict[str, Load]:
    message = f"/fetchMessage?channelId={_CHANNEL}&messageId={_CHANNEL}"
    page = f"/listMessages?channelId={_CHANNEL}&limit=50"
    return {
        f"{operation}: {size}": Load(stage.portal, with_keys(keys[group], "GET", path))
        for operation, path in (("one message", message), ("page of messages", page))
        for size, group in (("300 B", "fast"), ("20 kB", "large"))
    }


def _sending(stage: Stage, keys: dict[str, list[str]]) -> dict[str, Load]:
    """To send a message the portal asks twice: may owner and bot write there, and then the message."""
    channel = f"/v1/channels/{_CHANNEL}"
    direct = (
        request("GET", channel, b"", **_SLOW),
        request("POST", f"{channel}/messages", b'{"text":"hello"}', **_SLOW),
    )
    through = with_keys(keys["slow"], "POST", "/sendMessage", _MESSAGE)
    bare = (request("POST", "/bare-sender", _MESSAGE),)
    return {
        f"sendMessage, {connections}: {whom}": Load(server, calls, connections)
        for connections in (1, 64)
        for whom, server, calls in (
            ("portal", stage.portal, through),
            ("bare", stage.peers, bare),
            ("direct", stage.upstream, direct),
        )
    }


def hooks(stage: Stage, count: int, connections: int) -> Load:
    """So many `/api-keys generate`, signed as Pumble signs them; no two are one."""
    secret = stage.portal_environment["PUMBLE_APP_SIGNING_SECRET"]
    people = itertools.cycle(stage.keys["slow"])
    signed = tuple(_signed(secret, person) for person in itertools.islice(people, count))
    return Load(stage.portal, signed, connections)


def _signed(secret: str, person: dict[str, str]) -> bytes:
    number = next(_hooks)
    hook = {
        "messageType": "SLASH_COMMAND",
        "slashCommand": "/api-keys",
        "text": f"generate hook {number}",
        "blocks": [],
        "userId": person["user"],
        "channelId": _CHANNEL,
        "workspaceId": person["workspace"],
        "triggerId": f"trigger-{number}",
    }
    body = json.dumps(hook).encode()
    stamp = str(int(time.time() * 1000))
    signature = hmac.new(secret.encode(), f"{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    signed = {"x_pumble_request_timestamp": stamp, "x_pumble_request_signature": signature}
    return request("POST", "/pumble/hook", body, **signed)

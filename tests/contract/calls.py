"""Helpers to send a message and to read it."""

from typing import Any

from tests.contract import objects
from tests.contract.wire import Api, success


def send(api: Api, text: str = "hello", channel: str = "general", **more: Any) -> dict[str, Any]:
    sent: dict[str, Any] = success(api.post("sendMessage", {"channel": channel, "text": text, **more}))
    return sent


def fetch(api: Api, ref: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = success(api.get("fetchMessage", channelId=ref["channelId"], messageId=ref["id"]))
    assert objects.MESSAGE(result)
    return result

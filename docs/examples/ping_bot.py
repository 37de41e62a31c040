"""A bot that answers "ping" with "pong". It needs the package `requests`."""

import os
import time
from pathlib import Path

import requests

portal, place = os.environ["PORTAL_URL"], Path("ping_bot.cursor")
session = requests.Session()
session.headers["ApiKey"] = os.environ["PUMBLE_API_KEY"]
query = {"types": "message.created", "wait": 25, "cursor": place.read_text() if place.exists() else ""}


def call(method, operation, **options):
    answer = session.request(method, f"{portal}/{operation}", timeout=60, **options)
    time.sleep(int(answer.headers.get("Retry-After", 0)))
    if answer.status_code >= 429:
        answer.raise_for_status()
    return answer.json()


while True:
    try:
        page = call("GET", "listEvents", params=query)
        if "events" not in page and "cursor" not in page.get("fields", {}):
            raise SystemExit(page)  # the key does not work, or may not listen
        for message in (event["data"] | {"event": event["id"]} for event in page.get("events", [])):
            if message["text"].strip().lower() == "ping":
                once, reply = (
                    {"Idempotency-Key": message["event"]},
                    {"channelId": message["channelId"], "text": "pong"},
                )
                call("POST", "sendMessage", json=reply, headers=once)
        query["cursor"] = page.get("cursor", "")  # none, if the last one has expired
        place.write_text(query["cursor"])
    except requests.RequestException:
        time.sleep(1)  # the portal is away: what was not answered comes again

"""Messages that users received from the bot, and keys for notices."""

from datetime import UTC, datetime, timedelta
from typing import Any

from keys import audit, key_format, lifecycle
from keys.models import ApiKey, Member
from tests import pumble
from tests.pumble import Person

START = datetime(2027, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def member(person: Person) -> Member:
    return Member.objects.select_related("workspace").get(pumble_user_id=person.id)


def actor_for(person: Person) -> audit.Actor:
    return audit.Actor(member(person), audit.Surface.WEB)


def new_key(
    person: Person, name: str = "ci", *, lives: timedelta | None = None, now: datetime = START
) -> tuple[ApiKey, key_format.Plaintext]:
    """Return a confirmed key of that member, and its plaintext."""
    key, plaintext = lifecycle.issue(
        owner=member(person),
        name=name,
        by=audit.OPERATOR,
        now=now,
        expires_at=None if lives is None else now + lives,
    )
    return lifecycle.confirm(key=key, by=audit.OPERATOR, now=now), plaintext


def direct_messages(person: Person) -> list[dict[str, Any]]:
    """Return the bot's direct messages to that member, oldest first."""
    workspace = next(item for item in pumble.get("workspaces") if item["id"] == person.workspace_id)
    bot = next(user["id"] for user in workspace["users"] if user["isBot"] and user["name"] == "API")
    channels = [
        channel["id"]
        for channel in workspace["channels"]
        if sorted(channel["users"]) == sorted([bot, person.id])
    ]
    return [message for channel_id in channels for message in person.screen(channel_id)["messages"]]


def messages_to(person: Person) -> list[str]:
    """Return the texts of the bot's direct messages to that member."""
    return [message["text"] for message in direct_messages(person)]

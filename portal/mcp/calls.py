"""What a tool works with: the operations of the REST API, and names where the model and people use names."""

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import caches

from keys import authentication, unicode_text
from keys.exceptions import RateLimited
from portal.api import lookup
from portal.api.base import OperationView
from portal.api.calls import ApiCall
from portal.api.exceptions import ChannelNotFound, InvalidInput, PeopleNotValid
from portal.mcp import text
from portal.mcp.errors import InvalidArgument
from pumble_bridge.client import Json
from pumble_bridge.exceptions import PumbleError

_CACHE_SECONDS = 60
MAX_SUGGESTIONS = 5


@dataclass(frozen=True)
class Channel:
    """A channel, and what people call it: `#general`, or `direct messages with Ben`."""

    id: str
    label: str
    info: Json

    def __str__(self) -> str:
        return f"{self.label} ({self.id})"


@dataclass
class ToolCall:
    """One call of a tool.

    Attributes:
        operation: the operation that the log of calls names.
    """

    api: ApiCall
    operation: str
    is_dry_run: bool = False
    _names: dict[str, str] | None = None
    _names_are_fresh: bool = False

    def run(self, operation: type[OperationView], **data: Any) -> Any:
        """Return the answer of the operation, as the REST API would give it.

        Raises:
            ScopeMissing: the key does not have the operation's scope.
            NotForWorkspaceKeys: only a person can do this.
            InvalidInput: the operation does not accept `data`.
        """
        if operation.scope is not None:
            authentication.require_scope(self.api.key, operation.scope)
        if operation.for_people_only:
            authentication.require_person(self.api.key)
        self.operation = operation.operation
        serializer = operation.input_serializer(data=data)
        if not serializer.is_valid():
            raise InvalidInput(serializer.errors)
        return operation().run_with_hint(self.api, serializer.validated_data)

    def may(self, scope: str) -> bool:
        return scope in self.api.key.scopes

    def report(self, did: str, would: str) -> str:
        """Return what a tool that writes says in the end."""
        return f"Dry run: nothing was changed. Would {would}." if self.is_dry_run else f"{did}."

    def find_channel(self, wanted: str) -> Channel:
        """
        Raises:
            ChannelNotFound: with similar names, if the key may list channels.
            ChannelNotAllowed.
        """
        try:
            return self.channel_of(lookup.find_channel(self.api, {"channel": wanted}))
        except ChannelNotFound as error:
            if self.may("channels:list") and (similar := self._similar_channels(wanted)):
                error.add_note(f"Similar names: {', '.join(similar)}.")
            raise

    def channel_of(self, info: Json) -> Channel:
        """Return the channel with its label."""
        channel = info["channel"]
        name = text.line(str(channel.get("name") or ""))
        if name:
            return Channel(channel["id"], f"#{name}", info)
        others = [user for user in info["users"] if user != self.api.owner_id]
        label = f"direct messages with {self.list_names(others)}" if others else "messages to oneself"
        return Channel(channel["id"], label, info)

    def find_people(self, wanted: Sequence[str]) -> list[str]:
        """Return the people's ids.

        Raises:
            InvalidArgument: somebody is unknown, or several people have the name.
        """
        return [self._find_person(person) for person in wanted]

    def name_of(self, user_id: str) -> str:
        """Return the person's name; the id, if Pumble does not say."""
        names = self._people()
        if user_id not in names:
            names = self._people(fresh=True)
        return names.get(user_id) or text.line(user_id)

    def list_names(self, user_ids: Iterable[str], *, limit: int = 8) -> str:
        ids = list(user_ids)
        names = ", ".join(self.name_of(user_id) for user_id in ids[:limit])
        return names if len(ids) <= limit else f"{names} and {len(ids) - limit} more"

    def channel_names(self) -> Callable[[str], str]:
        """Return a function from the id of a channel to its name; to its id and members where it has no name."""
        infos = {info["channel"]["id"]: info for info in self._ask(self._list_channels) or []}

        def label(channel_id: str) -> str:
            if channel_id not in infos:
                return channel_id
            channel = self.channel_of(infos[channel_id])
            return channel.label if channel.label.startswith("#") else str(channel)

        return label

    def readable(self, message: str) -> str:
        """Return the text of a message with names instead of ids."""

        def name(sign: str, pumble_id: str) -> str:
            return f"@{self.name_of(pumble_id)}" if sign == "@" else f"#{pumble_id}"

        return text.replace_mentions(message, name)

    def sender(self, *, as_bot: bool) -> str:
        return "the app's bot" if as_bot or self.api.is_workspace_key else self.name_of(self.api.owner_id)

    def _find_person(self, wanted: str) -> str:
        try:
            return lookup.find_user_ids(self.api, [wanted])[0]
        except PeopleNotValid:
            raise InvalidArgument(self._explain_person(wanted)) from None

    def _explain_person(self, wanted: str) -> str:
        shown = text.line(wanted)
        folded = unicode_text.fold(wanted.removeprefix("@"))
        everybody = self._ask(self.api.pumble.list_users) or []
        users = [user for user in everybody if user.get("status") != "DEACTIVATED"]
        same = [user for user in users if unicode_text.fold(str(user.get("name") or "")) == folded]
        if len(same) > 1:
            mail = self.may("users:list")
            described = [
                user["id"] + (f" {text.line(str(user.get('email') or ''))}" if mail else "") for user in same
            ]
            return f"several people are called {shown}: use one of these ids: {', '.join(described[:20])}"
        names = [text.line(str(user.get("name") or "")) for user in users] if self.may("users:list") else []
        similar = difflib.get_close_matches(shown, names, MAX_SUGGESTIONS) or [
            name for name in names if shown.casefold() in name.casefold()
        ]
        hint = f". Similar names: {', '.join(similar[:MAX_SUGGESTIONS])}" if similar else ""
        return f"nobody in this workspace is {shown}{hint}"

    def _similar_channels(self, wanted: str) -> list[str]:
        names = [
            text.line(str(info["channel"].get("name") or "")) for info in self._ask(self._list_channels) or []
        ]
        shown = text.line(wanted.strip().removeprefix("#")).casefold()
        close = difflib.get_close_matches(shown, names, MAX_SUGGESTIONS)
        close += [name for name in names if shown and shown in name.casefold() and name not in close]
        return [f"#{name}" for name in close[:MAX_SUGGESTIONS]]

    def _list_channels(self) -> list[Json]:
        return lookup.list_allowed_channels(self.api)

    def _people(self, *, fresh: bool = False) -> dict[str, str]:
        """Return the names of the workspace's people by id. They are cached for a minute."""
        key = f"names-for-{self.api.key.owner_id}"
        if self._names is None:
            self._names = caches["local"].get(key)
        if self._names is None or (fresh and not self._names_are_fresh):
            users = self._ask(self.api.pumble.list_users) or []
            names = {user["id"]: text.line(str(user.get("name") or "")) for user in users}
            self._names, self._names_are_fresh = (self._names or {}) | names, True
            if names:
                caches["local"].set(key, self._names, _CACHE_SECONDS)
        return self._names

    def _ask(self, ask: Callable[[], Any]) -> Any:
        """Return what Pumble says, None if it fails: names only make a result easier to read."""
        try:
            return ask()
        except (PumbleError, RateLimited):
            return None

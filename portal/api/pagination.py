"""Make the contract's pages of messages from Pumble's pages.

Pumble lists newest first and takes ids as cursors. The contract lists a channel oldest first with an exclusive cursor,
and a thread newest first with an inclusive cursor. It also takes times as cursors.
"""

from dataclasses import dataclass

from portal.api.exceptions import CursorUnknown
from pumble_bridge.client import Json, PumbleClient
from pumble_bridge.exceptions import PumbleRefused

_FLAGS = ("hasMoreBefore", "hasMoreAfter")


def list_channel_messages(
    pumble: PumbleClient, channel_id: str, cursor: str | int | None, strategy: str, limit: int
) -> Json:
    """Return `{messages, hasMoreBefore, hasMoreAfter}`, oldest first. The flag of a side that was not read is None.

    Args:
        cursor: a message's id, epoch milliseconds, or None for the newest messages, whatever the `strategy`.
    """
    if cursor is None:
        page = pumble.list_messages(channel_id, limit=limit, strategy="BEFORE", cursor=None)
        page |= {flag: bool(page.get(flag)) for flag in _FLAGS}
    elif isinstance(cursor, int):
        page = _from_moment(pumble, channel_id, cursor, strategy, limit)
    else:
        page = pumble.list_messages(channel_id, limit=limit, strategy=strategy, cursor=cursor)
    return {"messages": page["messages"][::-1]} | {flag: page.get(flag) for flag in _FLAGS}


def _from_moment(pumble: PumbleClient, channel_id: str, moment: int, strategy: str, limit: int) -> Json:
    """Return the page on one side of a time, or around it, newest first. It starts at the message nearest to the time."""
    later = strategy == "AFTER"
    nearest = _find_nearest(pumble, channel_id, moment if strategy != "AROUND" else moment + 1, later=later)
    if nearest is None and strategy == "AROUND":
        nearest = _find_nearest(pumble, channel_id, moment, later=True)
    if nearest is None:
        return {"messages": []} | dict.fromkeys(_FLAGS, None) | {_FLAGS[later]: False}
    if strategy == "AROUND":
        return pumble.list_messages(channel_id, limit=limit, strategy=strategy, cursor=nearest["id"])
    page = pumble.list_messages(channel_id, limit=max(limit - 1, 1), strategy=strategy, cursor=nearest["id"])
    rest = page["messages"] if limit > 1 else []
    if limit == 1:
        page[_FLAGS[later]] = bool(page["messages"])
    return page | {"messages": [*rest, nearest] if later else [nearest, *rest]}


def _find_nearest(pumble: PumbleClient, channel_id: str, moment: int, *, later: bool) -> Json | None:
    """Return the channel's message nearest to a time, exclusively. A reply that is shown only in its thread does not count."""
    criteria: Json = {"in": [channel_id], "limit": 20, "strategy": "OLDEST" if later else "NEWEST"}
    side = "afterTs" if later else "beforeTs"
    while hits := pumble.search_messages(criteria | {side: moment})["content"]:
        in_channel = [hit for hit in hits if _is_in_channel(hit)]
        if in_channel:
            # Times are whole seconds. Ids order the messages of one second.
            same = [
                hit for hit in in_channel if hit.get("timestampMilli") == in_channel[0].get("timestampMilli")
            ]
            match = (min if later else max)(same, key=lambda hit: str(hit["id"]))
            return {name: value for name, value in match.items() if name != "highlightedBlocks"}
        edge = hits[-1].get("timestampMilli")
        if not isinstance(edge, int) or edge == moment:
            return None
        moment = edge
    return None


def _is_in_channel(message: Json) -> bool:
    reply = message.get("threadReplyInfo")
    return not isinstance(reply, dict) or bool(reply.get("replySentToChannel"))


@dataclass(frozen=True, slots=True)
class Thread:
    """The replies to one message."""

    pumble: PumbleClient
    channel_id: str
    root_id: str

    def page(self, cursor: str | int | None, strategy: str, limit: int) -> list[Json]:
        """Return replies, newest first.

        With an id: the cursor's reply, then up to `limit` older ones; nothing if none is older. With AFTER: up to `limit`
        newer ones. With a time: up to `limit` on that side of it.

        Raises:
            CursorUnknown: the id is not of a reply in this thread.
        """
        side = "AFTER" if strategy == "AFTER" else "BEFORE"
        if isinstance(cursor, int):
            return self._from_moment(cursor, side, limit)
        # One more than requested: Pumble may or may not include the reply of the cursor.
        replies = self._fetch(cursor, side, limit + 1 if cursor else limit)
        others = [reply for reply in replies if reply["id"] != cursor]
        others = others[-limit:] if side == "AFTER" else others[:limit]
        if cursor is None or side == "AFTER" or not others:
            return others
        return [self._reply(cursor), *others]

    def _from_moment(self, moment: int, side: str, limit: int) -> list[Json]:
        """Read from the newest reply back to the time. Threads are short."""
        kept: list[Json] = []
        cursor = None
        while page := [reply for reply in self._fetch(cursor, "BEFORE", 200) if reply["id"] != cursor]:
            cursor = page[-1]["id"]
            kept += page
            if page[-1].get("timestampMilli", 0) < moment and side == "AFTER":
                break
        if side == "AFTER":
            return [reply for reply in kept if reply.get("timestampMilli", 0) > moment][-limit:]
        return [reply for reply in kept if reply.get("timestampMilli", 0) < moment][:limit]

    def _fetch(self, cursor: str | None, strategy: str, limit: int) -> list[Json]:
        """Return Pumble's page, sorted newest first."""
        replies = self.pumble.list_replies(
            self.channel_id, self.root_id, limit=min(limit, 200), strategy=strategy, cursor=cursor
        )
        return sorted(
            replies, key=lambda reply: (reply.get("timestampMilli") or 0, reply["id"]), reverse=True
        )

    def _reply(self, reply_id: str) -> Json:
        try:
            reply = self.pumble.get_message(self.channel_id, reply_id)
        except PumbleRefused as error:
            if error.status == 404:
                raise CursorUnknown from error
            raise
        info = reply.get("threadReplyInfo")
        if not isinstance(info, dict) or info.get("rootId") != self.root_id:
            raise CursorUnknown
        return reply

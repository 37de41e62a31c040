"""Search the messages that the key's owner can see."""

import itertools
from typing import Any

from django.utils.translation import gettext_lazy as _

from keys.reasons import BOT_NOT_IN_CHANNEL, CHANNEL_NOT_ALLOWED, UNUSABLE_CRITERIA
from portal.api import normalization
from portal.api.base import OperationView
from portal.api.calls import ApiCall
from portal.api.exceptions import ChannelNotFound, InvalidBody, PeopleNotValid
from portal.api.lookup import find_user_ids, get_accessible_channel, list_accessible_channel_ids
from portal.api.serializers.responses.messages import SearchResult
from portal.api.serializers.search import SearchInput
from portal.api.views.messages import MESSAGE_EXAMPLE
from pumble_bridge.client import Json
from pumble_bridge.hints import Hint

MAX_CHANNELS = 50  # that Pumble accepts in one search
MAX_SEARCHES = 4


class SearchMessages(OperationView):
    operation = "searchMessages"
    method = "POST"
    scope = "messages:read"
    tag = "Messages"
    summary = _("Search messages")
    description = _(
        "Searches all messages that the key's owner can see, direct messages included. Private channels are searched only if the app's bot is a member. At least one of `text`, `from` and `in` is required. A message that was just sent may not be found yet."
    )
    input_serializer = SearchInput
    errors = (UNUSABLE_CRITERIA, CHANNEL_NOT_ALLOWED, BOT_NOT_IN_CHANNEL)
    response_serializer = SearchResult
    request_example = {"text": "release", "in": ["general"], "limit": 10}
    response_example = {"content": [MESSAGE_EXAMPLE], "totalElements": 1, "hasMore": False}

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        try:
            people = find_user_ids(call, data.get("from", []))
            channel_ids = [
                get_accessible_channel(call, {"channel": text})["channel"]["id"]
                for text in data.get("in", [])
            ]
        except (ChannelNotFound, PeopleNotValid) as error:
            raise InvalidBody(Hint.CRITERION_UNKNOWN) from error
        channels = channel_ids or list_accessible_channel_ids(call)
        if not channels:  # an empty list means all channels to Pumble
            return {"content": [], "totalElements": 0, "hasMore": False}
        criteria: Json = {"limit": data.get("limit", 10), "strategy": data.get("strategy", "MOST_RELEVANT")}
        criteria |= {name: data[name] for name in ("text", "beforeTs", "afterTs") if data.get(name)}
        if people:
            criteria["from"] = people
        if len(channels) <= MAX_CHANNELS * MAX_SEARCHES:
            # Pumble searches only accessible channels, so its total is right.
            return normalization.search_result(_search_in(call, criteria, channels))
        # Too many channels for the request. Pumble's total would include inaccessible ones, so count the results.
        page = call.pumble.search_messages(criteria)
        shown = [hit for hit in page["content"] if hit.get("channelId") in set(channels)]
        return normalization.search_result(page | {"content": shown, "totalElements": len(shown)})


def _search_in(call: ApiCall, criteria: Json, channels: list[str]) -> Json:
    """Search these channels in parts. Merge the hits by time or, for relevance, in turns."""
    pages = [
        call.pumble.search_messages(criteria | {"in": channels[start : start + MAX_CHANNELS]})
        for start in range(0, len(channels), MAX_CHANNELS)
    ]
    if len(pages) == 1:
        return pages[0]
    turns = itertools.zip_longest(*(page["content"] for page in pages))
    hits = [hit for turn in turns for hit in turn if hit is not None]
    if criteria["strategy"] != "MOST_RELEVANT":
        newest_first = criteria["strategy"] != "OLDEST"
        hits.sort(key=lambda hit: hit.get("timestampMilli") or 0, reverse=newest_first)
    total = sum(page.get("totalElements") or 0 for page in pages)
    return {
        "content": hits[: criteria["limit"]],
        "totalElements": total,
        "hasMore": total > criteria["limit"],
    }

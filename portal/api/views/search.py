"""Search in everything the key's owner can see."""

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

MAX_CHANNELS = 50  # that Pumble takes in one search
MAX_SEARCHES = 4


class SearchMessages(OperationView):
    operation = "searchMessages"
    method = "POST"
    scope = "messages:read"
    tag = "Messages"
    summary = _("Search messages")
    description = _(
        "In everything the key's owner can see, direct messages included; of private channels in those with the app's "
        "bot. At least one of `text`, `from` and `in` is needed. A message that was sent just now may not be found yet."
    )
    input_serializer = SearchInput
    errors = (UNUSABLE_CRITERIA, CHANNEL_NOT_ALLOWED, BOT_NOT_IN_CHANNEL)
    response_serializer = SearchResult
    request_example = {"text": "release", "in": ["general"], "limit": 10}
    response_example = {"content": [MESSAGE_EXAMPLE], "totalElements": 1, "hasMore": False}

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        try:
            people = find_user_ids(call, data.get("from", []))
            named = [
                get_accessible_channel(call, {"channel": one})["channel"]["id"] for one in data.get("in", [])
            ]
        except (ChannelNotFound, PeopleNotValid) as error:
            raise InvalidBody(Hint.CRITERION_UNKNOWN) from error
        channels = named or list_accessible_channel_ids(call)
        if not channels:  # to Pumble, no channel would mean every channel
            return {"content": [], "totalElements": 0, "hasMore": False}
        criteria: Json = {"limit": data.get("limit", 10), "strategy": data.get("strategy", "MOST_RELEVANT")}
        criteria |= {name: data[name] for name in ("text", "beforeTs", "afterTs") if data.get(name)}
        if people:
            criteria["from"] = people
        if len(channels) <= MAX_CHANNELS * MAX_SEARCHES:
            # Pumble itself leaves the closed channels out, so its totals are right.
            return normalization.search_result(_search_in(call, criteria, channels))
        # Too many to name them all. A total over every channel would tell of closed ones, so it counts what is shown.
        found = call.pumble.search_messages(criteria)
        shown = [hit for hit in found["content"] if hit.get("channelId") in set(channels)]
        return normalization.search_result(found | {"content": shown, "totalElements": len(shown)})


def _search_in(call: ApiCall, criteria: Json, channels: list[str]) -> Json:
    """The hits in these channels, as many at a time as Pumble takes; by time or, for relevance, in turns."""
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

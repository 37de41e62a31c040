"""Searching in everything the key's owner can see."""

import itertools
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.api import shapes
from portal.api.endpoint import Call, Endpoint
from portal.api.exceptions import ChannelNotFound, InvalidBody, PeopleNotValid
from portal.api.inputs import Choice, Input, Limit, Milliseconds, TextList
from portal.api.lookup import find_open_channel, find_people_ids, list_open_channel_ids
from portal.api.messages.reading import MESSAGE_EXAMPLE
from portal.api.refusals import CRITERIA, NOT_ALLOWED, PRIVATE_CHANNEL
from pumble_bridge.client import Json
from pumble_bridge.hints import Hint

MOST_CHANNELS = 50  # that Pumble takes in one search
MOST_SEARCHES = 4


class SearchInput(Input):
    one_of = ("text", "from", "in")

    text = serializers.CharField(
        required=False, allow_blank=True, max_length=1000, help_text=_("Words to look for")
    )
    limit = Limit(most=20, usual=10, required=False, help_text=_("How many a page may have"))
    strategy = Choice(
        choices=["MOST_RELEVANT", "MOST_RECENT", "NEWEST", "OLDEST"],
        required=False,
        help_text=_("The order of the hits, MOST_RELEVANT unless said"),
    )
    beforeTs = Milliseconds(required=False, help_text=_("Epoch milliseconds, not included"))  # noqa: N815 - the contract's
    afterTs = Milliseconds(required=False, help_text=_("Epoch milliseconds, not included"))  # noqa: N815 - names

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # `from` and `in` are words of Python's own.
        people = TextList(required=False, help_text=_("People's ids, names or e-mails"))
        channels = TextList(required=False, help_text=_("Channels' ids or names"))
        return super().get_fields() | {"from": people, "in": channels}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not (attrs.get("text", "").strip() or attrs.get("from") or attrs.get("in")):
            raise InvalidBody(Hint.CRITERION_MISSING)
        return attrs


class SearchMessages(Endpoint):
    operation = "searchMessages"
    method = "POST"
    scope = "messages:read"
    tag = "Messages"
    summary = _("Search messages")
    description = _(
        "In everything the key's owner can see, direct messages included; of private channels in those with the app's "
        "bot. At least one of `text`, `from` and `in` is needed. A message that was sent just now may not be found yet."
    )
    takes = SearchInput
    refusals = (CRITERIA, NOT_ALLOWED, PRIVATE_CHANNEL)
    answers = "SearchResult"
    request_example = {"text": "release", "in": ["general"], "limit": 10}
    answer_example = {"content": [MESSAGE_EXAMPLE], "totalElements": 1, "hasMore": False}

    def run(self, call: Call, given: dict[str, Any]) -> Any:
        try:
            people = find_people_ids(call, given.get("from", []))
            named = [
                find_open_channel(call, {"channel": one})["channel"]["id"] for one in given.get("in", [])
            ]
        except (ChannelNotFound, PeopleNotValid) as error:
            raise InvalidBody(Hint.CRITERION_UNKNOWN) from error
        channels = named or list_open_channel_ids(call)
        if not channels:  # to Pumble, no channel would mean every channel
            return {"content": [], "totalElements": 0, "hasMore": False}
        criteria: Json = {"limit": given.get("limit", 10), "strategy": given.get("strategy", "MOST_RELEVANT")}
        criteria |= {name: given[name] for name in ("text", "beforeTs", "afterTs") if given.get(name)}
        if people:
            criteria["from"] = people
        if len(channels) <= MOST_CHANNELS * MOST_SEARCHES:
            # Pumble itself leaves the closed channels out, so its totals are right.
            return shapes.search_result(_search_in(call, criteria, channels))
        # Too many to name them all. A total over every channel would tell of closed ones, so it counts what is shown.
        found = call.pumble.search_messages(criteria)
        shown = [hit for hit in found["content"] if hit.get("channelId") in set(channels)]
        return shapes.search_result(found | {"content": shown, "totalElements": len(shown)})


def _search_in(call: Call, criteria: Json, channels: list[str]) -> Json:
    """The hits in these channels, as many at a time as Pumble takes; by time or, for relevance, in turns."""
    pages = [
        call.pumble.search_messages(criteria | {"in": channels[start : start + MOST_CHANNELS]})
        for start in range(0, len(channels), MOST_CHANNELS)
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

"""Search in the messages that the caller can see. Source: Pumble app platform reference, 5.5 (SearchRequest)."""

import re
from collections import Counter
from typing import Any

from django.db.models import Count, Func, IntegerField

from sandbox import channels, serializers
from sandbox.exceptions import ValidationError
from sandbox.models import Message
from sandbox.rest import fields
from sandbox.rest.endpoint import ApiCall

_WORD = re.compile(r"\w+")
STRATEGIES = ("MOST_RELEVANT", "MOST_RECENT", "NEWEST", "OLDEST")
MAX_NUMBER = 10**15
WHOLE_WORD = 10
COUNTS = {
    "minReactionCount": Count("reactions"),
    "minAttachmentCount": Func("attachments", function="JSON_ARRAY_LENGTH", output_field=IntegerField()),
    "minFileCount": Func("files", function="JSON_ARRAY_LENGTH", output_field=IntegerField()),
}


def search(call: ApiCall) -> dict[str, Any]:
    """Return messages with all words of the text, regardless of case. `beforeTs` and `afterTs` are exclusive.

    The number of hits is exact, because all hits are counted.
    """
    body = call.body()
    channel_ids = fields.ids(body.get("in"), minimum=0, maximum=50)
    author_ids = fields.ids(body.get("from"), minimum=0, maximum=50)
    words = fields.text(body, "text", maximum=500, default="").casefold().split()
    if not (words or channel_ids or author_ids):
        raise ValidationError("[at least one of text, from and in is needed]")
    strategy = fields.choice(body.get("strategy"), STRATEGIES, "MOST_RELEVANT")
    skip = fields.number(body.get("skip"), default=0, minimum=0, maximum=MAX_NUMBER)
    limit = 10 if body.get("limit") is None else fields.bounded_number(body["limit"], minimum=1, maximum=20)

    rows = Message.objects.filter(channel__in=channels.visible_to(call.person), deleted=False)
    if fields.flag(body, "fromMyChannelsOnly"):
        rows = rows.filter(channel__memberships__person=call.person)
    if fields.flag(body, "fromHumanOnly"):
        rows = rows.filter(author_app_id="", author__is_pumble_bot=False)
    if channel_ids:
        rows = rows.filter(channel_id__in=channel_ids)
    if author_ids:
        rows = rows.filter(author_id__in=author_ids)
    if body.get("beforeTs") is not None:
        rows = rows.filter(
            sent_ms__lt=fields.number(body["beforeTs"], default=0, minimum=1, maximum=MAX_NUMBER)
        )
    if body.get("afterTs") is not None:
        rows = rows.filter(
            sent_ms__gt=fields.number(body["afterTs"], default=0, minimum=1, maximum=MAX_NUMBER)
        )

    for name, count in COUNTS.items():
        minimum = fields.number(body.get(name), default=0, minimum=0, maximum=MAX_NUMBER)
        if minimum:
            rows = rows.alias(**{name: count}).filter(**{f"{name}__gte": minimum})

    hits = _rank(list(rows.order_by("-id").values_list("id", "text")), words, strategy)
    page_ids = hits[skip : skip + limit]
    by_id = {row.id: row for row in Message.objects.filter(pk__in=page_ids)}
    page = [by_id[message_id] for message_id in page_ids if message_id in by_id]
    content = serializers.messages(page, call.person.id, call.person.workspace_id)
    return {
        "content": [{**hit, "highlightedBlocks": _highlight(hit["text"], words)} for hit in content],
        "totalElements": len(hits),
        "hasMore": skip + limit < len(hits),
    }


def _rank(rows: list[tuple[str, str]], words: list[str], strategy: str) -> list[str]:
    """Return ids in the requested order. `rows` are newest first."""
    folded = [(message_id, text.casefold()) for message_id, text in rows]
    hits = [(message_id, text) for message_id, text in folded if all(word in text for word in words)]
    if strategy == "OLDEST":
        hits.reverse()
    elif strategy == "MOST_RELEVANT" and words:
        hits.sort(key=lambda hit: -_score(hit[1], words))
    return [message_id for message_id, _ in hits]


def _score(text: str, words: list[str]) -> int:
    """Return the relevance: a whole word counts more than a part of a word.

    The sort is stable, so of two equal messages the newer comes first.
    """
    whole = Counter(_WORD.findall(text))
    return sum(WHOLE_WORD * whole[word] + text.count(word) for word in words)


def _highlight(text: str, words: list[str]) -> list[dict[str, Any]]:
    """Return the text as a block in which matches have `highlight`."""
    elements: list[dict[str, Any]] = []
    folded, position = text.casefold(), 0
    if len(folded) != len(text):
        words = []  # Positions in the folded text differ from those in the text.
    while position < len(text):
        starts = [(folded.find(word, position), len(word)) for word in words]
        starts = [start for start in starts if start[0] >= 0]
        if not starts:
            elements.append({"type": "text", "text": text[position:]})
            break
        start, length = min(starts)
        if start > position:
            elements.append({"type": "text", "text": text[position:start]})
        elements.append({"type": "text", "text": text[start : start + length], "highlight": True})
        position = start + length
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}]

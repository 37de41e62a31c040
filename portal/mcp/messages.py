"""Messages as a model reads them: one line about each, and its text behind `| `."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from portal.mcp import text
from portal.mcp.calls import ToolCall
from pumble_bridge.client import Json


def entry(call: ToolCall, message: Json, *, place: str = "", in_thread: bool = False) -> str:
    """Return the message. `place` names its channel where a result has several, `in_thread` leaves the thread out."""
    facts = [
        f"{call.name_of(message['author'])}{place} ({message['id']})",
        *_facts(message, in_thread=in_thread),
    ]
    return f"[{text.moment(message.get('timestampMilli'))}] {', '.join(facts)}\n{text.quote(body(call, message))}"


def body(call: ToolCall, message: Json) -> str:
    """Return the text, and the names of the files. A message without a text may have blocks."""
    content = str(message.get("text") or "") or "".join(_texts_of(message.get("blocks")))
    files = [
        f"[file: {text.line(str(file.get('name') or file.get('title') or 'without a name'))}]"
        for file in _dicts(message.get("files"))
    ]
    return "\n".join([call.readable(content), *files] if content or not files else files)


def _facts(message: Json, *, in_thread: bool) -> Iterable[str]:
    root, reply = (message.get(name) for name in ("threadRootInfo", "threadReplyInfo"))
    replies = root.get("repliesCount") if isinstance(root, dict) else 0
    if isinstance(replies, int) and replies > 0:
        yield text.count(replies, "reply", "replies")
    if isinstance(reply, dict) and reply.get("rootId") and not in_thread:
        yield f"reply to {text.line(str(reply['rootId']))}"
    if message.get("subtype"):
        yield f"notice: {text.line(str(message['subtype']))}"
    if message.get("deleted"):
        yield "deleted"
    if message.get("edited"):
        yield "edited"
    codes = Counter(text.line(str(reaction.get("code"))) for reaction in _dicts(message.get("reactions")))
    yield from (f"{code} {count}" for code, count in codes.most_common(10))


def _texts_of(blocks: Any) -> Iterable[str]:
    """Return the texts in rich-text blocks, section by section."""
    for block in _dicts(blocks):
        if isinstance(block.get("text"), str):
            yield block["text"]
        yield from _texts_of(block.get("elements"))
        if str(block.get("type") or "").endswith(("section", "quote", "preformatted")):
            yield "\n"


def _dicts(value: Any) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def page(heading: Callable[[list[Json]], str], messages: list[Json], entries: list[str], *, keep: int) -> str:
    """Return the messages that fit. `heading` is given them, and says how to go on."""
    shown = text.fit(entries, keep=keep)
    return "\n".join([heading(messages[shown]), text.NOTICE, "", *entries[shown]])

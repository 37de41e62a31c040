"""Blocks: rich text for a plain text, and the interactive elements in a view or message."""

import re
from collections.abc import Iterator
from typing import Any, TypeGuard

Block = dict[str, Any]

_INLINE = re.compile(
    r"<<@(?P<user>[0-9a-f]{24})>>|<<#(?P<channel>[0-9a-f]{24})>>|(?P<link>https?://[^\s<>\"']+[^\s<>\"'.,;:!?)])",
    re.ASCII,
)

# Upper case, as in the reference's table. Another official page shows lower case (reference, 9, row 5).
ACTION_TYPES = {
    "button": "BUTTON",
    "static_select_menu": "STATIC_SELECT_MENU",
    "dynamic_select_menu": "DYNAMIC_SELECT_MENU",
    "checkboxes": "CHECKBOXES",
    "date_picker": "DATE_PICKER",
    "date_range_picker": "DATE_RANGE_PICKER",
    "plain_text_input": "PLAIN_TEXT_INPUT",
}
LIST_VALUE_TYPES = {"checkboxes", "date_range_picker"}


def from_text(text: str) -> list[Block]:
    """Return one `rich_text` block for `text`. Mentions, channels and links become elements of their own."""
    elements: list[Block] = []
    end = 0
    for match in _INLINE.finditer(text):
        if match.start() > end:
            elements.append({"type": "text", "text": text[end : match.start()]})
        if match["user"]:
            elements.append({"type": "user", "user_id": match["user"]})
        elif match["channel"]:
            elements.append({"type": "channel", "channel_id": match["channel"]})
        else:
            elements.append({"type": "link", "url": match["link"]})
        end = match.end()
    if end < len(text):
        elements.append({"type": "text", "text": text[end:]})
    if not elements:
        return []
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}]


def mentioned_ids(text: str) -> list[str]:
    """Return the ids of the people that a text mentions, without duplicates."""
    return list(dict.fromkeys(match["user"] for match in _INLINE.finditer(text) if match["user"]))


def iter_elements(blocks: object) -> Iterator[tuple[str, Block]]:
    """Yield each interactive element with its block id (empty outside `input` blocks)."""
    for block in _objects(blocks):
        accessory = block.get("accessory")
        if block.get("type") == "actions":
            yield from (("", element) for element in _objects(block.get("elements")) if _is_element(element))
        elif block.get("type") == "section" and _is_element(accessory) and accessory["type"] != "input":
            yield "", accessory
    yield from ((str(block.get("blockId", "")), block["element"]) for block in iter_input_blocks(blocks))


def find_element(blocks: object, on_action: str) -> tuple[str, Block] | None:
    """Return the element with this `onAction` and its block id, as `iter_elements` yields them."""
    return next(
        (element for element in iter_elements(blocks) if element[1].get("onAction") == on_action), None
    )


def iter_input_blocks(blocks: object) -> Iterator[Block]:
    """Yield each `input` block, also one that is the accessory of a section."""
    for block in _objects(blocks):
        candidate = block.get("accessory") if block.get("type") == "section" else block
        if (
            isinstance(candidate, dict)
            and candidate.get("type") == "input"
            and _is_element(candidate.get("element"))
        ):
            yield candidate


def _objects(value: object) -> list[Block]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _is_element(value: object) -> TypeGuard[Block]:
    return isinstance(value, dict) and isinstance(value.get("type"), str)


def plain_text(value: object) -> str:
    """Return the text of a `plain_text` object, or an empty string."""
    text = value.get("text") if isinstance(value, dict) else None
    return text if isinstance(text, str) else ""

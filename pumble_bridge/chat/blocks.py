"""Builders of messages, views and their blocks, and of the fallback text for clients that show no blocks.

Texts that are too long for Pumble are truncated here. Source: Pumble app platform reference, views and blocks.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from keys import key_format

Element = dict[str, Any]

MAX_LABEL_LENGTH = 75  # titles, labels, buttons, options, placeholders, errors under an input
MAX_CONFIRM_LENGTH = 300
MAX_NAME_IN_LABEL_LENGTH = 40  # leaves room for the surrounding words in every language
MAX_OPTIONS = 100
ZERO_WIDTH_JOINER = "\u200d"  # part of some emoji


def text(content: str, *, bold: bool = False, code: bool = False) -> Element:
    style = {name: True for name, enabled in (("bold", bold), ("code", code)) if enabled}
    return {"type": "text", "text": content} | ({"style": style} if style else {})


def link(url: str, content: str) -> Element:
    return {"type": "link", "url": url, "text": content}


def paragraph(*elements: Element | str) -> Element:
    """Return a paragraph. Strings become plain text."""
    return {"type": "rich_text_section", "elements": [text(e) if isinstance(e, str) else e for e in elements]}


def paragraph_with_code(content: str) -> Element:
    """Return a paragraph from text with code between backticks."""
    pieces = content.split("`")
    return paragraph(*(text(piece, code=index % 2 == 1) for index, piece in enumerate(pieces) if piece))


def preformatted(content: str) -> Element:
    return {"type": "rich_text_preformatted", "elements": [text(content)]}


def bullets(lines: Iterable[Element]) -> Element:
    return {"type": "rich_text_list", "style": "bullet", "indent": 0, "elements": list(lines)}


def rich_text(*parts: Element) -> Element:
    return {"type": "rich_text", "elements": list(parts)}


def divider() -> Element:
    return {"type": "divider"}


def actions(*elements: Element) -> Element:
    """Return a row of buttons and menus."""
    return {"type": "actions", "elements": list(elements)}


def button(
    on_action: str,
    label: str,
    *,
    value: str = "",
    url: str = "",
    style: str = "secondary",
    confirm: Element | None = None,
) -> Element:
    """Return a button. With `url` it opens that page."""
    element = {
        "type": "button",
        "onAction": on_action,
        "text": plain_text(label),
        "value": value,
        "style": style,
    }
    return element | ({"url": url} if url else {}) | ({"confirm": confirm} if confirm else {})


def confirmation(*, title: str, body: str, confirm_label: str, deny_label: str) -> Element:
    """Return the question that Pumble asks before it sends the click."""
    return {
        "title": plain_text(title),
        "text": plain_text(body, MAX_CONFIRM_LENGTH),
        "confirm": plain_text(confirm_label),
        "deny": plain_text(deny_label),
        "style": "danger",
    }


def option(value: str, label: str, description: str = "") -> Element:
    extra = {"description": plain_text(description)} if description else {}
    return {"text": plain_text(label), "value": value} | extra


def select(on_action: str, placeholder: str, options: list[Element], selected: str = "") -> Element:
    """Return a menu of fixed options. The option whose value is `selected` is preselected."""
    element = {
        "type": "static_select_menu",
        "onAction": on_action,
        "placeholder": plain_text(placeholder),
        "options": options,
    }
    initial = [item for item in options if item["value"] == selected]
    return element | ({"initial_option": initial[0]} if initial else {})


def dynamic_select(on_action: str, placeholder: str, selected: Element | None = None) -> Element:
    """Return a menu whose options Pumble requests while the user types."""
    element = {"type": "dynamic_select_menu", "onAction": on_action, "placeholder": plain_text(placeholder)}
    return element | ({"initial_option": selected} if selected else {})


def text_input(on_action: str, *, initial: str, max_length: int, placeholder: str = "") -> Element:
    element = {
        "type": "plain_text_input",
        "onAction": on_action,
        "line_mode": "singleline",
        "max_length": max_length,
        "autofocused": True,
    }
    extra = {"placeholder": plain_text(placeholder)} if placeholder else {}
    return element | extra | ({"initial_value": initial} if initial else {})


def input_block(label: str, element: Element, errors: Mapping[str, str] = {}) -> Element:
    """Return a labelled input. The action id of `element` is also the block id and the key into `errors`."""
    name = element["onAction"]
    block = {
        "type": "input",
        "blockId": name,
        "label": plain_text(label),
        "element": element,
        "optional": False,
    }
    return block | ({"validationError": shorten_for_input(errors[name])} if name in errors else {})


def modal_view(callback_id: str, *, title: str, submit: str, close: str, blocks: list[Element]) -> Element:
    """Return a modal. Its state has the initial values of its inputs."""
    return {
        "type": "MODAL",
        "callbackId": callback_id,
        "title": plain_text(title),
        "submit": plain_text(submit),
        "close": plain_text(close),
        "notifyOnClose": False,
        "blocks": blocks,
        "state": {"values": dict(filter(None, map(_initial, blocks)))},
    }


def message(*parts: Element, buttons: Iterable[Element] = ()) -> dict[str, Any]:
    """Return a message `{text, blocks}` of paragraphs, code blocks and lists, with buttons below."""
    row = list(buttons)
    return {"text": _fallback_text(parts), "blocks": [rich_text(*parts), *([actions(*row)] if row else [])]}


def plain_text(content: str, max_length: int = MAX_LABEL_LENGTH) -> Element:
    return {"type": "plain_text", "text": truncate(content, max_length)}


def truncate(content: str, max_length: int) -> str:
    return content if len(content) <= max_length else content[: max_length - 1] + "…"


def shorten_for_input(sentences: str) -> str:
    """Return what fits under an input: the whole text, its first sentence, or a pointer to the text above."""
    return next(
        (text for text in (sentences, sentences.split(". ")[0]) if len(text) <= MAX_LABEL_LENGTH),
        _("See the error above."),
    )


def escape_user_text(typed: str, *, limit: int = 64) -> str:
    """Return a user's text for display: one line, at most `limit` characters, without key material and mentions."""
    folded = key_format.redact(" ".join(typed[:1000].split()))
    readable = "".join(char if char.isprintable() or char == ZERO_WIDTH_JOINER else "�" for char in folded)
    return truncate(readable.replace("<<", "‹‹").replace(">>", "››"), limit)


def _initial(block: Element) -> tuple[str, Element] | None:
    element = block.get("element", {})
    value = element.get("initial_value") or element.get("initial_option", {}).get("value")
    if not value:
        return None
    return block["blockId"], {element["onAction"]: {"type": element["type"], "value": value}}


def _fallback_text(parts: Iterable[Element]) -> str:
    lines = []
    for part in parts:
        if part["type"] == "rich_text_list":
            lines.append("\n".join("• " + _fallback_line(item) for item in part["elements"]))
        else:
            lines.append(_fallback_line(part))
    return "\n".join(lines)


def _fallback_line(part: Element) -> str:
    return "".join(
        f"{element['text']}: {element['url']}" if element["type"] == "link" else element["text"]
        for element in part["elements"]
    )

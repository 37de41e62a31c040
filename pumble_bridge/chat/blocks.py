"""Builders of messages, views and what stands in them, and the plain text that stands in where blocks are not shown.

Texts that Pumble would refuse as too long are cut here. Source: Pumble app platform reference, views and blocks.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from keys import key_format

Element = dict[str, Any]

LONGEST_LABEL = 75  # titles, labels, buttons, options, placeholders, errors under an input
LONGEST_CONFIRM = 300
LONGEST_NAME_IN_LABEL = 40  # leaves room for the words around it, in every language
MOST_OPTIONS = 100
ZERO_WIDTH_JOINER = "\u200d"  # part of some emoji


def text(content: str, *, bold: bool = False, code: bool = False) -> Element:
    style = {name: True for name, wanted in (("bold", bold), ("code", code)) if wanted}
    return {"type": "text", "text": content} | ({"style": style} if style else {})


def link(url: str, content: str) -> Element:
    return {"type": "link", "url": url, "text": content}


def line(*elements: Element | str) -> Element:
    """A paragraph; bare strings are plain text."""
    return {"type": "rich_text_section", "elements": [text(e) if isinstance(e, str) else e for e in elements]}


def prose(content: str) -> Element:
    """A paragraph, in which code stands between backticks."""
    pieces = content.split("`")
    return line(*(text(piece, code=place % 2 == 1) for place, piece in enumerate(pieces) if piece))


def preformatted(content: str) -> Element:
    return {"type": "rich_text_preformatted", "elements": [text(content)]}


def bullets(lines: Iterable[Element]) -> Element:
    return {"type": "rich_text_list", "style": "bullet", "indent": 0, "elements": list(lines)}


def rich_text(*parts: Element) -> Element:
    return {"type": "rich_text", "elements": list(parts)}


def divider() -> Element:
    return {"type": "divider"}


def actions(*elements: Element) -> Element:
    """A row of things to act on."""
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
    """A button; one with a `url` opens it."""
    element = {"type": "button", "onAction": on_action, "text": plain(label), "value": value, "style": style}
    return element | ({"url": url} if url else {}) | ({"confirm": confirm} if confirm else {})


def confirmation(*, title: str, body: str, yes: str, no: str) -> Element:
    """The question that Pumble asks before it sends the click."""
    return {
        "title": plain(title),
        "text": plain(body, LONGEST_CONFIRM),
        "confirm": plain(yes),
        "deny": plain(no),
        "style": "danger",
    }


def option(value: str, label: str, description: str = "") -> Element:
    described = {"description": plain(description)} if description else {}
    return {"text": plain(label), "value": value} | described


def select(on_action: str, placeholder: str, options: list[Element], chosen: str = "") -> Element:
    """A menu of fixed options, with the one whose value is `chosen` selected."""
    element = {
        "type": "static_select_menu",
        "onAction": on_action,
        "placeholder": plain(placeholder),
        "options": options,
    }
    initial = [one for one in options if one["value"] == chosen]
    return element | ({"initial_option": initial[0]} if initial else {})


def searchable(on_action: str, placeholder: str, chosen: Element | None = None) -> Element:
    """A menu whose options are asked for while the person types."""
    element = {"type": "dynamic_select_menu", "onAction": on_action, "placeholder": plain(placeholder)}
    return element | ({"initial_option": chosen} if chosen else {})


def text_input(on_action: str, *, typed: str, longest: int, placeholder: str = "") -> Element:
    element = {
        "type": "plain_text_input",
        "onAction": on_action,
        "line_mode": "singleline",
        "max_length": longest,
        "autofocused": True,
    }
    shown = {"placeholder": plain(placeholder)} if placeholder else {}
    return element | shown | ({"initial_value": typed} if typed else {})


def input_block(label: str, element: Element, errors: Mapping[str, str] = {}) -> Element:
    """A labelled input. Its block goes by the name of its element, and so does what is wrong with it in `errors`."""
    name = element["onAction"]
    block = {"type": "input", "blockId": name, "label": plain(label), "element": element, "optional": False}
    return block | ({"validationError": brief(errors[name])} if name in errors else {})


def modal(callback_id: str, *, title: str, submit: str, close: str, blocks: list[Element]) -> Element:
    """A modal; what its inputs begin with is in its state, too."""
    return {
        "type": "MODAL",
        "callbackId": callback_id,
        "title": plain(title),
        "submit": plain(submit),
        "close": plain(close),
        "notifyOnClose": False,
        "blocks": blocks,
        "state": {"values": dict(filter(None, map(_initial, blocks)))},
    }


def message(*parts: Element, buttons: Iterable[Element] = ()) -> dict[str, Any]:
    """`{text, blocks}` of a message made of paragraphs, code blocks and lists, and buttons below."""
    row = list(buttons)
    return {"text": _plain(parts), "blocks": [rich_text(*parts), *([actions(*row)] if row else [])]}


def plain(content: str, longest: int = LONGEST_LABEL) -> Element:
    return {"type": "plain_text", "text": fit(content, longest)}


def fit(content: str, longest: int) -> str:
    return content if len(content) <= longest else content[: longest - 1] + "…"


def brief(sentences: str) -> str:
    """As much as fits under an input: all of it, the first sentence, or where to find it."""
    return next(
        (said for said in (sentences, sentences.split(". ")[0]) if len(said) <= LONGEST_LABEL),
        _("What is wrong stands above."),
    )


def quoted(typed: str, *, limit: int = 64) -> str:
    """What a person typed, fit to be said back: shortened, without key material, unable to mention anyone."""
    folded = key_format.redact(" ".join(typed[:1000].split()))
    readable = "".join(char if char.isprintable() or char == ZERO_WIDTH_JOINER else "�" for char in folded)
    return fit(readable.replace("<<", "‹‹").replace(">>", "››"), limit)


def _initial(block: Element) -> tuple[str, Element] | None:
    element = block.get("element", {})
    value = element.get("initial_value") or element.get("initial_option", {}).get("value")
    if not value:
        return None
    return block["blockId"], {element["onAction"]: {"type": element["type"], "value": value}}


def _plain(parts: Iterable[Element]) -> str:
    lines = []
    for part in parts:
        if part["type"] == "rich_text_list":
            lines.append("\n".join("• " + _inline(item) for item in part["elements"]))
        else:
            lines.append(_inline(part))
    return "\n".join(lines)


def _inline(part: Element) -> str:
    return "".join(
        f"{element['text']}: {element['url']}" if element["type"] == "link" else element["text"]
        for element in part["elements"]
    )

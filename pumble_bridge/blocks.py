"""Builders of messages: rich-text blocks, and the plain text that stands in where blocks are not shown.

Source: Pumble app platform reference, blocks.
"""

from collections.abc import Iterable
from typing import Any

from keys import keyformat

Element = dict[str, Any]


def text(content: str, *, bold: bool = False, code: bool = False) -> Element:
    style = {name: True for name, wanted in (("bold", bold), ("code", code)) if wanted}
    return {"type": "text", "text": content} | ({"style": style} if style else {})


def link(url: str, content: str) -> Element:
    return {"type": "link", "url": url, "text": content}


def line(*elements: Element | str) -> Element:
    """A paragraph; bare strings are plain text."""
    return {"type": "rich_text_section", "elements": [text(e) if isinstance(e, str) else e for e in elements]}


def preformatted(content: str) -> Element:
    return {"type": "rich_text_preformatted", "elements": [text(content)]}


def bullets(lines: Iterable[Element]) -> Element:
    return {"type": "rich_text_list", "style": "bullet", "indent": 0, "elements": list(lines)}


def message(*parts: Element) -> dict[str, Any]:
    """`{text, blocks}` of a message made of paragraphs, code blocks and lists."""
    return {"text": _plain(parts), "blocks": [{"type": "rich_text", "elements": list(parts)}]}


def quoted(typed: str, *, limit: int = 64) -> str:
    """What a person typed, fit to be said back: shortened, without key material, unable to mention anyone."""
    shown = keyformat.redact(typed).replace("<<", "‹‹").replace(">>", "››")
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


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

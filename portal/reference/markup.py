"""The few marks that the description's texts have, as HTML: paragraphs, `code`, **bold**."""

import re

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_MARKED = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*")
_CODE = re.compile(r"`([^`]+)`")


def inline(text: str) -> SafeString:
    """One paragraph's text."""
    pieces: list[tuple[SafeString | str]] = []
    end = 0
    for found in _MARKED.finditer(text):
        code, bold = found.groups()
        pieces.append((text[end : found.start()],))
        pieces.append(
            (format_html("<code>{}</code>", code) if code else format_html("<strong>{}</strong>", bold),)
        )
        end = found.end()
    return format_html_join("", "{}", [*pieces, (text[end:],)])


def paragraphs(text: str) -> SafeString:
    return format_html_join("\n", "<p>{}</p>", ((inline(one),) for one in text.split("\n\n") if one))


def link_objects(words: str) -> SafeString:
    """Return a type in words with the names of objects as links to them."""
    pieces = _CODE.split(words)  # every second one is a name
    return format_html_join(
        "",
        "{}",
        (
            (format_html('<a href="#object-{}">{}</a>', piece, piece) if at % 2 else piece,)
            for at, piece in enumerate(pieces)
        ),
    )

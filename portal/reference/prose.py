"""The few marks that the description's texts have, as HTML: paragraphs, `code`, **bold**."""

import re

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_MARKED = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*")


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

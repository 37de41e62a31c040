"""Convert the markup of the reference's texts to HTML: paragraphs, `code`, **bold**."""

import re

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_MARKED = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*")
_CODE = re.compile(r"`([^`]+)`")


def inline(text: str) -> SafeString:
    """Return the text of one paragraph as HTML."""
    pieces: list[tuple[SafeString | str]] = []
    end = 0
    for match in _MARKED.finditer(text):
        code, bold = match.groups()
        pieces.append((text[end : match.start()],))
        pieces.append(
            (format_html("<code>{}</code>", code) if code else format_html("<strong>{}</strong>", bold),)
        )
        end = match.end()
    return format_html_join("", "{}", [*pieces, (text[end:],)])


def paragraphs(text: str) -> SafeString:
    """Return the paragraphs of the text as HTML."""
    return format_html_join(
        "\n", "<p>{}</p>", ((inline(paragraph),) for paragraph in text.split("\n\n") if paragraph)
    )


def link_objects(words: str) -> SafeString:
    """Return the text of a type, with the names of objects as links."""
    pieces = _CODE.split(words)  # every second piece is a name
    return format_html_join(
        "",
        "{}",
        (
            (format_html('<a href="#object-{}">{}</a>', piece, piece) if at % 2 else piece,)
            for at, piece in enumerate(pieces)
        ),
    )

"""Parses conversations in a plain text format:

2026-02-03 09:02 ana: Good morning, @ben! See #ops.
  ben: A reply, a minute later.
  + :tada: ben carla
  * pinned ana
  * edited
  * file plan.pdf application/pdf 482113
  * link https://acme.test/ | Title | Description
"""

import re

from sandbox.seed.definitions import SeedFile, SeedLinkPreview, SeedMessage

_ROOT = re.compile(r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d) (?P<author>\w+): (?P<text>.+)")
_REPLY = re.compile(r"  (?P<author>\w+): (?P<text>.+)")
_REACTION = re.compile(r"  \+ (?P<code>:\S+:) (?P<people>[\w ]+)")
_DETAIL = re.compile(r"  \* (?P<kind>pinned|edited|file|link) ?(?P<rest>.*)")


def parse_transcript(text: str) -> tuple[SeedMessage, ...]:
    """Return the messages of a conversation.

    Raises:
        ValueError: a line has an unknown form. The message quotes it.
    """
    return tuple(_message(part) for part in re.split(r"\n(?=\d)", text.strip("\n")))


def _message(part: str) -> SeedMessage:
    first, *others = part.split("\n")
    root = _match(_ROOT, first)
    replies: list[tuple[str, str]] = []
    reactions: dict[str, str] = {}
    details: dict[str, str] = {}
    for line in others:
        if reaction := _REACTION.fullmatch(line):
            reactions[reaction["code"]] = reaction["people"]
        elif detail := _DETAIL.fullmatch(line):
            details[detail["kind"]] = detail["rest"]
        else:
            reply = _match(_REPLY, line)
            replies.append((reply["author"], reply["text"]))
    return SeedMessage(
        root["at"],
        root["author"],
        root["text"],
        tuple(replies),
        reactions,
        edited="edited" in details,
        pinned_by=details.get("pinned", ""),
        file=_file(details["file"]) if "file" in details else None,
        preview=SeedLinkPreview(*details["link"].split(" | ")) if "link" in details else None,
    )


def _file(rest: str) -> SeedFile:
    name, mime_type, size = rest.split()
    return SeedFile(name, mime_type, int(size))


def _match(pattern: re.Pattern[str], line: str) -> re.Match[str]:
    match = pattern.fullmatch(line)
    if match is None:
        raise ValueError(f"the seed cannot be read: {line}")
    return match

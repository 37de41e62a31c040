"""Reads conversations that are written down as people read them.

2026-02-03 09:02 ana: Good morning, @ben! See #ops.
  ben: A reply, a minute later.
  + :tada: ben carla
  * pinned ana
  * edited
  * file plan.pdf application/pdf 482113
  * link https://acme.test/ | Title | Description
"""

import re

from sandbox.seed.definitions import Attached, Preview, Said

_ROOT = re.compile(r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d) (?P<who>\w+): (?P<text>.+)")
_REPLY = re.compile(r"  (?P<who>\w+): (?P<text>.+)")
_REACTION = re.compile(r"  \+ (?P<code>:\S+:) (?P<who>[\w ]+)")
_MARK = re.compile(r"  \* (?P<kind>pinned|edited|file|link) ?(?P<rest>.*)")


def read(written: str) -> tuple[Said, ...]:
    """The conversation, message by message.

    Raises:
        ValueError: a line that says nothing known; the text quotes it.
    """
    return tuple(_said(part) for part in re.split(r"\n(?=\d)", written.strip("\n")))


def _said(part: str) -> Said:
    first, *others = part.split("\n")
    root = _match(_ROOT, first)
    replies: list[tuple[str, str]] = []
    reactions: dict[str, str] = {}
    marks: dict[str, str] = {}
    for line in others:
        if reaction := _REACTION.fullmatch(line):
            reactions[reaction["code"]] = reaction["who"]
        elif mark := _MARK.fullmatch(line):
            marks[mark["kind"]] = mark["rest"]
        else:
            reply = _match(_REPLY, line)
            replies.append((reply["who"], reply["text"]))
    return Said(
        root["at"],
        root["who"],
        root["text"],
        tuple(replies),
        reactions,
        edited="edited" in marks,
        pinned_by=marks.get("pinned", ""),
        attached=_attached(marks["file"]) if "file" in marks else None,
        preview=Preview(*marks["link"].split(" | ")) if "link" in marks else None,
    )


def _attached(rest: str) -> Attached:
    name, mime_type, size = rest.split()
    return Attached(name, mime_type, int(size))


def _match(pattern: re.Pattern[str], line: str) -> re.Match[str]:
    found = pattern.fullmatch(line)
    if found is None:
        raise ValueError(f"the seed cannot be read: {line}")
    return found

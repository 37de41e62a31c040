"""A typed line as words and flags. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_WORD = re.compile(r'"([^"]*)"|“([^”]*)”|«([^»]*)»|(?<!\S)\'([^\']*)\'(?!\S)|(\S+)')
_STRAY_QUOTES = "\"“”«»'"
_DASHES = re.compile(r"^(--|—|–)(?=\w)")  # chat clients turn two hyphens into one dash


class UnknownFlag(Exception):
    """`flag` is none of this command's."""

    def __init__(self, flag: str) -> None:
        super().__init__(flag)
        self.flag = flag


class ValueMissing(Exception):
    """Nothing follows `flag`."""

    def __init__(self, flag: str) -> None:
        super().__init__(flag)
        self.flag = flag


@dataclass(frozen=True, slots=True)
class Words:
    """`plain` are the words that are no flags, what stood in quotes as one; `flags` have "" where they take no value."""

    plain: tuple[str, ...] = ()
    flags: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return " ".join(self.plain)


def read(line: str, flags: Mapping[str, bool]) -> Words:
    """The words of `line`. `flags` are those that it may hold, each with whether a value follows.

    Raises:
        UnknownFlag, ValueMissing.
    """
    plain: list[str] = []
    found: dict[str, str] = {}
    words = _split(line)
    for word, is_quoted in words:
        if is_quoted or not flags or not _DASHES.match(word):
            plain.append(word)
            continue
        name, _equals, value = _DASHES.sub("--", word).partition("=")
        name = name.casefold()
        if name not in flags:
            raise UnknownFlag(name)
        if flags[name]:
            value = value or next(words, ("", True))[0]
            while value.endswith(",") and (more := next(words, None)):
                value += more[0]
            if not value or _DASHES.match(value):
                raise ValueMissing(name)
        found[name] = value
    return Words(tuple(plain), found)


def _split(line: str) -> Iterator[tuple[str, bool]]:
    """Each word, and whether it stood in quotes."""
    for match in _WORD.finditer(line):
        word = next(group for group in match.groups() if group is not None)
        is_quoted = match[5] is None
        word = word.strip() if is_quoted else word.strip(_STRAY_QUOTES)
        if word:
            yield word, is_quoted

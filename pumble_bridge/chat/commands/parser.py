"""A typed line as words and flags. Pure."""

# ruff: noqa: RUF001 - quotation marks of all languages

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

# Each opening quotation mark with those that close it, in the order in which they are looked for. Keyboards of other
# languages open with what closes in English. A mark of the first table stands in no word; those of the second are
# apostrophes too, and quote only whole words.
_DOUBLE_QUOTES = {
    '"': '"”“',
    "“": '”“"',
    "”": '”"“',
    "„": '“”„"',
    "‟": "”",
    "«": "»",
    "»": "«»",
    "「": "」",
    "『": "』",
    "《": "》",
    "〈": "〉",
    "〝": "〞〟",
    "＂": "＂",
}
_SINGLE_QUOTES = {
    "'": "'",
    "‘": "’‘",
    "’": "’",
    "‚": "‘’",
    "‛": "’",
    "‹": "›",
    "›": "‹›",
    "＇": "＇",
    "`": "`",
}
_STRAY_QUOTES = "".join(opening + closing for opening, closing in (_DOUBLE_QUOTES | _SINGLE_QUOTES).items())
_QUOTED = [
    rf"{opening}([^{closing}]*){closing}"
    for opening, all_closing in _DOUBLE_QUOTES.items()
    for closing in all_closing
] + [
    rf"(?<!\S){opening}(\S|\S.*?\S){closing}(?!\S)"
    for opening, all_closing in _SINGLE_QUOTES.items()
    for closing in all_closing
]
_WORD = re.compile("|".join([*_QUOTED, r"(\S+)"]))

# What a keyboard writes for a hyphen besides the dashes of Unicode: the minus sign, and the long vowel sign of Kana.
_OTHER_DASHES = "\u02d7\u2043\u207b\u208b\u2212\u30fc\uff70"
_LONG_DASHES = "\u2013\u2014\u2015"  # chat clients turn two hyphens into one of these
_HELP = {"help", "ayuda", "?", "-h", "--h", "-?", "-help", "--help", "-ayuda", "--ayuda", "/?"}


MAX_LENGTH = 1000  # the search for quotation marks takes time with the square of it


class LineTooLong(Exception):
    """The line is longer than any command."""


class HelpRequested(Exception):
    """The line asks what the command does: with a flag, or with "help" as its first or last word."""


class UnknownFlag(Exception):
    """`flag` is none of this command's."""

    def __init__(self, flag: str) -> None:
        super().__init__(flag)
        self.flag = flag


class InvalidFlag(Exception):
    """`flag` is known."""

    def __init__(self, flag: str) -> None:
        super().__init__(flag)
        self.flag = flag


class MissingValue(InvalidFlag):
    """Nothing follows a flag that takes a value."""


class UnexpectedValue(InvalidFlag):
    """A value is given to a flag that takes none: `--full=no` must not mean `--full`."""


class RepeatedFlag(InvalidFlag):
    """The flag is there twice, so it is not clear which of the two counts."""


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """`args` are the words that are no flags, what stood in quotes as one; `flags` have "" where they take no value.

    `unquoted` are those of `args` that stood in no quotes. `after_value` has the one that directly follows a flag's value.
    """

    args: tuple[str, ...] = ()
    flags: Mapping[str, str] = field(default_factory=dict)
    unquoted: tuple[str, ...] = ()
    after_value: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return " ".join(self.args)


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    is_quoted: bool

    @property
    def is_flag(self) -> bool:
        """Whether its first character that can be seen is a dash."""
        visible = (char for char in self.text if unicodedata.category(char)[0] not in "CM")
        return not self.is_quoted and _is_dash(next(visible, " "))


def parse(line: str, flags: Mapping[str, bool]) -> ParsedLine:
    """Return the words of the line. A word that begins with any dash is a flag unless it is in quotes.

    Args:
        flags: those that the line may hold, each with whether a value follows.

    Raises:
        LineTooLong, HelpRequested, UnknownFlag, MissingValue, UnexpectedValue, RepeatedFlag.
    """
    if len(line) > MAX_LENGTH:
        raise LineTooLong
    words = list(_split(line))
    asking = [word for word in words if not word.is_quoted and is_help(word.text)]
    if any(word.is_flag or word in (words[0], words[-1]) for word in asking):
        raise HelpRequested
    args: list[_Word] = []
    found_flags: dict[str, str] = {}
    after_value: dict[str, str] = {}
    valued = ""  # the flag whose value has just been read
    rest = iter(words)
    for word in rest:
        if not word.is_flag:
            args.append(word)
            if valued and not word.is_quoted:
                after_value[valued] = word.text
            valued = ""
            continue
        if all(map(_is_dash, word.text)):
            following = next(rest, None)
            raise UnknownFlag(f"{word.text} {following.text}" if following else word.text)
        name, has_value, value = _plain_dashes(word.text).partition("=")
        name = name.casefold()
        if name not in flags:
            raise UnknownFlag(word.text.partition("=")[0])
        if name in found_flags:
            raise RepeatedFlag(name)
        if not flags[name] and has_value:
            raise UnexpectedValue(name)
        found_flags[name] = _read_value(name, value, rest) if flags[name] else ""
        valued = name if flags[name] else ""
    unquoted = tuple(word.text for word in args if not word.is_quoted)
    return ParsedLine(tuple(word.text for word in args), found_flags, unquoted, after_value)


def is_help(word: str) -> bool:
    return _plain_dashes(word).casefold() in _HELP


def without_dashes(flag: str) -> str:
    """Return the letters of a flag, in lower case."""
    return "".join(char for char in flag.casefold() if char.isalnum())


def _read_value(flag: str, value: str, rest: Iterator[_Word]) -> str:
    """Return what follows the flag: the next word, and those after it that a comma joins.

    Raises:
        MissingValue
    """
    if not value:
        following = next(rest, None)
        if following is None or following.is_flag:
            raise MissingValue(flag)
        value = following.text
    # Values are ASCII, and some keyboards write wide digits and commas.
    value = unicodedata.normalize("NFKC", value.strip(_STRAY_QUOTES))
    while value.endswith(",") and (more := next(rest, None)):
        value += unicodedata.normalize("NFKC", more.text)
    if not value or _is_dash(value[0]):
        raise MissingValue(flag)
    return value


def _split(line: str) -> Iterator[_Word]:
    for match in _WORD.finditer(line):
        word = next(group for group in match.groups() if group is not None)
        is_quoted = match.lastindex != _WORD.groups
        word = word.strip() if is_quoted else word.strip(_STRAY_QUOTES)
        if word or is_quoted:
            yield _Word(word, is_quoted)


def _is_dash(char: str) -> bool:
    return unicodedata.category(char) == "Pd" or char in _OTHER_DASHES


def _plain_dashes(flag: str) -> str:
    """Return the flag with hyphens for its dashes, and two of them for a long one at its beginning."""
    hyphens = "".join("-" if _is_dash(char) else char for char in flag)
    return f"-{hyphens}" if flag[0] in _LONG_DASHES and hyphens[1:2] != "-" else hyphens

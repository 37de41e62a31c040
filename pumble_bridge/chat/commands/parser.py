"""Parses a command line into arguments and flags. Pure."""

# ruff: noqa: RUF001 - quotation marks of all languages

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

# Each opening quotation mark with the marks that can close it, in order of precedence. In some languages the opening
# mark is the one that closes in English. Marks of the first table occur in no word. Marks of the second are also
# apostrophes, so they quote only whole words.
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

# Other characters that keyboards write for a hyphen: minus signs, and the long vowel sign of Kana.
_OTHER_DASHES = "\u02d7\u2043\u207b\u208b\u2212\u30fc\uff70"
_LONG_DASHES = "\u2013\u2014\u2015"  # chat clients turn two hyphens into one of these
_HELP = {"help", "ayuda", "?", "-h", "--h", "-?", "-help", "--help", "-ayuda", "--ayuda", "/?"}


MAX_LENGTH = 1000  # the search for quotation marks takes quadratic time


class LineTooLong(Exception):
    """The line is longer than any command."""


class HelpRequested(Exception):
    """The line requests help: with a flag, or with "help" as its first or last word."""


class UnknownFlag(Exception):
    """The command has no such flag."""

    def __init__(self, flag: str) -> None:
        super().__init__(flag)
        self.flag = flag


class InvalidFlag(Exception):
    """The command has the flag, but it is used incorrectly."""

    def __init__(self, flag: str) -> None:
        super().__init__(flag)
        self.flag = flag


class MissingValue(InvalidFlag):
    """The flag needs a value and has none."""


class UnexpectedValue(InvalidFlag):
    """The flag takes no value and has one: `--full=no` must not mean `--full`."""


class RepeatedFlag(InvalidFlag):
    """The flag occurs twice."""


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """A parsed command line.

    Attributes:
        args: the words that are not flags. A quoted text is one word.
        flags: the value of each flag, "" if it takes none.
        unquoted: the `args` that were not in quotes.
        after_value: the unquoted word that directly follows the value of each flag, if any.
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
        """Whether the first visible character is a dash."""
        visible = (char for char in self.text if unicodedata.category(char)[0] not in "CM")
        return not self.is_quoted and _is_dash(next(visible, " "))


def parse(line: str, flags: Mapping[str, bool]) -> ParsedLine:
    """Parse a line. A word that begins with any dash is a flag, unless it is in quotes.

    Args:
        flags: the known flags, each with whether it needs a value.

    Raises:
        LineTooLong, HelpRequested, UnknownFlag, MissingValue, UnexpectedValue, RepeatedFlag.
    """
    if len(line) > MAX_LENGTH:
        raise LineTooLong
    words = list(_split(line))
    help_words = [word for word in words if not word.is_quoted and is_help(word.text)]
    if any(word.is_flag or word in (words[0], words[-1]) for word in help_words):
        raise HelpRequested
    args: list[_Word] = []
    values: dict[str, str] = {}
    after_value: dict[str, str] = {}
    last_flag = ""  # the flag whose value was just read
    rest = iter(words)
    for word in rest:
        if not word.is_flag:
            args.append(word)
            if last_flag and not word.is_quoted:
                after_value[last_flag] = word.text
            last_flag = ""
            continue
        if all(map(_is_dash, word.text)):
            following = next(rest, None)
            raise UnknownFlag(f"{word.text} {following.text}" if following else word.text)
        name, has_value, value = _plain_dashes(word.text).partition("=")
        name = name.casefold()
        if name not in flags:
            raise UnknownFlag(word.text.partition("=")[0])
        if name in values:
            raise RepeatedFlag(name)
        if not flags[name] and has_value:
            raise UnexpectedValue(name)
        values[name] = _read_value(name, value, rest) if flags[name] else ""
        last_flag = name if flags[name] else ""
    unquoted = tuple(word.text for word in args if not word.is_quoted)
    return ParsedLine(tuple(word.text for word in args), values, unquoted, after_value)


def is_help(word: str) -> bool:
    return _plain_dashes(word).casefold() in _HELP


def without_dashes(flag: str) -> str:
    """Return the letters and digits of a flag, in lower case."""
    return "".join(char for char in flag.casefold() if char.isalnum())


def _read_value(flag: str, value: str, rest: Iterator[_Word]) -> str:
    """Return the flag's value: the next word, and the words after it that are joined by commas.

    Raises:
        MissingValue: no value follows.
    """
    if not value:
        following = next(rest, None)
        if following is None or following.is_flag:
            raise MissingValue(flag)
        value = following.text
    # Values are ASCII, but some keyboards write full-width digits and commas.
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
    """Return the flag with hyphens instead of dashes, and two hyphens for a long dash at its beginning."""
    hyphens = "".join("-" if _is_dash(char) else char for char in flag)
    return f"-{hyphens}" if flag[0] in _LONG_DASHES and hyphens[1:2] != "-" else hyphens

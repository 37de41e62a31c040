"""Finds words of a name that look like a restriction of the key. As part of a name they would restrict nothing.

A user who types `generate ci read-only` wants a read-only key. A word is split at separators and between letters and
digits: `expires-30d` has the parts "expires", "30" and "d". A word looks like a restriction if
- one part is a restriction alone (only, expires),
- all parts are words of restrictions or numbers (no-write), or
- it has a number with a unit of time (ci-30d) or the name of a scope.
So `post-office` and `ci-30` are names. The words are English and Spanish. Pure.
"""

import difflib
import ipaddress
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from keys import scopes

PORTAL = ""  # no flag, only the portal's form
_EXPIRES, _SCOPES = "--expires", "--scopes"
# Letters and digits only, without accents. These are restrictions anywhere in a word, as in `myreadonly`.
_COMPOUNDS = {
    "--read-only": "readonly onlyread viewonly readaccess sololectura sololeer solover",
    "--post": "postonly onlypost writeonly postmessages solopublicar soloescribir",
    "--full": "fullaccess accesototal accesocompleto",
    _SCOPES: "readwrite",
    _EXPIRES: "neverexpire noexpir nocaduca sincaducidad",
    PORTAL: "perminute porminuto ratelimit",
}
# These are restrictions as one part of a word, or as two successive parts.
_ALONE = {
    "--read-only": "nowrite nowriting noescribir sinescribir sinescritura",
    _SCOPES: " ".join(scope.replace(":", "") for scope in scopes.ALL),
    _EXPIRES: "expire expires expired expiry expiring expiration until never ttl "
    "caduca caducan caducidad expira expiran vence hasta nunca",
    PORTAL: "only solo solamente limited limitada limitado restrict restricted restringida restringido",
}
# These are restrictions only if the word has no other parts: `post-office` is a name.
_TOGETHER = {
    "--read-only": "ro read reading view lectura leer ver",
    "--post": "post posts posting write publicar escribir",
    "--full": "full total completo completa",
    _SCOPES: "rw access acceso scope scopes permission permissions permiso permisos alcance alcances",
    PORTAL: "channel channels canal canales ip ips cidr address addresses direccion direcciones limit limite "
    "minute minuto",
}
_FILLER = re.compile("[0-9]+|a|de|en|for|in|messages?|mensajes?|not?|para|per|por|sin|to")


def _flag_of_each(*tables: dict[str, str]) -> dict[str, str]:
    return {word: flag for table in tables for flag, words in table.items() for word in words.split()}


_FLAG_ALONE = _flag_of_each(_COMPOUNDS, _ALONE)
_FLAG_TOGETHER = _flag_of_each(_TOGETHER)
_SCOPE_PARTS = {part for scope in scopes.ALL for part in scope.split(":")}
_UNITS = (
    "s|secs?|seconds?|segs?|segundos?|m|mins?|minutes?|minutos?|h|hs|hrs?|hours?|horas?|d|days?|dias?|w|wks?|weeks?|"
    "semanas?|mos?|months?|mes|meses|y|yrs?|years?|anos?|fortnights?|quincenas?"
)
_DURATION = re.compile(rf"(?<![^\W_])[0-9]+[\W_]{{0,3}}({_UNITS})(?![^\W_])")
_DAYS = re.compile(r"(?<![0-9])(?<![0-9]\W)([1-9][0-9]{0,3})\s*(d|days?|dias?)?(?!\W?[0-9]|\s*[^\W\d_])")
_NEVER = re.compile("never|nunca|noexpir|nocaduca|sincaducidad")
_NETWORK = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}(?![0-9])|[0-9]+(\.[0-9]+)+/[0-9]")
_CHANNEL = re.compile(r"#[^\W\d]|<<#")
_MAX_LENGTH = 64  # of a compared word; a longer word is not a name
_MIN_SIMILARITY = 0.8
_OFTEN_MISTYPED = {"readonly": "--read-only", "postonly": "--post", "fullaccess": "--full"}


@dataclass(frozen=True, slots=True)
class Restriction:
    """Words of a name that look like a restriction.

    Attributes:
        typed: the words that look like a restriction.
        flag: the flag for it, or PORTAL.
        others: the other words of the name.
    """

    typed: str
    flag: str
    others: tuple[str, ...] = ()

    @property
    def example(self) -> str:
        """Return the flag that was probably meant, with a value if it takes one."""
        if self.flag == _EXPIRES:
            if _NEVER.search(_squeeze(self.typed)):
                return f"{_EXPIRES} never"
            if days := _DAYS.search(_fold(self.typed)):
                return f"{_EXPIRES} {days[1]}d"
            has_number = any(
                map(str.isdigit, self.typed)
            )  # hours, for example; the shortest lifetime is a day
            return f"{_EXPIRES} {1 if has_number else 30}d"
        if self.flag == _SCOPES:
            named = [scope for scope in scopes.ALL if scope.replace(":", "") in _squeeze(self.typed)]
            return f"{_SCOPES} {','.join(named) or 'messages:write,user:read'}"
        return self.flag


def find(words: Sequence[str]) -> Restriction | None:
    """Return the first restriction among the words of a name, or None."""
    short = [word[:_MAX_LENGTH] for word in words]
    for start, word in enumerate(short):
        both = " ".join(short[start : start + 2])
        flag = _FLAG_ALONE.get(_squeeze(both))  # "no write"
        if flag is not None:
            return _restriction(short, start, _end(short, start + both.count(" "), flag), flag)
        flag = _find_flag(word)
        if flag is not None:
            return _restriction(short, start, _end(short, start, flag), flag)
        if _is_duration_of_two(both) or _is_mistyped_expiry(both):
            return _restriction(short, start, start + 2, _EXPIRES)
    return None


def _restriction(words: Sequence[str], start: int, end: int, flag: str) -> Restriction:
    return Restriction(" ".join(words[start:end]), flag, (*words[:start], *words[end:]))


def _end(words: Sequence[str], start: int, flag: str) -> int:
    """Return the end of the restriction that begins at `start`: in `ci expires 30 days`, after "days"."""
    end = start + 1
    if flag == PORTAL and end < len(words) and _squeeze(words[start]) in _FLAG_ALONE | _FLAG_TOGETHER:
        end += 1  # the channel or address
    while end < len(words) and _continues(words[end - 1], words[end], flag):
        end += 1
    return end


def _continues(before: str, word: str, flag: str) -> bool:
    together = _find_flag(before + word)  # "full access"
    return flag in {_find_flag(word), together} or _is_length(word, flag)


def _is_length(word: str, flag: str) -> bool:
    return flag == _EXPIRES and re.fullmatch(rf"[0-9]+|in|en|{_UNITS}", _squeeze(word)) is not None


def _find_flag(word: str) -> str | None:
    """Return the flag for a word that looks like a restriction, PORTAL if it has none; None for other words."""
    word = unicodedata.normalize("NFKC", word).casefold()
    name, _separator, value = word.replace(":", "=").partition("=")
    squeezed = _squeeze(word)
    if ":" in word and _SCOPE_PARTS & {name, *value.split(",")}:  # also `mesages:read`
        return _SCOPES
    for flag, compounds in _COMPOUNDS.items():
        if any(compound in squeezed for compound in compounds.split()):
            return flag
    for parts in (_split(word), _split(name), [squeezed]):
        flag_of_parts = _find_flag_of_parts(parts)
        if flag_of_parts is not None:
            return flag_of_parts
    if close := difflib.get_close_matches(squeezed, _OFTEN_MISTYPED, 1, _MIN_SIMILARITY):
        return _OFTEN_MISTYPED[close[0]]
    if _NETWORK.match(word) or _CHANNEL.match(word) or _is_address(word):
        return PORTAL
    if _DURATION.search(_fold(word)):
        return _EXPIRES
    return PORTAL if "=" in word else None


def _find_flag_of_parts(parts: list[str]) -> str | None:
    pairs = [first + second for first, second in pairwise(parts)]
    for alone in (*pairs, *parts):
        if alone in _FLAG_ALONE:
            return _FLAG_ALONE[alone]
    others = [part for part in parts if not _FILLER.fullmatch(part)]
    if others and all(part in _FLAG_TOGETHER for part in others):
        return _FLAG_TOGETHER[others[0]]
    return None


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_interface(word)
    except ValueError:
        return False
    return True


def _is_duration_of_two(both: str) -> bool:
    """Return whether the two words are like `30 days`."""
    duration = _DURATION.search(_fold(both))
    return duration is not None and " " in duration[0]


def _is_mistyped_expiry(both: str) -> bool:
    """Return whether the two words are like `expries 30`."""
    word, _space, number = both.partition(" ")
    known = _ALONE[_EXPIRES].split()
    return number.isdigit() and bool(difflib.get_close_matches(_squeeze(word), known, 1, _MIN_SIMILARITY))


def _squeeze(text: str) -> str:
    """Return the letters and digits of the text, in lower case and without accents."""
    return "".join(_split(text))


def _split(text: str) -> list[str]:
    """Return the parts of the text: runs of letters and runs of digits, in lower case and without accents."""
    return re.findall(r"[^\W\d_]+|\d+", _fold(text))


def _fold(text: str) -> str:
    """Return the text in lower case, without accents and invisible characters."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in decomposed if unicodedata.category(char)[0] not in "CM")

"""Words of a name that look like a restriction of the key. They are refused: taken as a name, they restrict nothing.

Somebody who types `generate ci read-only` wants a read-only key. Words in English and Spanish. Pure.
"""

import difflib
import ipaddress
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from keys import scopes

PORTAL = ""  # no flag restricts it, the portal's form does
_EXPIRES, _SCOPES = "--expires", "--scopes"
# Letters and digits only, without accents. These are restrictions wherever they stand in a word.
_COMPOUNDS = {
    "--read-only": "readonly onlyread readaccess sololectura sololeer",
    "--post": "postonly onlypost postmessages solopublicar",
    "--full": "fullaccess accesototal accesocompleto",
    _SCOPES: "readwrite",
    _EXPIRES: "neverexpire noexpir nocaduca sincaducidad",
    PORTAL: "perminute porminuto ratelimit",
}
# These are restrictions as whole words only: there are post offices.
_WORDS = {
    "--read-only": "ro read reading only solo lectura leer",
    "--post": "post posts posting write publicar escribir",
    "--full": "full total completo completa",
    _SCOPES: "scope scopes permission permissions permiso permisos alcance alcances",
    _EXPIRES: "expire expires expiry expiring expiration until never ttl caduca caducidad expira vence hasta nunca",
    PORTAL: "channel channels canal canales ip ips cidr address addresses direccion direcciones limit limited limite "
    "minute minuto restrict restricted restringida restringido",
}
_FLAG_OF_WORD = {word: flag for flag, words in _WORDS.items() for word in words.split()}
_SCOPE_PARTS = {part for scope in scopes.ALL for part in scope.split(":")}
_UNITS = (
    "d|days?|h|hours?|m|min|minutes?|w|weeks?|months?|y|years?|dias?|horas?|minutos?|semanas?|mes|meses|anos?"
)
_DURATION = re.compile(rf"[0-9]+({_UNITS})")
_DAYS = re.compile(r"\D*([1-9][0-9]{0,3})\s*(d|days?|d[ií]as?)?", re.IGNORECASE)
_NEVER = re.compile("never|nunca|noexpir|nocaduca|sincaducidad")
_NETWORK = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}(?![0-9])|[0-9]+(\.[0-9]+)+/[0-9]")
_CHANNEL = re.compile(r"#[^\W\d]|<<#")
_MAX_LENGTH = 64  # of a word that is compared; a longer one is no name
_MIN_SIMILARITY = 0.8
_OFTEN_MISTYPED = {"readonly": "--read-only", "postonly": "--post", "fullaccess": "--full"}


@dataclass(frozen=True, slots=True)
class Restriction:
    """`typed` looks like what the flag restricts, or like something that only the portal restricts.

    `others` are the words of the name before and after it.
    """

    typed: str
    flag: str
    others: tuple[str, ...] = ()

    @property
    def example(self) -> str:
        """Return the flag as it was probably meant, with a value if it takes one."""
        if self.flag == _EXPIRES:
            if _NEVER.search(_squeeze(self.typed)):
                return f"{_EXPIRES} never"
            days = _DAYS.fullmatch(self.typed)
            return f"{_EXPIRES} {days[1] if days else 30}d"
        if self.flag == _SCOPES:
            are_scopes = set(self.typed.split(",")) <= set(scopes.ALL)
            return f"{_SCOPES} {self.typed if are_scopes else 'messages:write,user:read'}"
        return self.flag


def find(words: Sequence[str], number: str = "") -> Restriction | None:
    """Return the first restriction among the words of a name, or None.

    Args:
        number: the value of `--expires`: of `--expires 30 minutes`, "minutes" is among the words.
    """
    short = [word[:_MAX_LENGTH] for word in words]
    for start, word in enumerate(short):
        flag = _find_flag(unicodedata.normalize("NFKC", word).casefold())
        if flag is not None:
            return _restriction(short, start, _end(short, start, flag), flag)
        before = short[start - 1] if start else ""
        if _DURATION.fullmatch(_squeeze(before + word)) or _is_mistyped_expiry(before, word):
            return _restriction(short, start - 1, start + 1, _EXPIRES)
        if number.isdigit() and _DURATION.fullmatch(_squeeze(number + word)):
            return Restriction(f"{number} {word}", _EXPIRES, (*short[:start], *short[start + 1 :]))
    return None


def _restriction(words: Sequence[str], start: int, end: int, flag: str) -> Restriction:
    return Restriction(" ".join(words[start:end]), flag, (*words[:start], *words[end:]))


def _end(words: Sequence[str], start: int, flag: str) -> int:
    """Return where the restriction ends that starts there: of `ci expires 30 days`, after "days"."""
    end = start + 1
    if flag == PORTAL and end < len(words) and _squeeze(words[start]) in _FLAG_OF_WORD:
        end += 1  # which channel or address
    while end < len(words) and _continues(words[end - 1], words[end], flag):
        end += 1
    return end


def _continues(before: str, word: str, flag: str) -> bool:
    together = _find_flag((before + word).casefold())  # "full access"
    return flag in {_find_flag(word.casefold()), together} or _is_length(word, flag)


def _is_length(word: str, flag: str) -> bool:
    return flag == _EXPIRES and re.fullmatch(rf"[0-9]+|in|en|{_UNITS}", _squeeze(word)) is not None


def _find_flag(word: str) -> str | None:
    """Return the flag that restricts what the word names, PORTAL if none does, or None if it is no restriction."""
    name, _separator, value = word.replace(":", "=").partition("=")
    squeezed = _squeeze(word)
    if ":" in word and _SCOPE_PARTS & {name, *value.split(",")}:  # also `mesages:read`
        return _SCOPES
    for flag, compounds in _COMPOUNDS.items():
        if any(compound in squeezed for compound in compounds.split()):
            return flag
    for known in (squeezed, _squeeze(name)):
        if known in _FLAG_OF_WORD:
            return _FLAG_OF_WORD[known]
    if close := difflib.get_close_matches(squeezed, _OFTEN_MISTYPED, 1, _MIN_SIMILARITY):
        return _OFTEN_MISTYPED[close[0]]
    if _DURATION.fullmatch(squeezed):
        return _EXPIRES
    if _NETWORK.match(word) or _CHANNEL.match(word) or _is_address(word) or "=" in word:
        return PORTAL
    return None


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_interface(word)
    except ValueError:
        return False
    return True


def _is_mistyped_expiry(word: str, number: str) -> bool:
    """Whether it is like `expries 30`."""
    known = _WORDS[_EXPIRES].split()
    return number.isdigit() and bool(difflib.get_close_matches(_squeeze(word), known, 1, _MIN_SIMILARITY))


def _squeeze(text: str) -> str:
    """Return the letters and digits of the text, in lower case and without accents."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in decomposed if char.isalnum())

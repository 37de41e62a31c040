"""Hints about invalid requests: what was wrong and what to send instead. Pure.

The REST API returns the English text. Chat, the dashboard and the admin translate it from the kind that is stored with
the call. No text quotes the request.
"""

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pumble_bridge import app_scopes, strict_json

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

MAX_STORED_LENGTH = 120
_FIELDS = "fields:"
_SCOPE = "scope:"
EXAMPLE = '{"channel": "general", "text": "hello"}'


class Hint(StrEnum):
    """Kinds of hints. Their values are stored with calls, so never change them."""

    APP_PERMISSION = "app_permission"
    ARRAY = "array"
    BACKSLASH = "backslash"
    BROKEN_FORM = "broken_form"
    CHARACTERS = "characters"
    COMMENT = "comment"
    CONTROL_CHARACTER = "control_character"
    CRITERION_MISSING = "criterion_missing"
    CRITERION_UNKNOWN = "criterion_unknown"
    CUT_SHORT = "cut_short"
    DOUBLE_ENCODED = "double_encoded"
    EMPTY = "empty"
    FIELDS_IN_BODY = "fields_in_body"
    FIELDS_IN_QUERY = "fields_in_query"
    FILE_NAME = "file_name"
    FORM = "form"
    FORM_WITHOUT_FILE = "form_without_file"
    HOST = "host"
    LITERAL = "literal"
    MARKUP = "markup"
    MULTIPART = "multipart"
    NOT_JSON = "not_json"
    NOT_UTF_8 = "not_utf_8"
    NUMBER = "number"
    NUMBER_TOO_LARGE = "number_too_large"
    OWNER_PERMISSION = "owner_permission"
    PACKED = "packed"
    PERCENT_ENCODED = "percent_encoded"
    QUOTED_BY_SHELL = "quoted_by_shell"
    SEVERAL = "several"
    SINGLE_QUOTES = "single_quotes"
    TEXT = "text"
    TOO_DEEP = "too_deep"
    TRAILING_COMMA = "trailing_comma"
    TYPOGRAPHIC_QUOTES = "typographic_quotes"
    UNCLOSED = "unclosed"
    UNQUOTED_NAME = "unquoted_name"
    UTF_16 = "utf_16"
    VALUE = "value"


_TEXTS: dict[Hint, "StrPromise"] = {
    Hint.APP_PERMISSION: gettext_lazy(
        "In this workspace the app was installed before it asked for this permission. An owner or administrator of the workspace "
        "updates the app's permissions: %(update_url)s"
    ),
    Hint.ARRAY: gettext_lazy("The body is a JSON array. Send one object: %(example)s"),
    Hint.BACKSLASH: gettext_lazy(
        "A string in the JSON has a backslash that starts no escape sequence. Write a backslash as \\\\ and a line break as \\n."
    ),
    Hint.BROKEN_FORM: gettext_lazy(
        "The form could not be read: a part has no name, or the header has no boundary. Let the client write both, as in "
        "curl -F file=@report.pdf."
    ),
    Hint.CHARACTERS: gettext_lazy(
        "A string in the JSON has an invalid character: NUL (\\u0000) or a lone surrogate (\\ud800). Remove it."
    ),
    Hint.COMMENT: gettext_lazy("The body has a comment, and JSON has none. Remove it."),
    Hint.CONTROL_CHARACTER: gettext_lazy(
        "A string in the JSON has a raw line break or tab. Write \\n or \\t, or build the body with a JSON library."
    ),
    Hint.CRITERION_MISSING: gettext_lazy("The search has no criterion. Send at least one of text, from and in."),
    Hint.CRITERION_UNKNOWN: gettext_lazy(
        "A person in from, or a channel in in, is unknown. Send ids or names that listUsers and listChannels show."
    ),
    Hint.CUT_SHORT: gettext_lazy(
        "The body ended early: the connection closed, or Content-Length is larger than the body. Nothing was done. Send "
        "the whole body."
    ),
    Hint.DOUBLE_ENCODED: gettext_lazy(
        "The body is a JSON string that contains JSON: it was encoded twice. Send the object itself: %(example)s"
    ),
    Hint.EMPTY: gettext_lazy("The body is empty. Send the fields as a JSON object, such as %(example)s"),
    Hint.FIELDS_IN_BODY: gettext_lazy(
        "This operation reads no body. Send its fields in the query: ?channel=general&limit=10"
    ),
    Hint.FIELDS_IN_QUERY: gettext_lazy(
        "This operation reads no query, and the body is empty. Send the fields in the body, as a JSON object such as "
        "%(example)s"
    ),
    Hint.FILE_NAME: gettext_lazy(
        "The body is the name of a file. To send what the file holds, use: curl --data-binary @file.json"
    ),
    Hint.FORM: gettext_lazy("The body is a form. Send JSON: %(example)s"),
    Hint.FORM_WITHOUT_FILE: gettext_lazy(
        "The form has no file. Send JSON: %(example)s, or a file in a part named file: curl -F file=@report.pdf"
    ),
    Hint.HOST: gettext_lazy(
        "The Host header names another service. Call %(url)s. A proxy must pass Host on; ALLOWED_HOSTS lists the names."
    ),
    Hint.LITERAL: gettext_lazy(
        "The body has a word that is not JSON. JSON has true, false and null, but no NaN or Infinity."
    ),
    Hint.MARKUP: gettext_lazy("The body is XML or HTML. Send JSON: %(example)s"),
    Hint.MULTIPART: gettext_lazy(
        "The body is a form in several parts (multipart). Send JSON: %(example)s. To send files with a message, let the client "
        "write the Content-Type, as in curl -F file=@report.pdf."
    ),
    Hint.NOT_JSON: gettext_lazy("The body is not JSON. Send a JSON object in UTF-8, such as %(example)s"),
    Hint.NOT_UTF_8: gettext_lazy(
        "The body is not UTF-8; it may be Latin-1 or Windows-1252. Send it in UTF-8, or write other letters as \\u00e9."
    ),
    Hint.NUMBER: gettext_lazy("The body is a JSON number. Send an object: %(example)s"),
    Hint.NUMBER_TOO_LARGE: gettext_lazy("A number in the JSON is too large. Send a smaller one, or send it as text."),
    Hint.OWNER_PERMISSION: gettext_lazy(
        "The key's owner authorized the app before it asked for this permission. The owner signs in once more: %(signin_url)s"
    ),
    Hint.PACKED: gettext_lazy("The body is compressed. Send it uncompressed, without Content-Encoding."),
    Hint.PERCENT_ENCODED: gettext_lazy(
        "The body is percent-encoded. Send the JSON as it is; with curl use --data-binary, not --data-urlencode."
    ),
    Hint.QUOTED_BY_SHELL: gettext_lazy(
        "The body begins with a single quote: cmd.exe does not remove it. Put the JSON into a file and send it with "
        "--data-binary @file.json, or write \"{\\\"text\\\": \\\"hello\\\"}\"."
    ),
    Hint.SEVERAL: gettext_lazy("Something follows the JSON object. Send one object, and nothing after it."),
    Hint.SINGLE_QUOTES: gettext_lazy(
        "The body has single quotes. JSON has double quotes around names and strings: %(example)s"
    ),
    Hint.TEXT: gettext_lazy("The body is a JSON string. Send an object: %(example)s"),
    Hint.TOO_DEEP: gettext_lazy("The JSON is nested too deeply: 32 levels at most."),
    Hint.TRAILING_COMMA: gettext_lazy("The JSON has a comma before a closing bracket. Remove the comma."),
    Hint.TYPOGRAPHIC_QUOTES: gettext_lazy(
        "The JSON has typographic quotation marks, as word processors put in. Write straight ones: \""
    ),
    Hint.UNCLOSED: gettext_lazy("The JSON ends before its last bracket or quotation mark. Send all of it."),
    Hint.UNQUOTED_NAME: gettext_lazy(
        "A name in the JSON has no quotation marks; the shell may have removed them. JSON has double quotes around names and strings: %(example)s"
    ),
    Hint.UTF_16: gettext_lazy(
        "The body is UTF-16 or UTF-32, as PowerShell writes files. Save or send it in UTF-8."
    ),
    Hint.VALUE: gettext_lazy("The body is true, false or null. Send a JSON object: %(example)s"),
}  # fmt: skip


def text(hint: Hint) -> str:
    """Return the hint's text in the active language."""
    return str(_TEXTS[hint]) % {
        "example": EXAMPLE,
        "url": settings.PUBLIC_URL,
        "update_url": app_scopes.update_url(),
        "signin_url": settings.PUBLIC_URL + app_scopes.SIGN_IN_PATH,
    }


def english(hint: Hint) -> str:
    """Return the hint's English text, for the REST API."""
    with translation.override("en"):
        return text(hint)


def describe(stored: str) -> str:
    """Return the text for a call's stored `hint` in the active language, or "" if it is unknown."""
    if stored.startswith(_FIELDS):
        names = stored.removeprefix(_FIELDS).replace(",", ", ")
        return _("These fields were missing or wrong: %(names)s.") % {"names": names}
    if stored.startswith(_SCOPE):
        return _("The missing scope is `%(scope)s`.") % {"scope": stored.removeprefix(_SCOPE)}
    return next((text(hint) for hint in Hint if hint == stored), "")


def for_fields(names: list[str]) -> str:
    """Return the hint to store for a call with invalid fields: as many of their names as fit."""
    kept = _FIELDS
    for name in names:
        if len(kept) + len(name) >= MAX_STORED_LENGTH:
            break
        kept += f",{name}" if kept != _FIELDS else name
    return kept if kept != _FIELDS else ""


def for_scope(scope: str) -> str:
    """Return the hint to store for a call without a required scope."""
    return f"{_SCOPE}{scope}"


# Detection of what a refused body is.

_PACKED = (
    b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd",
    b"PK\x03\x04",
    b"x\x01",
    b"x\x9c",
    b"x\xda",
)  # gzip, zstd, zip, zlib
_UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_MAX_SCANNED_BYTES = 64 * 1024  # bytes; enough for any body that was written by hand
# Possessive: a missing closing quotation mark must not cause backtracking.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_WHOLE_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')
_LONE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_INSIDE = (  # outside of strings; the first match is used
    (re.compile("[\u2018\u2019\u201c-\u201f\xab\xbb]"), Hint.TYPOGRAPHIC_QUOTES),
    (re.compile(r"[{\[,:]\s*'"), Hint.SINGLE_QUOTES),
    (re.compile(r"[:\[,]\s*-?(?:NaN|Infinity|None|True|False|undefined)\b"), Hint.LITERAL),
    (re.compile(r"[{,]\s*[A-Za-z_$][\w$]*\s*:"), Hint.UNQUOTED_NAME),
    (re.compile(r"//|/\*|(?:^|\s)#"), Hint.COMMENT),
    (re.compile(r",\s*[}\]]"), Hint.TRAILING_COMMA),
)
_HINT_BY_MESSAGE = {  # by the message of strict_json.InvalidJson
    "nested too deeply": Hint.TOO_DEEP,
    "a number is out of range": Hint.NUMBER_TOO_LARGE,
    "a string has characters that are no text": Hint.CHARACTERS,
}
_FORM = re.compile(r"[\w.\-+%\[\]]+=")
_FILE_NAME = re.compile(r"@?[\w./\\:~ -]+\.json\s*|@\S+\s*")


def for_body(raw: bytes, *, content_type: str = "", content_encoding: str = "") -> Hint:
    """Return the hint for a body that `strict_json.loads_object` refused."""
    if content_type.lower().startswith("multipart/") or (
        raw.startswith(b"--") and b"content-disposition:" in raw[:1000].lower()
    ):
        return Hint.MULTIPART
    if content_encoding.strip().lower() not in {"", "identity"} or raw.startswith(_PACKED):
        return Hint.PACKED
    if raw.startswith(_UTF_16) or b"\x00" in raw[:4]:
        return Hint.UTF_16
    try:
        body = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Hint.NOT_UTF_8
    try:
        return _for_value(strict_json.loads(body.encode(), limit=len(raw)))
    except strict_json.InvalidJson as error:
        return _HINT_BY_MESSAGE.get(str(error)) or _for_text(body.strip())


def _for_value(value: object) -> Hint:
    if isinstance(value, list):
        return Hint.ARRAY
    if isinstance(value, str):
        return Hint.DOUBLE_ENCODED if value.lstrip().startswith("{") else Hint.TEXT
    return Hint.VALUE if value is None or isinstance(value, bool) else Hint.NUMBER


def _for_text(body: str) -> Hint:
    """Return the hint for a text that is not JSON."""
    if body.startswith(("{", "[", '"')):
        return _for_brackets(body)
    if not body:
        return Hint.EMPTY
    if body.startswith("'"):
        return Hint.QUOTED_BY_SHELL
    if body.startswith("<"):
        return Hint.MARKUP
    if body[:3].lower() in {"%7b", "%5b"}:
        return Hint.PERCENT_ENCODED
    if _FORM.match(body):
        return Hint.FORM
    if _FILE_NAME.fullmatch(body):
        return Hint.FILE_NAME
    return Hint.NOT_JSON


def _for_brackets(body: str) -> Hint:
    begin = body[:_MAX_SCANNED_BYTES]
    strings, bare = _STRING.findall(begin), _STRING.sub('""', begin)
    for pattern, hint in _INSIDE:
        if pattern.search(bare):
            return hint
    if any("\\" in _ESCAPE.sub("", string) for string in strings):
        return Hint.BACKSLASH
    if any(char < " " for string in strings for char in string):
        return Hint.CONTROL_CHARACTER
    if any(_LONE_SURROGATE.search(string) for string in strings):
        return Hint.CHARACTERS
    if len(body) > len(begin):
        return Hint.NOT_JSON
    opened, closed = (sum(map(bare.count, pair)) for pair in ("{[", "}]"))
    if opened > closed or (strings and not _WHOLE_STRING.fullmatch(strings[-1])):
        return Hint.UNCLOSED
    if closed > opened or re.match(r"\{[^{}]*\}\s*\S", bare):
        return Hint.SEVERAL
    return Hint.NOT_JSON

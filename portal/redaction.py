"""Remove secrets from a text: keys, tokens, cookies, signatures, codes, passwords and query strings.

Secrets are found by their form, by the name before them, or by their value in the settings. The rules prefer to remove
too much.
"""

import base64
import json
import re
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings

from keys import key_format

REDACTED = "[redacted]"

# Every text that the rules below change contains one of these. For most texts, this search is all that runs.
_MARKERS = (
    "pmb", "authorization", "cookie", "token", "secret", "signature", "passw", "pepper", "apikey", "api-key", "api_key",
    "appkey", "app-key", "app_key", "encryption", "session", "csrf", "code", "state", "header value", "?", "@",
)  # fmt: skip
_HEX = {ord(char): "h" if char in "0123456789abcdef" else " " for char in map(chr, range(128))}
_LONG_HEX = "h" * 64

_REST_OF_LINE_NAMES = (
    r"authorization|cookie"  # the value ends with the line or the quotes: `Bearer x`, `a=1; b=2`
)
_WORD_NAMES = (
    r"token|secret|signature|passw(?:or)?d|pepper|(?:api|app|secret|encryption)[-_]?key|"
    r"sessionid|csrfmiddleware"
)
_QUOTE = r"\\{0,3}[\"']"  # escaped if it is inside of quotes
_VALUE_SEPARATOR = rf"[\w-]{{0,24}}(?:{_QUOTE})?\s*[:=]\s*(?:b?{_QUOTE})?"
_PAIR_SEPARATOR = rf"[\w-]{{0,24}}{_QUOTE},\s*b?{_QUOTE}"  # ('token', 'x')
_RULES = [
    (re.compile(r"://[^\s/@\"']*@"), f"://{REDACTED}@"),
    (re.compile(r"(?<=[\w/.~%)\]-])\?[^\s\"'<>]+"), f"?{REDACTED}"),
    (re.compile(rf"(?i)((?:{_REST_OF_LINE_NAMES}){_VALUE_SEPARATOR})[^\"'\r\n]+"), rf"\1{REDACTED}"),
    (re.compile(rf"(?i)((?:{_WORD_NAMES}){_VALUE_SEPARATOR})[^\s\"',;&)}}\]]+"), rf"\1{REDACTED}"),
    (
        re.compile(rf"(?i)((?:{_REST_OF_LINE_NAMES}|{_WORD_NAMES}){_PAIR_SEPARATOR})[^\"'\r\n]+"),
        rf"\1{REDACTED}",
    ),
    (re.compile(r"(?i)\b((?:code|state)(?:=|[\"']:\s*[\"']))[^\s\"',;&)}\]]+"), rf"\1{REDACTED}"),
    (re.compile(r"(?i)(header value\W{1,3})[^\s].*"), rf"\1{REDACTED}"),
]
_NAME = re.compile(rf"(?i){_REST_OF_LINE_NAMES}|{_WORD_NAMES}")
_SIGNATURE = re.compile(r"[0-9a-f]{64,}")


def may_contain_secret(text: str) -> bool:
    """Return whether `redact` might change the text, or a text of which this one is the JSON."""
    lower = text.lower()
    for marker in _MARKERS:  # each log line runs this loop; `any` takes twice as long
        if marker in lower:
            return True
    return _LONG_HEX in text.translate(_HEX) or any(secret in text for secret in _own_secrets())


def redact(text: str) -> str:
    """Return the text without secrets, in time linear in its length."""
    if not may_contain_secret(text):
        return text
    text = key_format.redact(redact_own_secrets(text))
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return _SIGNATURE.sub(REDACTED, text)


def redact_own_secrets(text: str) -> str:
    """Return a text of ours without the secrets of this deployment. URLs keep their queries."""
    for secret in _own_secrets():
        text = text.replace(secret, REDACTED)
    return text


def redact_field(name: str, value: Any) -> Any:
    """Return a field of a log line without secrets. Numbers stay as they are."""
    if _NAME.search(name):
        return REDACTED
    return value if value is None or isinstance(value, bool | int | float) else redact(str(value))


@cache
def _own_secrets() -> tuple[str, ...]:
    """Return the secrets of this deployment as they are, quoted for URLs and escaped for JSON."""
    peppers = [base64.b64encode(pepper).decode() for pepper in settings.KEY_PEPPERS.values()]
    plain = {
        settings.SECRET_KEY,
        *settings.SECRET_KEY_FALLBACKS,
        *peppers,
        *settings.TOKEN_ENCRYPTION_KEYS,
        settings.PUMBLE_APP_KEY,
        settings.PUMBLE_APP_CLIENT_SECRET,
        *settings.PUMBLE_APP_SIGNING_SECRETS,
        settings.METRICS_TOKEN,
        str(settings.DATABASES["default"].get("PASSWORD") or ""),
        urlsplit(settings.REDIS_URL).password or "",
    }
    forms = {form for secret in plain for form in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1])}
    # Shorter ones would match parts of ordinary words.
    return tuple(sorted((form for form in forms if len(form) >= 8), key=len, reverse=True))

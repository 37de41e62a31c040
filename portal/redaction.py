"""Takes out of a text what must not be kept: keys, tokens, signatures, codes, cookies, and this installation's own secrets.

A net below everything that is logged: nobody means to log these, but libraries put requests and addresses into their
messages, and clients put keys where they do not belong.
"""

import re
from functools import cache

from django.conf import settings

from keys import keyformat

_GONE = "[redacted]"
_NAMES = (
    r"(?:proxy-)?authorization|(?:set-)?cookie|(?:x-)?api-?_?key|(?:x-app-|access_?|bot_?|refresh_?)?token"
    r"|x-pumble-request-signature|(?:client_?|signing_?)?secret|signature|password|csrfmiddlewaretoken|sessionid"
)
# `Name: value` of a header, `"name": "value"` of JSON or a dict, also with its quotes escaped once more.
_NAMED = re.compile(
    rf"""((?<![A-Za-z])(?:{_NAMES})\\?["']?\s*[:=]\s*)(\\?["'])?((?(2)(?:(?!\2).)+|(?:Bearer |Basic )?[^\s,;"'\\}}]+))""",
    re.IGNORECASE,
)
_WORDS = ("authorization", "cookie", "api", "token", "secret", "signature", "password", "session")
_QUERY = re.compile(r"""(?<=[\w/)}])\?(?=[\w%.-]+=)[^\s"'\\<>)]*""")
_PASSWORD_IN_URL = re.compile(r"(\w://[^\s:/@]*:)[^\s@/]+(?=@)")
_LONGEST_READ = 100_000


def redact(text: str) -> str:
    """`text` without anything secret. What is very long is cut: no line of ours is."""
    text = text[:_LONGEST_READ]
    for secret in _own_secrets():
        text = text.replace(secret, _GONE)
    # Every call has its line, and nearly none has any of these: looking is cheaper than matching.
    if "://" in text:
        text = _PASSWORD_IN_URL.sub(rf"\1{_GONE}", text)
    if "?" in text:
        text = _QUERY.sub(f"?{_GONE}", text)
    lower = text.lower()
    if any(word in lower for word in _WORDS):
        text = _NAMED.sub(lambda found: f"{found[1]}{found[2] or ''}{_GONE}", text)
    return keyformat.redact(text) if keyformat.BRAND in text else text


@cache
def _own_secrets() -> list[str]:
    """The installation's secrets as texts, long before short, so that none is left over from another."""
    peppers = [pepper.hex() for pepper in settings.KEY_PEPPERS.values()]
    texts = [
        settings.SECRET_KEY,
        *settings.SECRET_KEY_FALLBACKS,
        *settings.TOKEN_ENCRYPTION_KEYS,
        *peppers,
        settings.PUMBLE_APP_KEY,
        settings.PUMBLE_APP_CLIENT_SECRET,
        *settings.PUMBLE_APP_SIGNING_SECRETS,
        settings.METRICS_TOKEN,
    ]
    return sorted((text for text in texts if len(text) >= 8), key=len, reverse=True)

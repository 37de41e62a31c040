"""Removes secrets from what the traffic list shows: tokens, keys, codes and credentials of apps."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

REDACTED = "***"
_NAME = r"[\w-]*(?:token|secret|key)|code|state"
_NAMED = re.compile(r"code|state|token|secret|key", re.IGNORECASE)
# Quotes of JSON inside JSON are escaped once for each level. A truncated text may lack the last quote.
_IN_JSON = re.compile(
    rf'(?P<quote>\\{{0,7}}")(?P<name>{_NAME})(?P=quote)\s{{0,9}}:\s{{0,9}}(?P=quote)(?!:)(?P<value>.*?)(?:(?P=quote)|$)',
    re.IGNORECASE | re.DOTALL,
)
_IN_FORM = re.compile(
    rf'(?P<head>\bname="(?:{_NAME})"(?:\r\n[^\r\n]+)*\r\n\r\n)[^\r\n]*',
    re.IGNORECASE,
)
_IN_URL = re.compile(rf"(?P<head>[?&](?:{_NAME})=)[^&\s\"\\<>]+", re.IGNORECASE)
_BY_PREFIX = re.compile(r"\b(?P<head>pmb_[A-Za-z0-9]{1,64}_|lp-(?:user|bot)-|xp[a-z]{1,5}-)[\w-]+")


def redact_url(url: str) -> str:
    """Redact each query parameter that could be a secret."""
    parts = urlsplit(url)
    query = [(name, REDACTED if _NAMED.search(name) else value) for name, value in parse_qsl(parts.query)]
    return parts._replace(query=urlencode(query, safe="*,"), fragment="").geturl()


def redact_text(text: str) -> str:
    """Redact the secrets in a JSON, form or plain body. An emoji's `code`, as in `:+1:`, stays."""

    def redact(match: re.Match[str]) -> str:
        head = match[0][: match.start("value") - match.start()]
        return f"{head}{REDACTED}{match[0][match.end('value') - match.start() :]}"

    text = _IN_JSON.sub(redact, text)
    for pattern in (_IN_FORM, _IN_URL, _BY_PREFIX):
        text = pattern.sub(rf"\g<head>{REDACTED}", text)
    return text

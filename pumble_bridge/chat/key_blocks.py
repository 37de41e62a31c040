"""Paragraphs and texts about keys: list entries, new keys, errors, and how to authorize the app."""

from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keys import exceptions, key_format, selectors, texts, times
from keys.models import ApiKey
from pumble_bridge.chat import onboarding
from pumble_bridge.chat.blocks import Element, escape_user_text, link, paragraph, preformatted, text
from pumble_bridge.manifest import COMMAND

MAX_CANDIDATES = 10
MAX_TYPED_LENGTH = 1000  # `parser` takes no longer line


def key_entry(key: ApiKey, now: datetime) -> Element:
    """Return a list entry for a key: name, masked key, id, state, last use and rights."""
    return paragraph(
        text(escape_user_text(key.name), bold=True),
        " · ",
        text(key.masked, code=True),
        _(" · id %(id)s · %(state)s · %(used)s. ")
        % {"id": key.key_id, "state": key.state(now).label, "used": last_used(key, now)},
        *_responsibility(key),
        describe_rights(key, now),
        *([" ", _creator(key.created_by_key)] if key.created_by_key else []),
    )


def _creator(creator: ApiKey) -> str:
    return _("Created by the key “%(name)s”.") % {"name": escape_user_text(creator.name)}


def describe_rights(key: ApiKey, now: datetime) -> str:
    """Return what the key can do, for its holder. Mentions in it are disabled."""
    rights = texts.describe_rights(key.rights, now=now, holder=texts.holder_name(key, key.owner))
    return escape_mentions(rights)


def _responsibility(key: ApiKey) -> list[str]:
    if not key.is_workspace_key:
        return []
    name = escape_user_text(texts.responsible_name(key))
    return [_("Workspace key · Responsible: %(name)s. ") % {"name": name}]


def created_keys_note(key: ApiKey, now: datetime) -> list[Element]:
    """Return that the keys that `key` created end with it, or nothing if it created none."""
    number = selectors.list_created_keys([key], now).count()
    if not number:
        return []
    note = ngettext(
        "The %(n)s key that it created ends with it.", "The %(n)s keys that it created end with it.", number
    )
    return [paragraph(note % {"n": number})]


def last_used(key: ApiKey, now: datetime) -> str:
    if key.last_used_at is None:
        return _("never used")
    return _("last used %(at)s") % {"at": texts.short_date(key.last_used_at, now=now)}


def new_key_parts(key: ApiKey, plaintext: key_format.Plaintext, now: datetime) -> list[Element]:
    """Return the paragraphs of the only message that contains a key's plaintext."""
    return [
        paragraph(_new_key_heading(key)),
        preformatted(plaintext.text),
        paragraph(
            _(
                "Copy the key now. It is not stored, so it cannot be shown again. This message disappears when you reload."
            )
        ),
        paragraph(*_responsibility(key), describe_rights(key, now)),
        *([paragraph(_old_key_note(key.replaces, key, now))] if key.replaces else []),
        paragraph(_("Store it in the environment variable PUMBLE_API_KEY and try:")),
        preformatted(_example_call(key)),
        paragraph(link(settings.PUBLIC_URL + "/api-docs/plain/", _("API reference"))),
    ]


def _new_key_heading(key: ApiKey) -> str:
    values = {"name": escape_user_text(key.name)}
    if key.expires_at is None:
        return _("Your new key “%(name)s” never expires.") % values
    return _("Your new key “%(name)s” expires on %(date)s.") % (
        values | {"date": times.full_date(key.expires_at)}
    )


def authorize_first(typed: str = "generate") -> list[Element]:
    """Ask to authorize the app, and repeat what was typed after the command."""
    return [
        paragraph(
            _("Before you can have API keys, authorize the API app to act for you: "),
            link(onboarding.authorize_url(), _("authorize the app")),
        ),
        paragraph(
            _("Then type again: "),
            text(f"{COMMAND} {escape_user_text(typed, limit=MAX_TYPED_LENGTH)}", code=True),
        ),
    ]


def other_languages() -> Element:
    """Return how to get replies in each other language, in that language."""
    codes = [(code, name) for code, name in settings.LANGUAGES if code != translation.get_language()]
    return paragraph(
        *[
            part
            for code, name in codes
            for part in (f"{name}: ", text(f"{COMMAND} language {code}", code=True))
        ]
    )


def error_text(error: exceptions.KeysError) -> str:
    """Return the error's text with all user input in it escaped."""
    match error:
        case exceptions.ScopeUnknown():
            error = exceptions.ScopeUnknown(
                [escape_user_text(scope) for scope in error.scopes[:MAX_CANDIDATES]]
            )
        case exceptions.KeyAmbiguous():
            names = [escape_user_text(name) for name in error.names[:MAX_CANDIDATES]]
            error = exceptions.KeyAmbiguous(names, error.ids[: len(names)])
    return texts.error_message(error)


def escape_mentions(sentence: str) -> str:
    """Return the sentence with mentions in it disabled. It can contain channel names from Pumble."""
    return sentence.replace("<<", "‹‹").replace(">>", "››")


def _old_key_note(old: ApiKey, successor: ApiKey, now: datetime) -> str:
    if not successor.grace:
        return _("The old key stops working now.")
    end = now + successor.grace
    return _("The old key works until %(until)s.") % {
        "until": texts.short_date(min(end, old.expires_at or end), now=now)
    }


def _example_call(key: ApiKey) -> str:
    """Return a command line with a call that this key may make."""
    with_key = '-H "ApiKey: $PUMBLE_API_KEY"'
    if "messages:write" in key.scopes and key.channels is None:
        body = '{"channel":"general","text":"hello"}'
        return f"curl {settings.PUBLIC_URL}/sendMessage {with_key} -d '{body}'"
    return f"curl {settings.PUBLIC_URL}/keyInfo {with_key}"


def authorize_first_text() -> str:
    return _("Before you can have API keys, authorize the API app to act for you: %(url)s") % {
        "url": onboarding.authorize_url()
    }


def short_entry(key: ApiKey, now: datetime) -> Element:
    """Return the name, the masked key and the last use of a key."""
    return text(f"{escape_user_text(key.name)} · {key.masked} · {last_used(key, now)}", bold=True)

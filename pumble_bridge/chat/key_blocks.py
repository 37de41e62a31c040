"""What chat says of keys: in a list, on the Home tab, when there is a new one, and instead of one."""

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from keys import exceptions, key_format, texts
from keys.models import ApiKey
from pumble_bridge.chat import onboarding
from pumble_bridge.chat.blocks import Element, line, link, preformatted, quoted, text
from pumble_bridge.manifest import COMMAND

MOST_CANDIDATES = 10


def entry(key: ApiKey, now: datetime) -> Element:
    """A key in a list: its name, how to recognise and address it, its state, what it can do and when it was used."""
    return line(
        text(quoted(key.name), bold=True),
        " · ",
        text(key.preview, code=True),
        _(" · id %(id)s · %(state)s · %(used)s. ")
        % {"id": key.key_id, "state": key.state(now).label, "used": last_use(key, now)},
        unmentioning(texts.sentence(key.rights, now=now)),
    )


def last_use(key: ApiKey, now: datetime) -> str:
    if key.last_used_at is None:
        return _("never used")
    return _("last used %(at)s") % {"at": texts.short_date(key.last_used_at, now=now)}


def new_key(key: ApiKey, plaintext: key_format.Plaintext, now: datetime) -> list[Element]:
    """The one message that holds a key's plaintext."""
    return [
        line(_("Your new key “%(name)s”") % {"name": quoted(key.name)}),
        preformatted(plaintext.text),
        line(
            _(
                "Copy it now. We don't store it, so we can't show it again: this message is gone when you reload."
            )
        ),
        line(unmentioning(texts.sentence(key.rights, now=now))),
        *([line(_fate_of_the_old(key.replaces, key, now))] if key.replaces else []),
        line(_("Put it into the variable PUMBLE_API_KEY and try:")),
        preformatted(_example(key)),
        line(link(settings.PUBLIC_URL + "/api-docs/", _("API reference"))),
    ]


def authorise_first() -> list[Element]:
    return [
        line(
            _("Before you can have API keys, allow the API app to act for you: "),
            link(onboarding.authorise_url(), _("authorize the app")),
        ),
        line(_("Then type it again: "), text(f"{COMMAND} generate", code=True)),
    ]


def explain(error: exceptions.KeysError) -> str:
    """Why it was refused, where what is said back to the person came from outside."""
    match error:
        case exceptions.ScopeUnknown():
            error = exceptions.ScopeUnknown([quoted(scope) for scope in error.scopes[:MOST_CANDIDATES]])
        case exceptions.KeyAmbiguous():
            names = [quoted(name) for name in error.names[:MOST_CANDIDATES]]
            error = exceptions.KeyAmbiguous(names, error.ids[: len(names)])
    return texts.explain(error)


def unmentioning(sentence: str) -> str:
    """`sentence`, in which names of channels came from outside, unable to mention anyone."""
    return sentence.replace("<<", "‹‹").replace(">>", "››")


def _fate_of_the_old(old: ApiKey, successor: ApiKey, now: datetime) -> str:
    if not successor.grace:
        return _("The old key stops working now.")
    until = now + successor.grace
    return _("The old key works until %(until)s.") % {
        "until": texts.short_date(min(until, old.expires_at or until), now=now)
    }


def _example(key: ApiKey) -> str:
    """A call that this key may make."""
    with_key = '-H "ApiKey: $PUMBLE_API_KEY"'
    if "messages:write" in key.scopes and key.channels is None:
        body = '{"channel":"general","text":"hello"}'
        return f"curl {settings.PUBLIC_URL}/sendMessage {with_key} -d '{body}'"
    return f"curl {settings.PUBLIC_URL}/keyInfo {with_key}"


def plain_authorise_first() -> str:
    return _("Before you can have API keys, allow the API app to act for you: %(url)s") % {
        "url": onboarding.authorise_url()
    }


def short_entry(key: ApiKey, now: datetime) -> Element:
    """How to tell the key from others, and whether anything may still use it."""
    return text(f"{quoted(key.name)} · {key.preview} · {last_use(key, now)}", bold=True)

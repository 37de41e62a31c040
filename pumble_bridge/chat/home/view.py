"""The view of the Home tab: the member's keys and their actions, or how to start."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keys import selectors
from keys.models import ApiKey, Member
from keys.permissions import is_entitled
from pumble_bridge import app_scopes
from pumble_bridge.chat import key_blocks, onboarding
from pumble_bridge.chat.blocks import (
    MAX_NAME_IN_LABEL_LENGTH,
    Element,
    actions,
    button,
    divider,
    escape_user_text,
    link,
    option,
    paragraph,
    plain_text,
    rich_text,
    select,
    text,
)
from pumble_bridge.chat.delivery import portal_button
from pumble_bridge.chat.portal_links import portal_url
from pumble_bridge.manifest import COMMAND, DISPLAY_NAME
from pumble_bridge.models import HomeTab

MAX_KEYS = 20
NEW_KEY_PERIOD = timedelta(minutes=10)

ADD_KEY = "add_key"
DELETE_KEY = "delete_key"
LANGUAGE = "language"
AUTHORIZE = "authorise"
KEY_ACTION = "key"  # followed by a dot and the key's id
ROTATE, RENEW, RENAME = "rotate", "renew", "rename"
DISABLE, ENABLE, DELETE = "disable", "enable", "delete"

_State = ApiKey.State


def build(member: Member, now: datetime) -> dict[str, Any]:
    """Return the view `{title, blocks}` for this member, in the active language."""
    blocks = _holder_blocks(member, now) if is_entitled(member) else _onboarding_blocks()
    return {"title": plain_text(DISPLAY_NAME), "blocks": blocks}


def _onboarding_blocks() -> list[Element]:
    return [
        rich_text(
            paragraph(onboarding.app_description()),
            paragraph(_("Before you can have API keys, authorize the app to act for you.")),
        ),
        actions(button(AUTHORIZE, _("Authorize the app"), url=onboarding.authorize_url(), style="primary")),
    ]


def _holder_blocks(member: Member, now: datetime) -> list[Element]:
    keys = [key for key in selectors.list_held_keys(member, now) if key.confirmed_at is not None]
    buttons = [button(ADD_KEY, _("Add API key"), style="primary")]
    if keys:
        buttons.append(button(DELETE_KEY, _("Delete API key"), style="danger"))
    languages = [option(code, name) for code, name in settings.LANGUAGES]
    language = select(LANGUAGE, _("Language"), languages, selected=translation.get_language() or "")
    blocks = [
        rich_text(*_new_key_hint(member, keys, now), *_summary(keys, now), *_admin(member)),
        actions(*buttons, portal_button(_("Open the portal")), language),
    ]
    for key in keys[:MAX_KEYS]:
        name = escape_user_text(key.name, limit=MAX_NAME_IN_LABEL_LENGTH)
        menu = select(
            f"{KEY_ACTION}.{key.key_id}",
            _("Change “%(name)s”") % {"name": name},
            _key_actions(key, member, now),
        )
        blocks += [divider(), rich_text(key_blocks.key_entry(key, now)), actions(menu)]
    if len(keys) > MAX_KEYS:
        more = paragraph(
            _("These are your newest keys. See all of them: "),
            link(portal_url(), _("Open the portal")),
        )
        blocks += [divider(), rich_text(more)]
    return blocks


def _new_key_hint(member: Member, keys: list[ApiKey], now: datetime) -> list[Element]:
    """Return where the text of a new key is, until it is used or `NEW_KEY_PERIOD` has passed."""
    tab = HomeTab.objects.filter(member=member, new_key__isnull=False).first()
    key = next((key for key in keys if tab and key.pk == tab.new_key_id), None)
    if key is None or key.last_used_at is not None or key.created_at <= now - NEW_KEY_PERIOD:
        return []
    hint = _("Your new key “%(name)s” is in Messages. Copy it before you reload.")
    return [paragraph(text(hint % {"name": escape_user_text(key.name)}, bold=True))]


def _admin(member: Member) -> list[Element]:
    """Return the lines that owners and administrators see."""
    if not member.is_workspace_admin:
        return []
    lines = [
        paragraph(_("You manage the keys of all members: "), link(portal_url("/admin/"), _("Open the admin")))
    ]
    if url := app_scopes.update_url_for(member):
        why = _("The app lacks permissions that this version uses, for example to send files.")
        lines.append(paragraph(why, " ", link(url, _("Update the app's permissions"))))
    return lines


def _summary(keys: list[ApiKey], now: datetime) -> list[Element]:
    if not keys:
        return [paragraph(_("No keys yet. Add one here, or type: "), text(f"{COMMAND} generate", code=True))]
    working = sum(key.state(now) in {_State.ACTIVE, _State.RETIRING} for key in keys)
    number = ngettext("You have %(n)s key", "You have %(n)s keys", len(keys)) % {"n": len(keys)}
    working_text = ngettext("%(n)s of them works.", "%(n)s of them work.", working) % {"n": working}
    return [paragraph(text(number, bold=True), *([" · ", working_text] if working < len(keys) else []))]


def _key_actions(key: ApiKey, member: Member, now: datetime) -> list[Element]:
    """Return the actions that the key's state allows to its owner."""
    state = key.state(now)
    rotate, renew = option(ROTATE, _("Rotate")), option(RENEW, _("Renew"))
    rename, delete = option(RENAME, _("Rename")), option(DELETE, _("Delete"))
    disable, enable = option(DISABLE, _("Disable")), option(ENABLE, _("Enable"))
    match state:
        case _State.ACTIVE:
            return [rotate, renew, rename, disable, delete]
        case _State.RETIRING:
            return [disable, delete]
        case _State.DISABLED:
            # An owner cannot enable what an administrator disabled, but may try what the policy disabled.
            by_administrator = key.is_locked and not key.disabled_reason and not member.is_workspace_admin
            return [
                *([] if by_administrator else [enable]),
                *([] if key.retires_at else [rename]),
                delete,
            ]
        case _:
            return [delete]

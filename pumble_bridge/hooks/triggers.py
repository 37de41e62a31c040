"""Handles triggers: actions of users in chat that wait for a response within a deadline, in the user's language."""

import logging
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from keys import key_format
from keys.audit import PUMBLE, Actor, Surface
from keys.exceptions import KeysError
from keys.models import ApiKey, Member, Workspace
from keys.pasted_keys import revoke_pasted
from keys.permissions import is_entitled
from pumble_bridge import clients, deadline, installations, oauth, resilience
from pumble_bridge.chat import interactions, key_blocks
from pumble_bridge.chat.commands import subcommands
from pumble_bridge.chat.modals import registry
from pumble_bridge.chat.reader import reading_as
from pumble_bridge.chat.user import Bot, ChatUser
from pumble_bridge.exceptions import PumbleError
from pumble_bridge.hooks.payloads import Click, Dismissal, MenuQuery, SlashCommand, Submission
from pumble_bridge.hooks.responses import Ack, HookResponse, Nack
from pumble_bridge.models import Installation

log = logging.getLogger(__name__)

REPLY_TIMEOUT = 2.3  # seconds; Pumble expects the response within 3 s, including replies by message

Trigger = SlashCommand | Click | Submission | Dismissal | MenuQuery


def handle(payload: Trigger, *, request_id: str, now: datetime) -> HookResponse:
    """Handle the trigger within `REPLY_TIMEOUT`. Failures return a `Nack` with a message for the user."""
    member = (
        Member.objects.people()
        .select_related("workspace__installation", "workspace__policy")
        .filter(workspace__pumble_id=payload.workspace_id, pumble_user_id=payload.user_id)
        .first()
    )
    workspace = (
        member.workspace
        if member
        else Workspace.objects.select_related("installation").filter(pumble_id=payload.workspace_id).first()
    )
    installed = workspace is not None and workspace.installed_at is not None
    installation: Installation | None = getattr(workspace, "installation", None) if installed else None
    with reading_as(member):
        client = clients.client_for_bot(installation) if installation else None
        if installation is None or client is None:
            _log_refusal(payload, "not_installed")
            return Nack(
                _("The API app is not installed in this workspace. An owner can add it with “+ Add apps”.")
            )
        bot = Bot(installation.bot_user_id, client)
        by = Actor(member, Surface.CHAT, request_id=request_id)
        try:
            with deadline.within(REPLY_TIMEOUT), resilience.CHAT.slot(installation.workspace_id):
                return _dispatch(payload, member, bot, by, now)
        except KeysError as error:
            _log_refusal(payload, error.reason)
            return Nack(key_blocks.error_text(error))
        except PumbleError:
            log.warning("trigger.reply_failed", exc_info=True)
            return Nack(
                _(
                    "Pumble may not have delivered the whole reply. Look at “/api-keys list” before you try again."
                )
            )


def _dispatch(payload: Trigger, member: Member | None, bot: Bot, by: Actor, now: datetime) -> HookResponse:
    user = ChatUser(member, payload.user_id, bot, by, now) if member and is_entitled(member) else None
    if user is None:
        _log_refusal(payload, "not_authorized")
    pasted_keys = key_format.find_in("\n".join(_user_texts(payload)))
    pasted_key_warning = _revoke_pasted(pasted_keys, payload, by, now) if pasted_keys else None
    match payload:
        case SlashCommand():

            def newcomer() -> ChatUser:
                known = member or _record_newcomer(payload, bot, now)
                return ChatUser(known, payload.user_id, bot, replace(by, member=known), now)

            return subcommands.handle(payload, user, bot, pasted_key_warning, newcomer)
        case Dismissal():
            return Ack()
        case MenuQuery():
            return registry.menu_options(payload, user, pasted_key_warning)
        case Submission() if user is not None:
            return registry.submit(payload, user, pasted_key_warning)
        case Click() if pasted_key_warning is None:
            return interactions.handle(payload, user)
        case _:
            return Nack(pasted_key_warning or key_blocks.authorize_first_text())


def _record_newcomer(payload: Trigger, bot: Bot, now: datetime) -> Member:
    """Store a person whom the app does not know yet, as Pumble describes them.

    Raises:
        PumbleError: the call failed.
    """
    profile = oauth.parse_profile(bot.client.get_user(payload.user_id))
    workspace = Workspace.objects.get(pumble_id=payload.workspace_id)
    return installations.record_member(workspace, profile, by=PUMBLE, now=now)


def _revoke_pasted(pasted: list[key_format.Plaintext], payload: Trigger, by: Actor, now: datetime) -> str:
    """Revoke pasted keys of this workspace, and return the warning for the user."""
    reasons = ApiKey.RevokeReason
    reason = reasons.PASTED_IN_COMMAND if isinstance(payload, SlashCommand) else reasons.PASTED_IN_WINDOW
    if revoke_pasted(pasted, workspace_id=payload.workspace_id, reason=reason, by=by, now=now):
        return _(
            "That was a full API key, so it was revoked. In chat, use the name or id of a key, never the key itself."
        )
    return _(
        "That looks like a full API key, but not one of this workspace. In chat, use the name or id of a key, never the key itself."
    )


def _log_refusal(payload: Trigger, reason: str) -> None:
    log.info("trigger.refused", extra={"kind": type(payload).__name__, "reason": reason})


def _user_texts(payload: Trigger) -> list[str]:
    """Return every text in the trigger that a user may have typed or pasted."""
    match payload:
        case SlashCommand():
            return [payload.text]
        case Click():
            return [payload.value]
        case Submission():
            return list(payload.values.values())
        case MenuQuery():
            return [payload.query, payload.value]
        case _:
            return []

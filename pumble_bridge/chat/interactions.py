"""Handles clicks in the Home tab and in messages of the bot."""

import logging

from django.conf import settings
from django.utils.translation import gettext as _

from keys import lifecycle, membership, selectors
from keys.models import ApiKey
from pumble_bridge.chat import default_access, delivery, home, key_blocks, successor_question
from pumble_bridge.chat.blocks import escape_user_text, message, paragraph
from pumble_bridge.chat.modals import reduce_permissions, registry
from pumble_bridge.chat.portal_links import portal_url
from pumble_bridge.chat.user import ChatUser
from pumble_bridge.hooks import leak_detection
from pumble_bridge.hooks.payloads import Click
from pumble_bridge.hooks.responses import Ack, HookResponse, Nack

log = logging.getLogger(__name__)


_LINKS = {delivery.OPEN_PORTAL, home.AUTHORIZE}  # the browser opens the link itself


def handle(click: Click, user: ChatUser | None) -> HookResponse:
    """Handle one click. A change publishes the Home tab again by itself.

    `user` is None if they may not have keys.

    Raises:
        KeysError: not permitted, or there is no such key.
        PumbleError: the reply may not have been delivered.
    """
    if click.on_action in _LINKS:
        return Ack()
    if user is None:
        return Nack(key_blocks.authorize_first_text())
    action, _dot, suffix = click.on_action.partition(".")
    match action:
        case home.ADD_KEY:
            return registry.open_modal(click, user, registry.ADD_KEY)
        case home.DELETE_KEY:
            return registry.open_modal(click, user, registry.DELETE_KEY)
        case home.KEY_ACTION:
            return _act_on_key(click, user, suffix)
        case home.LANGUAGE if click.value in dict(settings.LANGUAGES):
            membership.set_language(user.member, click.value)
            return Ack()
        case default_access.EXPIRE:
            return default_access.expire(click, user)
        case default_access.REDUCE:
            return _reduce_permissions(click, user)
        case successor_question.STOP:
            return successor_question.handle(click, user, suffix)
        case delivery.REVOKE:
            return _revoke(click, user)
        case leak_detection.LEAK_REVOKE | leak_detection.LEAK_TEST:
            return leak_detection.handle_action(
                user.member, click.on_action, click.value, by=user.by, now=user.now
            )
        case _:
            log.info("click.refused", extra={"reason": "unknown_action"})
            return Nack(_("This button is from an earlier version of the app. Open the app's Home tab."))


def _act_on_key(click: Click, user: ChatUser, key_id: str) -> HookResponse:
    match click.value:
        case home.ROTATE:
            return registry.open_modal(click, user, registry.ROTATE_KEY, key_id)
        case home.RENEW:
            return registry.open_modal(click, user, registry.RENEW_KEY, key_id)
        case home.RENAME:
            return registry.open_modal(click, user, registry.RENAME_KEY, key_id)
        case home.DELETE:
            return registry.open_modal(click, user, registry.CONFIRM_DELETE, key_id)
    key = selectors.get_own_key_by_id(user.member, key_id, user.now)
    match click.value:
        case home.DISABLE if selectors.find_successor(key, user.now):
            return registry.open_modal(click, user, registry.DISABLE_KEY, key_id)
        case home.DISABLE:
            lifecycle.disable(key=key, by=user.by, now=user.now)
        case home.ENABLE:
            lifecycle.enable(key=key, by=user.by, now=user.now)
        case _:
            log.info("click.refused", extra={"reason": "unknown_action"})
            return Nack(_("Choose one of the options."))
    return Ack()


def _reduce_permissions(click: Click, user: ChatUser) -> HookResponse:
    key = selectors.get_own_key_by_id(user.member, click.value, user.now)
    if not reduce_permissions.options(key):
        url = portal_url(f"/keys/{key.key_id}/narrow")
        return Nack(_("Choose the permissions of this key in the portal: %(url)s") % {"url": url})
    return registry.open_modal(click, user, registry.REDUCE_PERMISSIONS, key.key_id)


def _revoke(click: Click, user: ChatUser) -> HookResponse:
    key = selectors.get_own_key_by_id(user.member, click.value, user.now)
    successor = selectors.find_successor(key, user.now)
    if successor and click.channel_id:
        parts, buttons = successor_question.build(successor_question.DELETE, key, successor)
        user.send_ephemeral(click.channel_id, message(*parts, buttons=buttons))
        return Ack()
    both = successor_question.has_live_predecessor(key, user)
    note = key_blocks.created_keys_note(key, user.now)
    lifecycle.revoke(key=key, by=user.by, reason=ApiKey.RevokeReason.BY_HOLDER, now=user.now)
    if click.channel_id:
        deleted = successor_question.deleted_text(both=both)
        user.send_ephemeral(
            click.channel_id, message(paragraph(deleted % {"name": escape_user_text(key.name)}), *note)
        )
    return Ack()

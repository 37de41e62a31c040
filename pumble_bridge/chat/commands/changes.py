"""`delete`, `disable`, `enable` and `rename`: subcommands that change a key."""

from django.utils.translation import gettext as _

from keys import lifecycle, selectors
from keys.models import ApiKey
from pumble_bridge.chat import key_blocks, successor_question
from pumble_bridge.chat.blocks import escape_user_text, paragraph
from pumble_bridge.chat.commands.context import CommandContext, UsageError
from pumble_bridge.hooks.responses import Ack, HookResponse
from pumble_bridge.manifest import COMMAND


def delete(context: CommandContext) -> HookResponse:
    key = context.get_key()
    if successor := selectors.find_successor(key, context.now):
        return _ask(context, successor_question.DELETE, key, successor)
    both = successor_question.has_live_predecessor(key, context.user)
    note = key_blocks.created_keys_note(key, context.now)
    lifecycle.revoke(key=key, by=context.by, reason=ApiKey.RevokeReason.BY_HOLDER, now=context.now)
    text = successor_question.deleted_text(both=both) % {"name": escape_user_text(key.name)}
    context.reply(paragraph(text), *note)
    return Ack()


def disable(context: CommandContext) -> HookResponse:
    key = context.get_key()
    if successor := selectors.find_successor(key, context.now):
        return _ask(context, successor_question.DISABLE, key, successor)
    both = successor_question.has_live_predecessor(key, context.user)
    key = lifecycle.disable(key=key, by=context.by, now=context.now)
    text = (
        _("Disabled both keys “%(name)s”. To enable them again, type: %(command)s enable %(id)s")
        if both
        else _("Disabled “%(name)s”. To enable it again, type: %(command)s enable %(id)s")
    )
    return _done(context, text, key)


def enable(context: CommandContext) -> HookResponse:
    key = lifecycle.enable(key=context.get_key(), by=context.by, now=context.now)
    return _done(context, _("Enabled “%(name)s”. It works again."), key)


def rename(context: CommandContext) -> HookResponse:
    if len(context.line.args) != 2:
        raise UsageError(
            _(
                "Type the old name and then the new name. Put names that have spaces in quotes. Try: %(example)s"
            )
            % {"example": f'{COMMAND} rename ci "deploy bot"'}
        )
    old, new = context.line.args
    key = selectors.get_own_key(context.member, old, context.now)
    renamed = lifecycle.rename(key=key, name=new, by=context.by, now=context.now)
    return _done(
        context, _("Renamed “%(before)s” to “%(name)s”."), renamed, before=escape_user_text(key.name)
    )


def _ask(context: CommandContext, verb: str, key: ApiKey, successor: ApiKey) -> HookResponse:
    parts, buttons = successor_question.build(verb, key, successor)
    context.reply(*parts, buttons=buttons)
    return Ack()


def _done(context: CommandContext, template: str, key: ApiKey, **more: str) -> HookResponse:
    context.reply(
        paragraph(
            template % {"name": escape_user_text(key.name), "id": key.key_id, "command": COMMAND, **more}
        )
    )
    return Ack()

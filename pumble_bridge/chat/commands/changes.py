"""`delete`, `disable`, `enable` and `rename`: commands that change a key that is there."""

from django.utils.translation import gettext as _

from keys import lifecycle, selectors
from keys.models import ApiKey
from pumble_bridge.chat.blocks import escape_user_text, paragraph
from pumble_bridge.chat.commands.context import Call, UsageError
from pumble_bridge.hooks.responses import Acknowledged, Answer
from pumble_bridge.manifest import COMMAND


def delete(call: Call) -> Answer:
    key = call.own_key()
    lifecycle.revoke(key=key, by=call.by, reason=ApiKey.RevokeReason.BY_HOLDER, now=call.now)
    return _done(call, _("Deleted “%(name)s”. Anything that uses it stops working at once."), key)


def disable(call: Call) -> Answer:
    key = lifecycle.disable(key=call.own_key(), by=call.by, now=call.now)
    return _done(
        call, _("Disabled “%(name)s”. Nothing can use it until you type: %(command)s enable %(id)s"), key
    )


def enable(call: Call) -> Answer:
    key = lifecycle.enable(key=call.own_key(), by=call.by, now=call.now)
    return _done(call, _("Enabled “%(name)s”. It works again."), key)


def rename(call: Call) -> Answer:
    if len(call.words.plain) != 2:
        raise UsageError(
            _("Type the old name, then the new one, each in quotes if it has blanks. Try: %(example)s")
            % {"example": f'{COMMAND} rename ci "deploy bot"'}
        )
    old, new = call.words.plain
    key = selectors.get_own_key(call.member, old, call.now)
    renamed = lifecycle.rename(key=key, name=new, by=call.by, now=call.now)
    return _done(call, _("Renamed “%(before)s” to “%(name)s”."), renamed, before=escape_user_text(key.name))


def _done(call: Call, said: str, key: ApiKey, **more: str) -> Answer:
    call.reply(
        paragraph(said % {"name": escape_user_text(key.name), "id": key.key_id, "command": COMMAND, **more})
    )
    return Acknowledged()

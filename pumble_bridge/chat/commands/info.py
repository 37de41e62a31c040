"""`list`, `usage`, `why` and `language`: subcommands that change no key."""

from collections import Counter
from datetime import timedelta

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keys import membership, selectors, texts, usage
from keys.models import ApiKey
from pumble_bridge.chat import key_blocks
from pumble_bridge.chat.blocks import (
    Element,
    bullets,
    escape_user_text,
    link,
    paragraph,
    paragraph_with_code,
    text,
)
from pumble_bridge.chat.commands.context import CommandContext, UsageError
from pumble_bridge.hooks.responses import Ack, HookResponse
from pumble_bridge.manifest import COMMAND
from pumble_bridge.outcomes import Outcome

KEYS_PER_REPLY = 10


def list_keys(context: CommandContext) -> HookResponse:
    context.reply(*key_list(context))
    return Ack()


def show_usage(context: CommandContext) -> HookResponse:
    """Show the calls of one key, or of each key, in the last 7 days."""
    keys = [context.get_key()] if context.line.args else _newest_keys(context)
    if not keys:
        context.reply(_no_keys())
        return Ack()
    week = selectors.count_calls(keys, context.now - timedelta(days=7))
    entries = [_usage_entry(key, week.get(key.pk, Counter()), context) for key in keys]
    heading = paragraph(text(_("Calls in the last 7 days"), bold=True))
    context.reply(heading, bullets(entries[:KEYS_PER_REPLY]), *_more_keys_link(keys))
    return Ack()


def explain_call(context: CommandContext) -> HookResponse:
    """Show the outcome of one call to a user who may see its key."""
    if len(context.line.args) != 1:
        raise UsageError(
            _("Type the requestId of the refused call: %(example)s")
            % {"example": f"{COMMAND} why REQUEST-ID"}
        )
    call = selectors.find_call(context.member, context.line.text[:64])
    if call is None:
        context.reply(
            paragraph(
                _(
                    "No call with that id was found among the keys that you may see. A new call appears after about a second. Calls without a key, or with an unknown key, are not recorded."
                )
            )
        )
        return Ack()
    owner = (
        ""
        if call.key.owner_id == context.member.pk
        else _(" of %(name)s") % {"name": escape_user_text(call.key.owner.name)}
    )
    context.reply(
        paragraph(
            _("%(operation)s with the key “%(name)s”%(whose)s, %(at)s:")
            % {
                "operation": call.operation,
                "name": escape_user_text(call.key.name),
                "whose": owner,
                "at": texts.short_date(call.at, now=context.now),
            }
        ),
        paragraph_with_code(Outcome(call.outcome, call.hint).explanation),
        paragraph(key_blocks.escape_mentions(texts.describe_rights(call.key.rights, now=context.now))),
    )
    return Ack()


def choose_language(context: CommandContext) -> HookResponse:
    codes = [code for code, _name in settings.LANGUAGES]
    code = context.line.text.casefold()
    if code not in codes:
        raise UsageError(_("Choose one of %(languages)s.") % {"languages": ", ".join(codes)})
    membership.set_language(context.member, code)
    with translation.override(code):
        context.reply(paragraph(_("The language is now English.")))
    return Ack()


def key_list(context: CommandContext) -> list[Element]:
    keys = _newest_keys(context)
    if not keys:
        return [_no_keys()]
    return [
        paragraph(text(_("Your API keys"), bold=True)),
        bullets(key_blocks.key_entry(key, context.now) for key in keys[:KEYS_PER_REPLY]),
        *_more_keys_link(keys),
    ]


def _newest_keys(context: CommandContext) -> list[ApiKey]:
    """Return the newest keys: as many as a reply holds, and one more if there are more."""
    return list(selectors.list_own_keys(context.member, context.now)[: KEYS_PER_REPLY + 1])


def _no_keys() -> Element:
    return paragraph(_("No keys yet. Create one: "), text(f"{COMMAND} generate", code=True))


def _more_keys_link(keys: list[ApiKey]) -> list[Element]:
    if len(keys) <= KEYS_PER_REPLY:
        return []
    return [
        paragraph(
            _("These are your newest keys. See all of them: "),
            link(settings.PUBLIC_URL + "/", _("Open the portal")),
        )
    ]


def _usage_entry(key: ApiKey, calls: Counter[str], context: CommandContext) -> Element:
    refused = calls.total() - calls[usage.OK]
    counted = ngettext("%(n)s call", "%(n)s calls", calls.total()) % {"n": calls.total()}
    reasons = ", ".join(f"{outcome} {count}" for outcome, count in calls.most_common() if outcome != usage.OK)
    summary = (
        _(": %(calls)s, %(used)s.")
        if not refused
        else _(": %(calls)s, %(refused)s of them refused (%(most)s), %(used)s.")
    )
    used = key_blocks.last_used(key, context.now)
    return paragraph(
        text(escape_user_text(key.name), bold=True),
        summary % {"calls": counted, "refused": refused, "most": reasons, "used": used},
    )

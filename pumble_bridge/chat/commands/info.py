"""`list`, `usage`, `why` and `language`: subcommands that change no key."""

from collections import Counter
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keys import membership, selectors, usage
from keys.models import ApiKey
from pumble_bridge import explanations
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
from pumble_bridge.chat.portal_links import portal_url
from pumble_bridge.hooks.responses import Ack, HookResponse
from pumble_bridge.manifest import COMMAND

KEYS_PER_REPLY = 10
MAX_EXPLANATIONS = 3
_FACTS_IN_CHAT = {
    "id",
    "requestId",
    "at",
    "owner",
    "keyId",
    "channelName",
    "channelId",
    "speaker",
    "lastUsedAt",
}


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


def explain(context: CommandContext) -> HookResponse:
    """Explain calls and keys that the member may see."""
    if not context.line.text:
        raise UsageError(
            _("Type a request ID, a key ID or the link of a message: %(example)s")
            % {"example": f"{COMMAND} why REQUEST-ID"}
        )
    answer = explanations.explain(context.line.text, viewer=context.member, by=context.by, now=context.now)
    if answer.problem:
        context.reply(paragraph_with_code(key_blocks.escape_mentions(answer.problem)))
        return Ack()
    parts: list[Element] = []
    for item in answer.explanations[:MAX_EXPLANATIONS]:
        parts += _explanation_parts(item)
    context.reply(*parts, paragraph(link(portal_url("/lookup/"), _("Look up more in the portal"))))
    return Ack()


def _explanation_parts(item: explanations.Explanation) -> list[Element]:
    lines = [
        paragraph(f"{fact.label}: ", text(_fact_text(fact.value), code=fact.is_code or fact.is_id))
        for fact in item.facts
        if fact.name in _FACTS_IN_CHAT
    ]
    return [
        paragraph(text(escape_user_text(item.title, limit=120), bold=True)),
        paragraph_with_code(key_blocks.escape_mentions(" ".join(item.sentences))),
        bullets(lines),
    ]


def _fact_text(value: str | datetime) -> str:
    return escape_user_text(value) if isinstance(value, str) else explanations.exact_time(value)


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
    return list(selectors.list_held_keys(context.member, context.now)[: KEYS_PER_REPLY + 1])


def _no_keys() -> Element:
    return paragraph(_("No keys yet. Create one: "), text(f"{COMMAND} generate", code=True))


def _more_keys_link(keys: list[ApiKey]) -> list[Element]:
    if len(keys) <= KEYS_PER_REPLY:
        return []
    return [
        paragraph(
            _("These are your newest keys. See all of them: "),
            link(portal_url(), _("Open the portal")),
        )
    ]


def _usage_entry(key: ApiKey, calls: Counter[str], context: CommandContext) -> Element:
    reasons = {outcome: n for outcome, n in calls.most_common() if outcome not in usage.SUCCESSES}
    refused = sum(reasons.values())
    counted = ngettext("%(n)s call", "%(n)s calls", calls.total()) % {"n": calls.total()}
    most = ", ".join(f"{outcome} {n}" for outcome, n in reasons.items())
    summary = (
        _(": %(calls)s, %(used)s.")
        if not refused
        else _(": %(calls)s, %(refused)s of them refused (%(most)s), %(used)s.")
    )
    used = key_blocks.last_used(key, context.now)
    # A successor has the same name.
    which: list[Element | str] = [" ", text(key.masked, code=True)] if key.retires_at else []
    return paragraph(
        text(escape_user_text(key.name), bold=True),
        *which,
        summary % {"calls": counted, "refused": refused, "most": most, "used": used},
    )

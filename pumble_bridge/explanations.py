"""The story of a key, a call or a message, as far as the reader may see it.

The dashboard, the admin, chat and `manage.py explain` show the same explanations. What the asker may not see does not exist:
its answer is that of an unknown id.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keys import key_format, selectors, texts, times, usage
from keys.audit import Actor
from keys.models import ApiKey, ApiKeyQuerySet, AuditEvent, Member, RequestLog
from keys.models.usage import RequestLogQuerySet
from keys.pasted_keys import identify_all
from keys.pumble_ids import PUMBLE_ID, is_pumble_id
from pumble_bridge.outcomes import Outcome

MAX_TEXT_LENGTH = 100_000
MAX_IDS = 50
MAX_EXPLANATIONS = 20
MAX_ID_LENGTH = 64
RECENT = timedelta(days=7)

_ID = re.compile(r"[A-Za-z0-9.-][A-Za-z0-9._-]{7,63}", re.ASCII)
# No pattern for the host before it: such a pattern takes minutes for a long text without a link.
_LINK = re.compile(rf"/workspace/({PUMBLE_ID})/({PUMBLE_ID})(\S*)", re.IGNORECASE)
_POSTING = ("sendMessage", "sendReply", "dmUser", "dmGroup")
_CHANGING = (*_POSTING, "editMessage", "deleteMessage")


@dataclass(frozen=True)
class Fact:
    """One thing about a key or a call. `name` is for programs, `label` for people. An id is something to copy."""

    name: str
    label: str
    value: str | datetime
    is_code: bool = False
    is_id: bool = False


@dataclass(frozen=True)
class Explanation:
    """The story of one key or one call.

    Attributes:
        id: the id of the key or of the request, which the reader can look up again.
        sentences: what happened and what helps. Code stands between backticks.
        call: the call; None if the explanation is about the key.
    """

    id: str
    title: str
    sentences: list[str]
    facts: list[Fact]
    key: ApiKey
    call: RequestLog | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": "key" if self.call is None else "call",
            "id": self.id,
            **({} if self.call is None else {"outcome": Outcome.for_call(self.call).name}),
            "title": self.title,
            "explanation": " ".join(self.sentences).replace("`", ""),
            "facts": {fact.name: _iso(fact.value) for fact in self.facts},
        }


@dataclass(frozen=True)
class Answer:
    """What was found for a text. If nothing was, `problem` says why. `note` says what was left out."""

    explanations: list[Explanation] = field(default_factory=list)
    problem: str = ""
    note: str = ""


def explain(text: str, *, viewer: Member | None, by: Actor, now: datetime) -> Answer:
    """Explain every key, id and link in `text` that `viewer` may see. None is the operator at the command line.

    Keys in `text` are recorded as identified. They are neither kept nor repeated.
    """
    text = text[:MAX_TEXT_LENGTH]
    keys = ApiKey.objects.all() if viewer is None else ApiKey.objects.for_viewer(viewer)
    if key_format.contains_key_pattern(text):
        return _explain_pasted_keys(text, viewer=viewer, by=by, now=now)
    calls = RequestLog.objects.filter(key__in=keys).select_related(
        "key__owner__workspace", "key__responsible"
    )
    posts = calls.filter(
        outcome=usage.OK, is_dry_run=False, is_replay=False, operation__in=_CHANGING
    ).order_by("at", "pk")
    links = list(_LINK.finditer(text))[:MAX_IDS]
    if links:
        ids, found_calls = _calls_by_link(links, posts)
        found_keys: list[ApiKey] = []
    else:
        ids = list(dict.fromkeys(part for part in _parts(text)))[:MAX_IDS]
        found_keys = list(_with_owner(keys.filter(key_id__in=ids))[:MAX_EXPLANATIONS])
        found_calls = list(calls.filter(request_id__in=ids).order_by("-at", "-pk")[:MAX_EXPLANATIONS])
        found_calls += posts.filter(message_id__in=filter(is_pumble_id, ids))[:MAX_EXPLANATIONS]
    explanations = [explain_key(key, viewer=viewer, now=now) for key in found_keys]
    explanations += [
        explain_call(call, viewer=viewer, now=now, message=call.message_id in ids)
        for call in list(dict.fromkeys(found_calls))[:MAX_EXPLANATIONS]
    ]
    if not explanations:
        return Answer(problem=_unknown(ids, is_link=bool(links)))
    return Answer(explanations[:MAX_EXPLANATIONS])


def explain_key(key: ApiKey, *, viewer: Member | None, now: datetime) -> Explanation:
    """Return the story of a key that the viewer may see. Nothing is said of what an ended key could do."""
    facts = [
        Fact("id", _("Key ID"), key.key_id, is_id=True),
        Fact("name", _("Name"), key.name),
        *_owner_facts(key, viewer),
        Fact("state", _("State"), str(key.state(now).label)),
        Fact("createdAt", _("Created"), key.created_at),
        *(
            [Fact("createdBy", _("Created by the key"), key.created_by_key.key_id, is_id=True)]
            if key.created_by_key
            else []
        ),
        Fact("lastUsedAt", _("Last used"), key.last_used_at or _("Never")),
    ]
    sentences = [*describe_state(key, now), *_describe_recent_calls(key, now)]
    if not key.state(now).is_over:
        facts.append(Fact("expiresAt", _("Expires"), key.expires_at or _("Never")))
        sentences.append(_describe_rights(key, viewer, now))
    return Explanation(key.key_id, _("Key “%(name)s”") % {"name": key.name}, sentences, facts, key)


def explain_call(
    call: RequestLog, *, viewer: Member | None, now: datetime, message: bool = False
) -> Explanation:
    """Return the story of a call with a key that the viewer may see. `message`: a message was asked for, not the call."""
    key, outcome = call.key, Outcome.for_call(call)
    state = key.state(now)
    sentences = [outcome.explanation]
    if message and call.operation in _POSTING:
        sentences = [_("This call posted the message `%(id)s`.") % {"id": call.message_id}]
    elif message:
        sentences = [_("This call changed the message `%(id)s`.") % {"id": call.message_id}]
    if state is not ApiKey.State.ACTIVE:
        sentences += describe_state(key, now)
    elif not outcome.worked:
        sentences.append(_describe_rights(key, viewer, now))
    title = _("%(operation)s with the key “%(name)s”") % {"operation": call.operation, "name": key.name}
    return Explanation(call.request_id, title, sentences, _call_facts(call, outcome, viewer), key, call)


def describe_state(key: ApiKey, now: datetime) -> list[str]:
    """Return whether the key works, and if not, since when, by whom and why."""
    match key.state(now):
        case ApiKey.State.ACTIVE:
            return [_("The key works.")]
        case ApiKey.State.PENDING:
            return [_("The key was created. It is not certain that its owner has received it.")]
        case ApiKey.State.RETIRING:
            return [
                _("The key `%(successor)s` replaces this key. This key works until %(at)s.")
                % {"successor": _successor(key), "at": exact_time(key.retires_at)}
            ]
        case ApiKey.State.ROTATED:
            return [
                _("The key `%(successor)s` replaced this key. This key stopped working on %(at)s.")
                % {"successor": _successor(key), "at": exact_time(key.retires_at)}
            ]
        case ApiKey.State.EXPIRED:
            return [_("The key expired on %(at)s.") % {"at": exact_time(key.expires_at)}]
        case ApiKey.State.DISABLED:
            return [_describe_disabled(key), _("The key does not work until it is enabled again.")]
        case ApiKey.State.REVOKED:  # pragma: no branch - mypy holds that there is no other state
            return _describe_revoked(key)


def exact_time(moment: datetime | None) -> str:
    """Return the time to the second, with the time zone."""
    return times.exact_time_to_the_second(moment) if moment else ""


def _describe_rights(key: ApiKey, viewer: Member | None, now: datetime) -> str:
    rights = texts.describe_rights(key.rights, now=now, holder=texts.holder_name(key, viewer))
    return _("Permissions of this key: %(rights)s") % {"rights": rights}


def _explain_pasted_keys(text: str, *, viewer: Member | None, by: Actor, now: datetime) -> Answer:
    whole = {plaintext.text for plaintext in key_format.find_in(text)}
    if not whole or viewer is None:  # the command line takes no keys
        return Answer(problem=_("This looks like an API key, but it is incomplete or mistyped."))
    matches = list(identify_all(text, viewer=viewer, by=by, now=now))
    if not matches:
        return Answer(problem=_("This is a full API key, but none that you may see."))
    others = len(whole) - len(matches)
    note = ngettext(
        "%(n)s more key in the text is none that you may see.",
        "%(n)s more keys in the text are none that you may see.",
        others,
    ) % {"n": others}
    keys = _with_owner(ApiKey.objects.filter(pk__in=[key.pk for key in matches]))
    return Answer([explain_key(key, viewer=viewer, now=now) for key in keys], note=note if others else "")


def _calls_by_link(
    links: Iterable[re.Match[str]], posts: RequestLogQuerySet
) -> tuple[list[str], list[RequestLog]]:
    """Return the ids of the linked messages, and the calls that posted or changed them in the linked workspace."""
    ids: list[str] = []
    matches: list[RequestLog] = []
    for link in links:
        workspace_id, channel_id, rest = (part.lower() for part in link.groups())
        messages = re.findall(PUMBLE_ID, rest)
        if messages:
            ids.append(messages[-1])  # the link of a reply may have the thread's first message before it
            here = Q(key__owner__workspace__pumble_id=workspace_id, message_id=messages[-1])
            matches += posts.filter(here, channel_id__in=("", channel_id))[:MAX_EXPLANATIONS]
    return ids, matches


def _parts(text: str) -> Iterable[str]:
    """Yield what may be an id: `pmb_` and punctuation around it do not matter."""
    for match in _ID.finditer(text.replace(f"{key_format.PREFIX}_", " ")):
        yield from dict.fromkeys((match[0], match[0].strip("._-")))


def _unknown(ids: list[str], *, is_link: bool) -> str:
    if is_link and not ids:
        return _("The link names no message. Copy the link of one message.")
    if is_link and len(ids) == 1:
        return _(
            "No call that you may see posted the message `%(id)s`. The request log has only messages that were sent with an "
            "API key, and forgets them after some time."
        ) % {"id": ids[0]}
    if not ids:
        return _("Type a request ID, a key ID or the link of a message.")
    if len(ids) > 1:
        return _(
            "No key, call or message that you may see has one of these IDs. A new call appears after about a second. Calls "
            "without a key, or with an unknown key, are not recorded."
        )
    return _(
        "No key, call or message that you may see has the ID `%(id)s`. A new call appears after about a second. Calls "
        "without a key, or with an unknown key, are not recorded."
    ) % {"id": ids[0]}


def _describe_disabled(key: ApiKey) -> str:
    named = {"at": exact_time(key.disabled_at), "name": key.disabled_by.name if key.disabled_by else ""}
    if key.disabled_reason:
        reason = key.get_disabled_reason_display()
        return _("The key was disabled on %(at)s: %(reason)s.") % (named | {"reason": reason})
    if key.disabled_by:
        return _("%(name)s disabled the key on %(at)s.") % named
    return _("The key was disabled on %(at)s.") % named


def _describe_revoked(key: ApiKey) -> list[str]:
    named = {"at": exact_time(key.revoked_at), "reason": key.get_revoked_reason_display()}
    event = AuditEvent.objects.filter(key=key, type=AuditEvent.Type.KEY_REVOKED).first()
    revoking = event.detail if event else {}
    if revoking.get("by_key") == key.key_id:
        revoked = _("The key revoked itself on %(at)s.") % named
    elif revoking.get("by_key"):
        named["name"] = revoking["by_key_name"]
        revoked = _("The key “%(name)s” revoked the key on %(at)s: %(reason)s.") % named
    elif key.revoked_by:
        named["name"] = key.revoked_by.name
        revoked = _("%(name)s revoked the key on %(at)s: %(reason)s.") % named
    else:
        revoked = _("The key was revoked on %(at)s: %(reason)s.") % named
    sentences = [revoked, _("It never works again.")]
    if key.revoked_note:
        sentences.insert(1, _("The reason given: “%(note)s”.") % {"note": key.revoked_note})
    return sentences


def _describe_recent_calls(key: ApiKey, now: datetime) -> list[str]:
    counts = selectors.count_calls([key], now - RECENT).get(key.pk)
    if not counts:
        return []
    refused = sum(count for outcome, count in counts.items() if outcome not in usage.SUCCESSES)
    total = counts.total()
    sentence = ngettext(
        "It made %(n)s call in the last 7 days, %(refused)s refused.",
        "It made %(n)s calls in the last 7 days, %(refused)s refused.",
        total,
    )
    return [sentence % {"n": total, "refused": refused}]


def _call_facts(call: RequestLog, outcome: Outcome, viewer: Member | None) -> list[Fact]:
    key = call.key
    channel = (key.channels or {}).get(call.channel_id, "")
    facts = [
        Fact("requestId", _("Request ID"), call.request_id, is_id=True),
        Fact("at", _("Time"), call.at),
        Fact("keyId", _("Key ID"), key.key_id, is_id=True),
        Fact("keyName", _("Key"), key.name),
        *_owner_facts(key, viewer),
        Fact("operation", _("Operation"), call.operation, is_code=True),
        Fact("surface", _("Called through"), call.get_surface_display()),
        Fact("outcome", _("Outcome"), outcome.title),
        Fact("reason", _("Reason"), "" if outcome.worked else call.outcome, is_code=True),
        Fact("duration", _("Duration"), f"{call.duration_ms} ms"),
        Fact("channelName", _("Channel"), f"#{channel}" if channel else ""),
        Fact("channelId", _("Channel ID"), call.channel_id, is_id=True),
        Fact("messageId", _("Message ID"), call.message_id, is_id=True),
        Fact("speaker", _("Sent as"), call.get_speaker_display()),
        Fact("address", _("IP address"), call.address or ""),
        Fact("agent", _("Program"), call.agent),
    ]
    return [fact for fact in facts if fact.value]


def _owner_facts(key: ApiKey, viewer: Member | None) -> list[Fact]:
    workspace = key.owner.workspace
    facts = [Fact("owner", _("Holder"), texts.holder_label(key))]
    if workspace is not None and (viewer is None or viewer.is_superuser):
        facts.append(Fact("workspace", _("Workspace"), workspace.name))
    return facts


def _with_owner(keys: ApiKeyQuerySet) -> ApiKeyQuerySet:
    return keys.select_related(
        "owner__workspace", "responsible", "last_use", "disabled_by", "revoked_by", "created_by_key"
    ).order_by("key_id")


def _successor(key: ApiKey) -> str:
    newest = key.successors.exclude(confirmed_at=None).order_by("-created_at", "-pk").first()
    return newest.key_id if newest else "?"


def _iso(value: str | datetime) -> str:
    return value if isinstance(value, str) else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

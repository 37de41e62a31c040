"""Detects API keys in chat messages. Owners of such keys get a notice and can revoke the key with one click.

Messages are scanned in memory. Only their ids are stored or logged.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from keys import audit, authentication, key_format, lifecycle, permissions, policies
from keys.audit import Actor
from keys.models import ApiKey, AuditEvent, Member, Workspace
from pumble_bridge.chat import notices
from pumble_bridge.chat.notices.leak_texts import LEAK_REVOKE, LEAK_TEST, MESSAGE_ID, read_button_value
from pumble_bridge.chat.reader import reading_as
from pumble_bridge.hooks.payloads import Event
from pumble_bridge.hooks.responses import Ack, HookResponse, Nack
from pumble_bridge.models import Notice

__all__ = [
    "LEAK_REVOKE",
    "LEAK_TEST",
    "MESSAGE_EVENTS",
    "find_keys",
    "handle_action",
    "report_leaks",
]

MESSAGE_EVENTS = ("NEW_MESSAGE", "UPDATED_MESSAGE")
_QUERY_BATCH_SIZE = 500
_MAX_CANDIDATES = 50  # per key id in a message; each one with a valid checksum costs a digest comparison


def find_keys(event: Event) -> dict[str, set[key_format.Plaintext]]:
    """Return the texts in a message that have the format and checksum of a key, by key id. No query is made.

    Source: Pumble app platform reference, events: tx (text), bl (blocks), att (attachments).
    """
    matches: dict[str, set[key_format.Plaintext]] = {}
    for text in _iter_strings([event.body.get(name) for name in ("tx", "bl", "att")]):
        for plaintext in key_format.find_in(text) if key_format.PREFIX in text else ():
            candidates = matches.setdefault(plaintext.key_id, set())
            if len(candidates) < _MAX_CANDIDATES:
                candidates.add(plaintext)
    return matches


def report_leaks(workspace: Workspace, event: Event, *, message_id: str, by: Actor, now: datetime) -> None:
    """Audit each live key of the workspace in the message, and queue a notice to its owner, once per message.

    Do nothing if the workspace's policy switches leak detection off.
    """
    if not policies.get_policy(workspace).leak_detection_enabled:
        return
    for key in _leaked_keys(workspace, find_keys(event), now):
        kind = Notice.Kind.LEAKED
        queued = [
            notices.enqueue(kind, member=member, key=key, dedup_key=message_id, now=now)
            for member in notices.recipients(key)
        ]
        if not any(queued):
            continue
        fields = {name: event.body.get(field) for name, field in (("channel", "cId"), ("author", "aId"))}
        detail = {
            name: value
            for name, value in fields.items()
            if isinstance(value, str) and re.fullmatch(MESSAGE_ID, value)
        }
        if key.holder and key.holder.pumble_user_id in event.user_ids and "channel" in detail:
            detail["seen_in"] = detail["channel"]  # the holder is in the channel, so the notice may name it
        leak_event = audit.record(
            AuditEvent.Type.KEY_LEAKED,
            workspace=workspace,
            key=key,
            member=key.owner,
            by=by,
            now=now,
            message=message_id,
            **detail,
        )
        Notice.objects.filter(key=key, kind=kind, dedup_key=message_id).update(event=leak_event)


@transaction.atomic
def handle_action(member: Member, action: str, value: str, *, by: Actor, now: datetime) -> HookResponse:
    """Handle a click by `member` on a button of a leak notice. A second click changes nothing.

    Args:
        value: the button's value, unchecked.
    """
    key_id, message_id = read_button_value(value)
    key = (
        ApiKey.objects.select_related("owner__workspace", "responsible")
        .filter(key_id=key_id, owner__workspace__isnull=False, owner__workspace=member.workspace)
        .first()
    )
    notice = Notice.objects.filter(key=key, kind=Notice.Kind.LEAKED, dedup_key=message_id)
    workspace = key.owner.workspace if key else None
    permitted = (
        key is not None
        and member.is_active
        and (permissions.is_holder(key, member) or member.is_workspace_admin)
    )
    is_known = action in {LEAK_REVOKE, LEAK_TEST} and notice.exists()
    if key is not None and not permitted:
        audit.record_denial("decide on a leak", why="not_allowed", by=by, now=now, key=key)
    if key is None or workspace is None or not (permitted and is_known):
        with reading_as(member):
            return Nack(_("This key does not exist, or you do not have permission to do this."))
    if action == LEAK_REVOKE:
        lifecycle.revoke(key=key, by=by, reason=ApiKey.RevokeReason.PASTED_IN_MESSAGE, now=now)
        notices.enqueue(Notice.Kind.LEAK_REVOKED, member=member, key=key, dedup_key=message_id, now=now)
    elif notices.enqueue(Notice.Kind.LEAK_DISMISSED, member=member, key=key, dedup_key=message_id, now=now):
        audit.record(
            AuditEvent.Type.KEY_LEAK_DISMISSED,
            workspace=workspace,
            key=key,
            member=key.owner,
            by=by,
            now=now,
            message=message_id,
        )
    transaction.on_commit(notices.wake, robust=True)
    return Ack()


def _leaked_keys(
    workspace: Workspace, matches: dict[str, set[key_format.Plaintext]], now: datetime
) -> Iterator[ApiKey]:
    """Yield the workspace's live keys among `matches`. A message with many invented ids costs few queries."""
    ids = sorted(matches)
    for start in range(0, len(ids), _QUERY_BATCH_SIZE):
        batch = ids[start : start + _QUERY_BATCH_SIZE]
        live_keys = ApiKey.objects.filter(key_id__in=batch, owner__workspace=workspace).live(now)
        for key_id in live_keys.order_by("pk").values_list("key_id", flat=True):
            keys = (authentication.find_by_plaintext(plaintext) for plaintext in matches[key_id])
            key = next((key for key in keys if key is not None), None)
            if key is not None:
                yield key


def _iter_strings(value: Any) -> Iterator[str]:
    """Yield every string in a decoded JSON value."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)

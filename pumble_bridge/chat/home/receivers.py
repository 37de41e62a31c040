"""Signal receivers that mark Home tabs as stale.

A tab shows what audit events of its member change, the member's language and clock, and to owners and administrators
whether the app lacks permissions.
"""

from collections.abc import Collection
from functools import partial
from typing import Any

from django.db import transaction

from keys.models import AuditEvent, Member
from pumble_bridge.chat.home.publisher import mark_stale
from pumble_bridge.models import HomeTab


def mark_stale_for_event(event: AuditEvent, **_signal: Any) -> None:
    if event.member is not None:
        mark_stale(event.member)
    if event.type == AuditEvent.Type.APP_INSTALLED:
        for tab in HomeTab.objects.filter(member__workspace=event.workspace).select_related("member"):
            if tab.member.is_workspace_admin:
                mark_stale(tab.member)
    if event.key is not None and event.key.responsible is not None:
        mark_stale(event.key.responsible)
    if event.type == AuditEvent.Type.KEY_RESPONSIBLE_REPLACED:
        people = Member.objects.people().filter(workspace=event.workspace)
        for member in people.filter(pumble_user_id=event.detail["before"] or None):
            mark_stale(member)


def mark_stale_for_reader(
    instance: Member, update_fields: Collection[str] | None = None, **_signal: Any
) -> None:
    """Mark the tab as stale after a change of language or time zone, which has no audit event."""
    if update_fields and {"language", "time_zone"} & set(update_fields):
        transaction.on_commit(partial(mark_stale, instance), robust=True)

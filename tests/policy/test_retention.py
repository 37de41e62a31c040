"""Every table has a retention. A new table needs one, too."""

import pytest
from django.apps import apps

from pumble_bridge.management.commands import maintenance

PRUNED_BY = {
    "keys.AuditEvent": "audit events pruned",
    "keys.RequestLog": "calls pruned",
    "keys.HourlyUse": "hours pruned",
    "keys.KnownNetwork": "networks pruned",
    "keys.IdempotentCall": "idempotent calls pruned",
    "pumble_bridge.OAuthState": "sign-ins pruned",
    "pumble_bridge.AcceptedHook": "hook marks pruned",
    "pumble_bridge.Notice": "notices pruned",
    "pumble_bridge.StoredEvent": "events pruned",
    "pumble_bridge.EventListener": "events pruned",
    "pumble_bridge.ChannelType": "events pruned",
    "sessions.Session": "sessions pruned",
}
KEPT = {
    "keys.Workspace": "few, and whose history it is must stay known",
    "keys.Member": "Pumble's user id stays; erase_member removes the rest",
    "keys.ApiKey": "history outlives the key: it stays as revoked or expired; erase_member removes its free texts",
    "keys.LastUse": "one row of a key",
    "keys.Policy": "one row of a workspace",
    "keys.Policy_allowed_creators": "as the policy",
    "keys.AuditChain": "one row of a workspace",
    "keys.AuditVerification": "one row of a chain",
    "pumble_bridge.EventFeed": "one row of a workspace",
    "pumble_bridge.MaintenanceRun": "one row",
    "keys.AuditAddress": "goes with its event or its person",
    "pumble_bridge.Installation": "until the app is uninstalled",
    "pumble_bridge.Authorization": "until the person ends it",
    "pumble_bridge.HomeTab": "one row of a member",
    "pumble_bridge.SecretCheck": "one row of a secret",
    "portal.DoctorRun": "one row",
    "portal.SentForm": "each new one removes those of more than 24 hours ago",
    "admin.LogEntry": "nothing writes it: changes go through the audit log",
    "auth.Permission": "Django's own, fixed",
    "auth.Group": "Django's own, fixed",
    "auth.Group_permissions": "Django's own, fixed",
    "keys.Member_groups": "Django's own, fixed",
    "keys.Member_user_permissions": "Django's own, fixed",
    "contenttypes.ContentType": "Django's own, fixed",
}


def test_every_table_says_how_long_its_rows_stay() -> None:
    tables = {model._meta.label for model in apps.get_models(include_auto_created=True)}

    assert tables == PRUNED_BY.keys() | KEPT.keys()


@pytest.mark.parametrize("part", sorted(set(PRUNED_BY.values())))
def test_what_prunes_runs_with_maintenance(part: str) -> None:
    assert part in maintenance.PARTS

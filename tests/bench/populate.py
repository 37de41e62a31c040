# ruff: noqa: E402 - Django is set up before its models are imported
"""Fills the portal's empty database and prints as JSON the keys that the load uses. Takes no argument.

One workspace, member and key each, so that the product's own limits never interfere: they are as in production.
"""

import json
import os
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from keys import key_format, scopes
from keys.models import ApiKey, Member, Workspace
from pumble_bridge import tokens
from pumble_bridge.models import Authorization, Installation

# As many keys as a second of calls warms up in each process, and enough that no limit of a key is reached.
# What the stand-in for Pumble does with the calls of a group (see upstream.py), and how many keys the group has.
GROUPS = {
    "fast": ("delay=0;size=0", 100),
    "slow": ("delay=20;size=0", 100),
    "large": ("delay=0;size=20000", 100),
    "narrow": ("delay=0;size=0", 100),
    "revoked": ("delay=0;size=0", 1400),
}


def populate() -> dict[str, list[dict[str, str]]]:
    """`{group: [{key, id, workspace, user}]}`; keys of the group `narrow` may do nothing that is asked for."""
    call_command("migrate", verbosity=0)
    return {
        name: _group(number, token, count, [*scopes.ALL] if name != "narrow" else ["status:write"])
        for number, (name, (token, count)) in enumerate(GROUPS.items())
    }


def _group(group: int, token: str, count: int, allowed: list[str]) -> list[dict[str, str]]:
    now = timezone.now()
    workspaces = Workspace.objects.bulk_create(
        [
            Workspace(pumble_id=f"{group:04x}{n:020x}", name=f"W{n}", installed_at=now, created_at=now)
            for n in range(count)
        ]
    )
    members = Member.objects.bulk_create(
        [
            Member(
                workspace=workspace,
                pumble_user_id=f"ffff{workspace.pumble_id[4:]}",
                username=f"{workspace.pumble_id}.ana",
                name="Ana",
                authorized_at=now,
                role=Member.Role.OWNER,
            )
            for workspace in workspaces
        ]
    )
    Installation.objects.bulk_create(
        [
            Installation(
                workspace=workspace,
                bot_user_id="e" * 24,
                encrypted_bot_token=tokens.encrypt(
                    token, workspace_id=workspace.pumble_id, user_id="e" * 24, kind="bot"
                ),
            )
            for workspace in workspaces
        ]
    )
    Authorization.objects.bulk_create(
        [
            Authorization(
                member=member,
                encrypted_access_token=tokens.encrypt(
                    token,
                    workspace_id=workspace.pumble_id,
                    user_id=member.pumble_user_id or "",
                    kind="access",
                ),
            )
            for workspace, member in zip(workspaces, members, strict=True)
        ]
    )
    number, pepper = next(iter(settings.KEY_PEPPERS.items()))
    texts = [key_format.generate() for _ in members]
    ApiKey.objects.bulk_create(
        [
            ApiKey(
                key_id=text.key_id,
                owner=member,
                name="bench",
                digest=text.digest(pepper),
                pepper_number=number,
                last_four=text.last_four,
                scopes=allowed,
                created_at=now,
                confirmed_at=now,
                expires_at=now + timedelta(days=90),
            )
            for text, member in zip(texts, members, strict=True)
        ]
    )
    return [
        {
            "key": text.text,
            "id": text.key_id,
            "workspace": workspace.pumble_id,
            "user": member.pumble_user_id or "",
        }
        for text, workspace, member in zip(texts, workspaces, members, strict=True)
    ]


if __name__ == "__main__":
    print(json.dumps(populate()))

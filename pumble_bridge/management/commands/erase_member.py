import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from keys.audit import OPERATOR
from keys.erasure import StillAuthorized
from keys.management.lookups import get_member, get_workspace
from keys.management.progress import interruptible, progress
from keys.models import Member, Workspace
from pumble_bridge import installations


class Command(BaseCommand):
    help = (
        "Erase a person: their keys, token and sessions end, and their name, e-mail and addresses are removed. Pumble's id "
        "of them stays, and so does the audit log, which knows people by that id only. Asks nothing and cannot be undone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--workspace", required=True, metavar="W", help="the workspace's Pumble id or exact name"
        )
        parser.add_argument(
            "--member",
            required=True,
            metavar="EMAIL",
            help="the person's e-mail, or Pumble's user id of them, by which they are found also afterwards",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = get_workspace(options["workspace"])
        member = self._get(workspace, options["member"])
        before = member.erased_at is not None
        if not before:
            self._erase(member)
        done = {"workspace": workspace.pumble_id, "member": member.pumble_user_id, "erasedBefore": before}
        if options["json"]:
            self.stdout.write(json.dumps(done))
        elif before:
            self.stdout.write(f"{member.pumble_user_id} was erased before; nothing changed.")
        else:
            self.stdout.write(f"Erased. What stays is known as {member.pumble_user_id}, Pumble's id.")

    def _erase(self, member: Member) -> None:
        steps = installations.erase_member(member, by=OPERATOR, now=timezone.now())
        try:
            with interruptible():
                for _changed in progress(steps, total=None, unit="batch"):
                    pass
        except StillAuthorized as error:
            raise CommandError(
                "they authorized the app again meanwhile; their keys are revoked, the rest is as it was"
            ) from error

    def _get(self, workspace: Workspace, email_or_id: str) -> Member:
        by_id = Member.objects.filter(workspace=workspace, pumble_user_id=email_or_id.lower()).first()
        if by_id is not None:
            return by_id
        try:
            return get_member(workspace, email_or_id)
        except CommandError as error:
            raise CommandError(f"{error}; who was erased before is found by Pumble's user id only") from error

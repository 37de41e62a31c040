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
        "Erase a member: end their keys, token and sessions, and remove their name, e-mail and IP addresses. Their Pumble "
        "user id and the audit log, which uses only that id, are kept. Does not ask for confirmation and cannot be undone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--workspace", required=True, metavar="W", help="the workspace's Pumble id or exact name"
        )
        parser.add_argument(
            "--member",
            required=True,
            metavar="EMAIL",
            help="the member's e-mail or Pumble user id; after erasure only the id finds them",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = get_workspace(options["workspace"])
        member = self._get(workspace, options["member"])
        erased_earlier = member.erased_at is not None
        if not erased_earlier:
            self._erase(member)
        done = {
            "workspace": workspace.pumble_id,
            "member": member.pumble_user_id,
            "erasedBefore": erased_earlier,
        }
        if options["json"]:
            self.stdout.write(json.dumps(done))
        elif erased_earlier:
            self.stdout.write(f"{member.pumble_user_id} was erased earlier. Nothing was changed.")
        else:
            self.stdout.write(
                f"Erased. The remaining rows have only the Pumble user id {member.pumble_user_id}."
            )

    def _erase(self, member: Member) -> None:
        steps = installations.erase_member(member, by=OPERATOR, now=timezone.now())
        try:
            with interruptible():
                for _changed in progress(steps, total=None, unit="batch"):
                    pass
        except StillAuthorized as error:
            raise CommandError(
                "the member authorized the app again in the meantime; their keys are revoked, nothing else was changed"
            ) from error

    def _get(self, workspace: Workspace, email_or_id: str) -> Member:
        by_id = (
            Member.objects.people().filter(workspace=workspace, pumble_user_id=email_or_id.lower()).first()
        )
        if by_id is not None:
            return by_id
        try:
            return get_member(workspace, email_or_id)
        except CommandError as error:
            raise CommandError(
                f"{error}; an erased member can be found only by their Pumble user id"
            ) from error

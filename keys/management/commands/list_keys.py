import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Q
from django.utils import timezone

from keys.management.lookups import describe_holder, get_member, get_workspace
from keys.models import ApiKey
from keys.summary import summarize
from keys.texts import describe_rights, holder_name


class Command(BaseCommand):
    help = "List the live API keys, or with --all the keys in every state. Never prints a key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", metavar="W", help="only this workspace: Pumble id or exact name")
        parser.add_argument(
            "--member",
            metavar="EMAIL",
            help="only the keys of this member, and the workspace keys for which they are responsible",
        )
        parser.add_argument("--all", action="store_true", help="also revoked, replaced and expired keys")
        parser.add_argument("--json", action="store_true", help="print a JSON array")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        related = ("owner__workspace", "responsible", "last_use", "created_by_key")
        keys = ApiKey.objects.select_related(*related).order_by("pk")
        keys = keys if options["all"] else keys.live(now)
        if options["workspace"]:
            workspace = get_workspace(options["workspace"])
            keys = keys.filter(owner__workspace=workspace)
            if options["member"]:
                member = get_member(workspace, options["member"])
                keys = keys.filter(Q(owner=member) | Q(responsible=member))
        elif options["member"]:
            keys = keys.filter(
                Q(owner__email__iexact=options["member"]) | Q(responsible__email__iexact=options["member"])
            )
        if options["json"]:
            self.stdout.write(json.dumps([summarize(key, now) for key in keys]))
            return
        for key in keys:
            shown = summarize(key, now)
            self.stdout.write(
                f"{key.key_id}  {shown['state']:8}  {shown['workspace']}  {describe_holder(key)}  {key.name}\n"
                f"              {describe_rights(key.rights, now=now, holder=holder_name(key, None))} Last used: {shown['lastUsedAt'] or 'never'}"
                + (f" Created by the key {shown['createdBy']}." if key.created_by_key else "")
            )
        if not keys:
            self.stdout.write("No keys.")

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from keys import key_format, lifecycle
from keys.audit import OPERATOR
from keys.models import ApiKey


class Command(BaseCommand):
    help = "Revoke an API key immediately and for good."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", metavar="ID", help="the public id of the key, as list_keys prints it")
        parser.add_argument(
            "--reason",
            required=True,
            metavar="TEXT",
            help="a reason that is stored with the key, up to 200 characters",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        whole = key_format.parse(options["id"].encode("utf-8", "replace"))
        key_id = whole.key_id if whole else options["id"].removeprefix("pmb_")
        key = ApiKey.objects.select_related("owner__workspace").filter(key_id=key_id).first()
        if key is None:
            raise CommandError("there is no key with this id")
        if key.revoked_at is not None:
            self.stdout.write(f"{key.key_id} was already revoked; nothing was changed.")
            return
        reason = ApiKey.RevokeReason.BY_OPERATOR
        lifecycle.revoke(key=key, by=OPERATOR, reason=reason, now=timezone.now(), note=options["reason"])
        self.stdout.write(f"Revoked {key.key_id}.")

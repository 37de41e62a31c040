import json
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from keys import lifecycle, scopes, unicode_text
from keys.audit import OPERATOR
from keys.exceptions import KeysError, NameTaken, OwnerNotAuthorized
from keys.management.lookups import get_member, get_workspace, iso
from keys.models import ApiKey
from keys.texts import describe_rights, error_message

MAX_DAYS = 36500


class Command(BaseCommand):
    help = "Create an API key for a member who has authorized the app, and print it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--workspace", required=True, metavar="W", help="Pumble id or exact name of the workspace"
        )
        parser.add_argument("--member", required=True, metavar="EMAIL", help="e-mail of the key's owner")
        parser.add_argument(
            "--name", required=True, metavar="N", help="1 to 64 characters, unique among the owner's keys"
        )
        parser.add_argument(
            "--scope",
            action="append",
            metavar="S",
            choices=scopes.ALL,
            help="a scope of the key; repeatable; default: all",
        )
        parser.add_argument(
            "--expires-days", type=int, metavar="N", help="days until it expires; default: never"
        )
        parser.add_argument(
            "--ip",
            action="append",
            default=[],
            metavar="CIDR",
            help="an address or network that it may be used from; repeatable; default: any",
        )
        parser.add_argument(
            "--channel",
            action="append",
            type=_channel,
            metavar="ID[=NAME]",
            help="a channel that it is limited to; repeatable; default: all",
        )
        parser.add_argument(
            "--per-minute", type=int, metavar="N", help="its rate limit in calls a minute; default: 1000"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        days: int | None = options["expires_days"]
        if days is not None and not 0 < days <= MAX_DAYS:
            raise CommandError(f"--expires-days must be from 1 to {MAX_DAYS}")
        owner = get_member(get_workspace(options["workspace"]), options["member"])
        try:
            key, plaintext = lifecycle.issue(
                owner=owner,
                name=options["name"],
                by=OPERATOR,
                now=now,
                scopes=options["scope"] or scopes.ALL,
                channels=dict(options["channel"]) if options["channel"] else None,
                allowed_addresses=options["ip"],
                calls_per_minute=options["per_minute"],
                expires_at=now + timedelta(days=days) if days else None,
            )
        except OwnerNotAuthorized as error:
            raise CommandError(
                f"{owner.email} has not authorized the app, so no key can act for them"
            ) from error
        except NameTaken as error:
            raise CommandError(f"{owner.email} already has a key with this name") from error
        except KeysError as error:
            raise CommandError(error_message(error)) from error
        self._deliver(key, plaintext.text, as_json=options["json"])
        lifecycle.confirm(key=key, by=OPERATOR, now=timezone.now())

    def _deliver(self, key: ApiKey, plaintext: str, *, as_json: bool) -> None:
        """Print the key. Revoke it if printing fails, because nobody has received it."""
        shown = {
            "id": key.key_id,
            "key": plaintext,
            "name": key.name,
            "scopes": key.scopes,
            "expiresAt": iso(key.expires_at),
        }
        try:
            self.stdout.write(
                json.dumps(shown)
                if as_json
                else f"{plaintext}\nIt is shown only once. Only a digest of it is stored.\n{describe_rights(key.rights, now=key.created_at)}"
            )
            self.stdout.flush()
        except OSError as error:
            reason = ApiKey.RevokeReason.NOT_DELIVERED
            lifecycle.revoke(key=key, by=OPERATOR, reason=reason, now=timezone.now())
            raise CommandError("the key could not be printed and was revoked") from error


def _channel(text: str) -> tuple[str, str]:
    channel_id, _, name = text.partition("=")
    return channel_id.strip().lower(), unicode_text.normalize(name).removeprefix("#")

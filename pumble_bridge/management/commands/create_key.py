import json
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from keys import lifecycle, policies, scopes, unicode_text
from keys.audit import OPERATOR
from keys.exceptions import KeysError, NameTaken, OwnerNotAuthorized
from keys.management.lookups import get_member, get_workspace
from keys.models import ApiKey
from keys.summary import iso
from keys.texts import describe_rights, error_message, holder_name
from pumble_bridge import channel_membership, installations

MAX_DAYS = 36500


class Command(BaseCommand):
    help = (
        "Create an API key for a member who has authorized the app, or for the workspace, and print it once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--workspace", required=True, metavar="W", help="Pumble id or exact name of the workspace"
        )
        parser.add_argument("--member", required=True, metavar="EMAIL", help="e-mail of the key's owner")
        parser.add_argument(
            "--workspace-key",
            action="store_true",
            help="the key belongs to the workspace and acts as the app's bot only; the member is responsible for it",
        )
        parser.add_argument(
            "--name", required=True, metavar="N", help="1 to 64 characters, unique among the owner's keys"
        )
        parser.add_argument(
            "--scope",
            action="append",
            metavar="S",
            choices=scopes.KNOWN,
            help="a scope of the key; repeatable; default: those of the workspace's policy, else all",
        )
        parser.add_argument(
            "--preset",
            metavar="P",
            choices=scopes.PRESETS,
            help=f"scopes by name, instead of --scope: {', '.join(scopes.PRESETS)}",
        )
        parser.add_argument(
            "--expires-days",
            type=int,
            metavar="N",
            help="days until it expires; default: those of the workspace's policy, else never",
        )
        parser.add_argument("--no-expiry", action="store_true", help="it never expires")
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
        if days is not None and options["no_expiry"]:
            raise CommandError("Use --expires-days or --no-expiry, not both.")
        if options["scope"] and options["preset"]:
            raise CommandError("Use --scope or --preset, not both.")
        member = get_member(get_workspace(options["workspace"]), options["member"])
        policy = policies.get_policy(member.workspace)
        lifetime = timedelta(days=days) if days else policies.default_lifetime(policy)
        if options["no_expiry"]:
            lifetime = None
        chosen = scopes.PRESETS[options["preset"]] if options["preset"] else options["scope"]
        channels = dict(options["channel"]) if options["channel"] else None
        owner, responsible = member, None
        try:
            if options["workspace_key"]:
                owner, responsible = installations.get_bot(member.workspace, now=now), member
                channel_membership.require_access(member, channels)
            key, plaintext = lifecycle.issue(
                owner=owner,
                responsible=responsible,
                name=options["name"],
                by=OPERATOR,
                now=now,
                scopes=chosen or policies.default_scopes(policy),
                channels=channels,
                allowed_addresses=options["ip"],
                calls_per_minute=options["per_minute"],
                expires_at=now + lifetime if lifetime else None,
            )
        except OwnerNotAuthorized as error:
            raise CommandError(
                "the app is not installed in this workspace, so no workspace key can act"
                if options["workspace_key"]
                else f"{owner.email} has not authorized the app, so no key can act for them"
            ) from error
        except NameTaken as error:
            holder = "the workspace" if options["workspace_key"] else owner.email
            raise CommandError(f"{holder} already has a key with this name") from error
        except KeysError as error:
            raise CommandError(error_message(error, holder=owner.name)) from error
        advice = _advice(key, chose_scopes=bool(chosen), chose_expiry=bool(days) or options["no_expiry"])
        self._deliver(key, plaintext.text, advice, as_json=options["json"])
        lifecycle.confirm(key=key, by=OPERATOR, now=timezone.now())

    def _deliver(self, key: ApiKey, plaintext: str, advice: list[str], *, as_json: bool) -> None:
        """Print the key. Revoke it if printing fails, because nobody has received it."""
        shown = {
            "id": key.key_id,
            "key": plaintext,
            "name": key.name,
            "scopes": key.scopes,
            "expiresAt": iso(key.expires_at),
        }
        lines = [plaintext, "It is shown only once. Only a digest of it is stored."]
        lines += [describe_rights(key.rights, now=key.created_at, holder=holder_name(key, None)), *advice]
        try:
            self.stdout.write(json.dumps(shown) if as_json else "\n".join(lines))
            self.stdout.flush()
        except OSError as error:
            reason = ApiKey.RevokeReason.NOT_DELIVERED
            lifecycle.revoke(key=key, by=OPERATOR, reason=reason, now=timezone.now())
            raise CommandError("the key could not be printed and was revoked") from error


def _advice(key: ApiKey, *, chose_scopes: bool, chose_expiry: bool) -> list[str]:
    """Return how to limit a key that has full access or no expiry because nobody chose."""
    advice = []
    if not chose_scopes and set(key.scopes) == set(scopes.ALL):
        advice.append("Full access is the default. For less: --preset read-only, or --scope.")
    if not chose_expiry and key.expires_at is None:
        advice.append("No expiry is the default. For an end: --expires-days 90.")
    return advice


def _channel(text: str) -> tuple[str, str]:
    channel_id, _, name = text.partition("=")
    return channel_id.strip().lower(), unicode_text.normalize(name).removeprefix("#")

import json
from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from keys import audit
from keys.management.progress import interruptible, progress
from keys.models import ApiKey
from pumble_bridge import installations


class Command(BaseCommand):
    help = (
        "Re-encrypt stored Pumble tokens with the newest of TOKEN_ENCRYPTION_KEYS, and report live keys whose digest still "
        "uses an older one of KEY_PEPPERS. A key moves to the newest pepper when it is next used."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        outcomes: Counter[bool] = Counter()
        with interruptible():
            tokens = installations.reencrypt_tokens(by=audit.OPERATOR, now=timezone.now())
            outcomes.update(progress(tokens, total=installations.count_tokens(), unit="token"))
        renewed, unreadable = outcomes[True], outcomes[False]
        newest = next(iter(settings.KEY_PEPPERS))
        with transaction.atomic():
            audit.record(
                audit.Type.SECRETS_ROTATED,
                workspace=None,
                by=audit.OPERATOR,
                now=timezone.now(),
                tokens_reencrypted=renewed,
                tokens_unreadable=unreadable,
                newest_pepper=newest,
            )
        live = ApiKey.objects.live(timezone.now()).exclude(pepper_number=newest)
        counted = live.values_list("pepper_number").annotate(keys=Count("pk")).order_by("pepper_number")
        old = dict(counted)
        missing = sorted(set(old) - set(settings.KEY_PEPPERS))
        if options["json"]:
            report = {
                "tokensReencrypted": renewed,
                "tokensUnreadable": unreadable,
                "newestPepper": newest,
                "keysOnOlderPeppers": {str(number): count for number, count in old.items()},
                "peppersMissing": missing,
            }
            self.stdout.write(json.dumps(report))
            return
        self.stdout.write(f"Tokens re-encrypted under the newest key: {renewed}")
        if unreadable:
            self.stdout.write(
                f"Tokens that no key of TOKEN_ENCRYPTION_KEYS can read: {unreadable}; their people have to authorize again"
            )
        for number, count in old.items():
            note = (
                "is not configured, so they are refused"
                if number in missing
                else f"move to {newest} when used"
            )
            self.stdout.write(f"Live keys on pepper {number}: {count} ({note})")
        if not old:
            self.stdout.write(f"Every live key is on the newest pepper, {newest}; older ones can be dropped.")

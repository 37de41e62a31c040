import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from keys import access, audit, keyformat
from keys.management.naming import describe

MOST_CHARACTERS = 10_000_000


class Command(BaseCommand):
    help = "Say whose key it is that standard input has, alone or somewhere in a text, and its state. Never repeats it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help="print a JSON array, one object per key found"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        text = sys.stdin.read(MOST_CHARACTERS + 1)
        if len(text) > MOST_CHARACTERS:
            raise CommandError(f"the text is longer than {MOST_CHARACTERS} characters")
        whole = {plaintext.text: plaintext for plaintext in keyformat.find_in(text)}
        known = [key for key in map(access.recognise, whole.values()) if key is not None]
        for key in known:
            audit.record(
                audit.Type.KEY_IDENTIFIED,
                workspace=key.owner.workspace,
                by=audit.OPERATOR,
                now=now,
                key=key,
                member=key.owner,
            )
        if options["json"]:
            self.stdout.write(json.dumps([describe(key, now) for key in known]))
        else:
            for key in known:
                shown = describe(key, now)
                self.stdout.write(
                    f"{key.key_id}  {shown['state']}  {shown['workspace']}  {shown['member']}  {key.name}"
                )
        if not known:
            why = "none of this installation" if whole else self._why_not(text)
            raise CommandError(f"no key found: {why}")

    def _why_not(self, text: str) -> str:
        if keyformat.looks_like_key(text):
            return "something has the form of a key, but is cut off or mistyped"
        return "the text has nothing of the form pmb_ID_SECRET"

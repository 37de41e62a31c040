import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from keys import audit, authentication, key_format
from keys.management.lookups import describe

MAX_BYTES = 20_000_000
# What compressed files begin with, and the program that reads them.
COMPRESSED = {
    b"\x1f\x8b": "zcat",
    b"BZh": "bzcat",
    b"\xfd7zXZ": "xzcat",
    b"\x28\xb5\x2f\xfd": "zstdcat",
    b"PK": "unzip -p",
}


class Command(BaseCommand):
    help = "Say whose key it is that standard input has, alone or somewhere in a text, and its state. Never repeats it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help="print a JSON array, one object per key found"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        data = _read_input()
        # A key is ASCII. In each encoding that logs have, its bytes are those of ASCII; UTF-16 and UTF-32 have zeros between.
        text = data.replace(b"\0", b"").decode("latin-1")
        whole = {plaintext.text: plaintext for plaintext in key_format.find_in(text)}
        known = [key for key in map(authentication.find_by_plaintext, whole.values()) if key is not None]
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
            why = "none of this installation" if whole else self._why_not(data, text)
            raise CommandError(f"no key found: {why}")

    def _why_not(self, data: bytes, text: str) -> str:
        for start, program in COMPRESSED.items():
            if data.startswith(start):
                return f"the input is compressed; read it with {program} first"
        if key_format.contains_key_pattern(text):
            return "something has the form of a key, but is cut off or mistyped"
        return "the text has nothing of the form pmb_ID_SECRET"


def _read_input() -> bytes:
    """Return standard input as it is: a log may have bytes that the locale's encoding lacks."""
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"standard input cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise CommandError(f"the input is longer than {MAX_BYTES} bytes; give it in parts")
    return data

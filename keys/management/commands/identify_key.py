import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from keys import audit, authentication, key_format
from keys.management.lookups import describe_holder
from keys.summary import summarize

MAX_BYTES = 20_000_000
# The first bytes of compressed files, and the program that reads them.
COMPRESSED = {
    b"\x1f\x8b": "zcat",
    b"BZh": "bzcat",
    b"\xfd7zXZ": "xzcat",
    b"\x28\xb5\x2f\xfd": "zstdcat",
    b"PK": "unzip -p",
}


class Command(BaseCommand):
    help = "Find the API keys in standard input, which can be any text, and print owner and state of each. Never prints a key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help="print a JSON array with one object for each key"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        data = _read_input()
        # A key is ASCII, and so are its bytes in the encodings of logs. UTF-16 and UTF-32 have zero bytes between them.
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
            self.stdout.write(json.dumps([summarize(key, now) for key in known]))
        else:
            for key in known:
                shown = summarize(key, now)
                self.stdout.write(
                    f"{key.key_id}  {shown['state']}  {shown['workspace']}  {describe_holder(key)}  {key.name}"
                )
        if not known:
            why = "its keys are not of this installation" if whole else self._why_not(data, text)
            raise CommandError(f"no key found: {why}")

    def _why_not(self, data: bytes, text: str) -> str:
        for start, program in COMPRESSED.items():
            if data.startswith(start):
                return f"the input is compressed; decompress it with {program} first"
        if key_format.contains_key_pattern(text):
            return "the text contains something like a key that is cut off or mistyped"
        return "the text contains nothing of the form pmb_ID_SECRET"


def _read_input() -> bytes:
    """Return standard input as bytes, because a log can have bytes that are invalid in the encoding of the locale."""
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"standard input cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise CommandError(f"the input is longer than {MAX_BYTES} bytes; split it")
    return data

"""Reading what `audit_export` wrote, on the command line."""

from collections.abc import Iterator
from pathlib import Path

from django.core.management.base import CommandError

from keys.audit import verifier


def read_export(path: Path) -> Iterator[verifier.Record]:
    """The entries of the export, after it was read once to its end and found sound.

    Raises:
        CommandError: it cannot be read, or something in it was changed.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            verifier.verify(verifier.read(stream))
        with path.open(encoding="utf-8", newline="") as stream:
            yield from verifier.read(stream)
    except verifier.ChainBroken as broken:
        raise CommandError(f"{path} is not as it was written: {broken}") from broken
    except (verifier.InvalidExport, OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} is no audit export: {error}") from error

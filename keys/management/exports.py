"""Reading of audit exports in commands."""

from collections.abc import Iterator
from pathlib import Path

from django.core.management.base import CommandError

from keys.audit import verifier


def read_export(path: Path) -> Iterator[verifier.Record]:
    """Verify the export, then yield its entries.

    Raises:
        CommandError: the file cannot be read, or was altered.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            verifier.verify(verifier.read(stream))
        with path.open(encoding="utf-8", newline="") as stream:
            yield from verifier.read(stream)
    except verifier.ChainBroken as broken:
        raise CommandError(f"{path} was altered: {broken}") from broken
    except (verifier.InvalidExport, OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} is not an audit export: {error}") from error

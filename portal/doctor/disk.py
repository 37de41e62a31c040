"""Disk: space and write permission of DATA_DIR, the folder of uploads, and the folder of temporary files."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_noop as _

from portal.doctor.findings import Finding, failure, ok, warning

MIB = 1024 * 1024
MIN_FREE, LOW_FREE = 64 * MIB, 512 * MIB
_TRIAL = 64 * 1024  # bytes


def check() -> Iterator[Finding]:
    folders = {"TMPDIR": Path(tempfile.gettempdir())}
    data_dir = Path(settings.DATA_DIR)
    if (
        data_dir.exists() or connection.vendor == "sqlite"
    ):  # with PostgreSQL, it is used for static files only
        folders["DATA_DIR"] = data_dir
    uploads = Path(settings.FILE_UPLOAD_TEMP_DIR)
    if uploads.exists():  # the server creates it
        folders["FILE_UPLOAD_TEMP_DIR"] = uploads
    for name, folder in sorted(folders.items()):
        yield _check_folder(name, folder)


def _check_folder(name: str, folder: Path) -> Finding:
    check = f"disk.{name}"
    values = {"name": name, "folder": str(folder)}
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_TRIAL))
            file.flush()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return failure(
            check,
            _("Nothing can be written to %(folder)s (%(name)s): %(reason)s."),
            _("Free disk space, or let this account write there."),
            reason=error.strerror or type(error).__name__,
            **values,
        )
    values["mib"] = str(free // MIB)
    if free < LOW_FREE:
        kind = failure if free < MIN_FREE else warning
        message = _("%(folder)s (%(name)s) has only %(mib)s MiB of free space.")
        return kind(check, message, _("Free disk space, or use a larger disk."), **values)
    return ok(check, _("%(folder)s (%(name)s) has %(mib)s MiB of free space."), **values)

"""The bytes of uploaded files, one file on the disk for each."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from django.conf import settings


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "pumble-files"


def write(file_id: str, chunks: Iterable[bytes]) -> None:
    _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    with (_folder() / file_id).open("wb") as file:
        for chunk in chunks:
            file.write(chunk)


def read(file_id: str) -> BinaryIO | None:
    """The open file, or None where the bytes are gone."""
    try:
        return (_folder() / file_id).open("rb")
    except FileNotFoundError:
        return None


def clear() -> None:
    shutil.rmtree(_folder(), ignore_errors=True)

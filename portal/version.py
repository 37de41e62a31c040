"""The version of the portal."""

import tomllib
from functools import cache
from importlib import metadata

from django.conf import settings


@cache
def version() -> str:
    """Return the version from `pyproject.toml`, or that of the installed package; "" if neither is there."""
    try:
        project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
        return str(project["version"])
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        pass
    try:
        return metadata.version("pumble-api-keys")
    except metadata.PackageNotFoundError:
        return ""

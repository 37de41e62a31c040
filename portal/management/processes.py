"""Start other processes of this installation."""

import os
from pathlib import Path

from django.conf import settings

from portal.environment import SECRET_NAMES


def environment() -> dict[str, str]:
    """Return the environment for a process that runs in `BASE_DIR`, with absolute paths.

    An installed program runs in any folder, which may contain packages of the same names. Its processes run in `BASE_DIR`,
    so that Python imports the installed packages.
    """
    files = {f"{name}_FILE" for name in SECRET_NAMES}
    paths = {
        name: str(Path(value).absolute()) for name, value in os.environ.items() if name in files and value
    }
    paths |= {"DATA_DIR": str(settings.DATA_DIR), "STATIC_ROOT": str(settings.STATIC_ROOT)}
    return os.environ | paths

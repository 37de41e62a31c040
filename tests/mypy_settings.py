"""What mypy's Django plugin loads: the portal's settings plus the local Pumble's models, which run elsewhere."""

import os

os.environ.setdefault("LOCAL_PUMBLE", "true")

from portal.settings import *  # noqa: F403
from portal.settings import INSTALLED_APPS as PORTAL_APPS

INSTALLED_APPS = [*PORTAL_APPS, "sandbox"]

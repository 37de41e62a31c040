# ruff: noqa: E402 - Django is set up before its models are imported
"""Renames one key again and again, to numbers that count up, beside others that do the same.

Prints each number once its change is answered, and when that was. Arguments: the key's id, for how many seconds.
"""

import os
import sys
import time

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
django.setup()

from django.db import transaction
from django.utils import timezone

from keys import lifecycle
from keys.audit import OPERATOR
from keys.models import ApiKey

PAUSE = 0.02


def main(key_id: str, seconds: float) -> None:
    key = ApiKey.objects.select_related("owner").get(key_id=key_id)
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with transaction.atomic():
            lifecycle.lock_owner(key.owner)
            version = int(ApiKey.objects.get(pk=key.pk).name) + 1
            lifecycle.rename(key=key, name=str(version), by=OPERATOR, now=timezone.now())
        print(version, time.monotonic(), flush=True)
        time.sleep(PAUSE)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))

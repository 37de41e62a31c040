"""Encryption at rest, with the newest of TOKEN_ENCRYPTION_KEYS. All of them decrypt."""

from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def fernet() -> MultiFernet:
    return _build(tuple(settings.TOKEN_ENCRYPTION_KEYS))


@lru_cache(maxsize=1)
def _build(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])

"""The row of a new key, whether it is the first of its name or takes another's place."""

from typing import Any

from django.conf import settings

from keys import keyformat
from keys.models import ApiKey, Member
from keys.rights import Rights


def new_key(*, owner: Member, rights: Rights, **fields: Any) -> tuple[ApiKey, keyformat.Plaintext]:
    """The row of a pending key, and its plaintext."""
    plaintext = keyformat.generate()
    pepper_number, pepper = next(iter(settings.KEY_PEPPERS.items()))
    key = ApiKey(
        key_id=plaintext.key_id,
        owner=owner,
        digest=plaintext.digest(pepper),
        pepper_number=pepper_number,
        last_four=plaintext.last_four,
        **fields,
    )
    key.rights = rights
    key.save(force_insert=True)
    return key, plaintext

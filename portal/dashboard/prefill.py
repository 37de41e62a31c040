"""Links that fill in the form of a new key: `/keys/new?name=deploy&preset=post-messages`.

The page lists the parts of the link that are not valid. To ignore them could create a key with more rights.
"""

from collections.abc import Sequence
from typing import Any

from django.http import QueryDict

from keys import key_format
from portal.dashboard.rights_forms import CreateForm

_MAX_PARTS = 10
_MAX_PART_LENGTH = 64
_LISTS = {"scopes", "channels"}
# These fields work only with a certain value of another field. A link may leave that value out.
_IMPLIED = {"scopes": ("preset", "custom"), "channels": ("where", "chosen"), "until": ("expiry", "day")}
LINK_FIELDS = (
    "name",
    "purpose",
    "preset",
    "scopes",
    "where",
    "channels",
    "expiry",
    "until",
    "addresses",
    "calls_per_minute",
)


def read_link(query: QueryDict) -> dict[str, Any]:
    """Return the initial values for the form."""
    initial: dict[str, Any] = {
        name: values if name in _LISTS else values[-1]
        for name in LINK_FIELDS
        if (values := _drop_keys(query.getlist(name)))
    }
    for name, (chooser, value) in _IMPLIED.items():
        if name in initial:
            initial.setdefault(chooser, value)
    return initial


def find_invalid_parts(query: QueryDict, bound_form: CreateForm) -> list[str]:
    """Return the parts of the link that name no field, or a value that the field does not accept.

    Args:
        bound_form: the form with the values of the link.
    """
    invalid = [
        f"{name}={value}"[:_MAX_PART_LENGTH]
        for name, values in query.lists()
        for value in _drop_keys([values[-1]])
        if name not in LINK_FIELDS or name not in bound_form.fields or name in bound_form.errors
    ]
    return [part for part in invalid if key_format.is_free_of_keys(part)][:_MAX_PARTS]


def _drop_keys(values: Sequence[str]) -> list[str]:
    return [value for value in values if not key_format.contains_key_pattern(value)]

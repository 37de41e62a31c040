"""The form for a new key as a link fills it in: `/keys/new?name=deploy&preset=post-messages`.

What a link asks for and the form does not understand is said above the form: left out, it would make a wider key.
"""

from collections.abc import Sequence
from typing import Any

from django.http import QueryDict

from keys import key_format
from portal.dashboard.rights_forms import CreateForm

_MAX_SHOWN = 10
_MAX_SHOWN_LENGTH = 64
_LISTS = {"scopes", "channels"}
# A value of the first field is one of "custom", "chosen" or "day"; a link need not say so.
_IMPLIED = {"scopes": ("preset", "custom"), "channels": ("where", "chosen"), "until": ("expiry", "day")}
FIELDS = (
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


def read(query: QueryDict) -> dict[str, Any]:
    """Return the initial values of the form that the link has."""
    initial: dict[str, Any] = {
        name: values if name in _LISTS else values[-1]
        for name in FIELDS
        if (values := without_keys(query.getlist(name)))
    }
    for name, (chooser, value) in _IMPLIED.items():
        if name in initial:
            initial.setdefault(chooser, value)
    return initial


def list_not_understood(query: QueryDict, filled: CreateForm) -> list[str]:
    """Return the parts of the link that have no field, or a value that their field does not take.

    Args:
        filled: the form as it would be sent.
    """
    wrong = [
        f"{name}={value}"[:_MAX_SHOWN_LENGTH]
        for name, values in query.lists()
        for value in without_keys([values[-1]])
        if name not in FIELDS or name not in filled.fields or name in filled.errors
    ]
    return [part for part in wrong if key_format.is_free_of_keys(part)][:_MAX_SHOWN]


def without_keys(values: Sequence[str]) -> list[str]:
    return [value for value in values if not key_format.looks_like_key(value)]

"""The reader of a text in chat."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import translation

from keys import times
from keys.models import Member


@contextmanager
def reading_as(member: Member | None) -> Iterator[None]:
    """Use the member's language and clock in all texts. None is a person whom the app does not know."""
    language = (member.language if member else "") or settings.LANGUAGE_CODE
    with translation.override(language), times.use(times.member_clock(member)):
        yield

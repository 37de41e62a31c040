"""The failures that operations name as their own, by short names."""

from keys.reasons import (
    BOT_NOT_IN_CHANNEL as PRIVATE_CHANNEL,
)
from keys.reasons import (
    CHANNEL_NAME_TAKEN as NAME_TAKEN,
)
from keys.reasons import (
    CHANNEL_NOT_ALLOWED as NOT_ALLOWED,
)
from keys.reasons import (
    NOT_FOUND as OBJECT,
)
from keys.reasons import (
    UNKNOWN_CHANNEL as CHANNEL,
)
from keys.reasons import (
    UNKNOWN_CURSOR as CURSOR,
)
from keys.reasons import (
    UNKNOWN_PEOPLE as PEOPLE,
)
from keys.reasons import (
    UNUSABLE_CRITERIA as CRITERIA,
)
from keys.reasons import (
    ErrorSpec as Refusal,
)

__all__ = [
    "CHANNEL",
    "CRITERIA",
    "CURSOR",
    "NAME_TAKEN",
    "NOT_ALLOWED",
    "OBJECT",
    "PEOPLE",
    "PRIVATE_CHANNEL",
    "Refusal",
]

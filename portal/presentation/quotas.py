"""Labels and figures of Pumble's quotas, for `presentation/quotas.html`."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from keys.limits import LimitName, LimitStatus

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

_NAMES: "dict[LimitName, StrPromise]" = {
    LimitName.MESSAGES: _("New messages of the workspace"),
    LimitName.REPLIES: _("New replies of the workspace"),
    LimitName.REACTIONS: _("New reactions of the workspace"),
    LimitName.CHANNELS: _("New channels of the workspace"),
    LimitName.SCHEDULED: _("Scheduled messages of the workspace"),
    LimitName.PERSON: _("Calls of all your keys"),
    LimitName.APP: _("Calls of all keys in the workspace"),
}


@dataclass(frozen=True)
class Quota:
    name: "StrPromise"
    used: int
    limit: int
    resets_in: int


def build_quotas(standings: Iterable[LimitStatus]) -> list[Quota]:
    return [
        Quota(
            name=_NAMES[standing.rate_limit.name],
            used=standing.rate_limit.limit - standing.remaining,
            limit=standing.rate_limit.limit,
            resets_in=math.ceil(standing.reset_seconds),
        )
        for standing in standings
    ]

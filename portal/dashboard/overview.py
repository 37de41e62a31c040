"""How things stand for a member: Pumble's quotas right now, keys that end soon, keys that are a risk without need."""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from keys import inventory, lifecycle, limits, wording
from keys.errors import KeysError
from keys.limits import Whose
from portal.dashboard import hygiene
from portal.dashboard.door import MemberView
from portal.templatetags.dashboard import SOON

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

_MEANT_TO_LAST = timedelta(days=1)  # the end of a key for an hour is no news
_MOST_KEYS = 500  # of one member; more are looked at by nobody
_NAMES: "dict[Whose, StrPromise]" = {
    Whose.MESSAGES: _("New messages of the workspace"),
    Whose.REPLIES: _("New replies of the workspace"),
    Whose.REACTIONS: _("New reactions of the workspace"),
    Whose.CHANNELS: _("New channels of the workspace"),
    Whose.SCHEDULED: _("Scheduled messages of the workspace"),
    Whose.PERSON: _("Calls of all your keys"),
    Whose.APP: _("Calls of all keys of the workspace"),
}


@dataclass(frozen=True)
class Quota:
    name: "StrPromise"
    used: int
    limit: int
    resets_in: int


class Overview(MemberView):
    def get(self, request: HttpRequest) -> HttpResponse:
        keys = list(
            inventory.list_own_keys(self.member, self.now).filter(
                confirmed_at__isnull=False, retires_at__isnull=True
            )[:_MOST_KEYS]
        )
        ending = [
            key
            for key in keys
            if key.expires_at
            and key.expires_at <= self.now + SOON
            and key.expires_at - key.created_at > _MEANT_TO_LAST
        ]
        context = {
            "quotas": self._quotas(),
            "ending": sorted(ending, key=lambda key: key.expires_at or self.now),
            "found": hygiene.look(keys, self.now),
        }
        return self.page("overview.html", context)

    def _quotas(self) -> list[Quota]:
        standings = limits.pumble_quotas(self.member)
        return [
            Quota(
                name=_NAMES[standing.window.whose],
                used=standing.window.limit - standing.remaining,
                limit=standing.window.limit,
                resets_in=math.ceil(standing.reset_seconds),
            )
            for standing in standings
        ]


class Remedy(MemberView):
    """One click of the hygiene list."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.own_key(key_id)
        try:
            match self.sent.get("remedy"):
                case "end":
                    rights = hygiene.with_end(key, self.member, self.now)
                    lifecycle.narrow(key=key, rights=rights, by=self.by, now=self.now)
                    done = "ends"
                case "narrow":
                    rights = hygiene.as_used(key, self.now)
                    lifecycle.narrow(key=key, rights=rights, by=self.by, now=self.now)
                    done = "narrowed"
                case "disable":
                    lifecycle.disable(key=key, by=self.by, now=self.now)
                    done = "disabled"
                case _:
                    done = ""
        except KeysError as error:
            return self.refuse(wording.explain(error))
        return redirect(f"/overview?done={done}")

    def come_back_to(self) -> str:
        return "/overview"

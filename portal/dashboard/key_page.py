"""Everything about one key: rights, use, recent calls, history, and what can be done with it."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from keys import breaking, policy, scopes, usage, wording
from keys.models import ApiKey, RequestLog
from portal.dashboard import history, use
from portal.dashboard.door import MemberView
from portal.dashboard.refusal_words import Outcome
from portal.dashboard.scope_words import SCOPES

_MOST_CALLS = 50


class KeyPage(MemberView):
    def get(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.own_key(key_id)
        chart = use.chart(key, self.now)
        outcomes = [(Outcome(name), count) for name, count in chart.outcomes]
        known = {outcome.name for outcome, _count in outcomes}
        asked = request.GET.get("outcome", "")
        shown = asked if asked in known | {"refused"} else ""
        calls = _filtered(RequestLog.objects.filter(key=key), shown).order_by("-at", "-pk")[:_MOST_CALLS]
        by_policy, broken = key.disabled_reason == ApiKey.DisableReason.POLICY, self._breaches(key)
        context = {
            "key": key,
            "preset": wording.preset_name(key.rights),
            "scopes": [(name, SCOPES[name]) for name in scopes.in_order(key.scopes)],
            "channels": sorted((key.channels or {}).values()),
            "chart": chart,
            "outcomes": outcomes,
            "outcome": shown,
            "calls": [(call, Outcome(call.outcome)) for call in calls],
            "history": history.of_key(key),
            "over": self.is_over(key),
            "disabled": key.disabled_at is not None,
            "can_enable": self.member.is_workspace_admin or not key.is_held or (by_policy and not broken),
            "by_policy": by_policy,
            "breaches": broken,
            "done": request.GET.get("done", ""),
        }
        return self.page("key.html", context | self._rotation(key))

    def _breaches(self, key: ApiKey) -> list[str]:
        """Why the key, which was disabled for not fitting the workspace's policy, cannot be enabled yet."""
        if key.disabled_reason != ApiKey.DisableReason.POLICY:
            return []
        broken = breaking.of_key(policy.policy_of(self.member.workspace), key, self.now)
        return [wording.breach(one) for one in broken.breaches] if broken else []

    def _rotation(self, key: ApiKey) -> dict[str, Any]:
        """The older and the newer key of a rotation whose grace is not over yet."""
        if key.state(self.now) == ApiKey.State.RETIRING:
            newer = key.successors.filter(confirmed_at__isnull=False).select_related("last_use").first()
            return {"older": key, "newer": newer}
        older = key.replaces
        if older is not None and older.state(self.now) == ApiKey.State.RETIRING:
            return {"older": older, "newer": key}
        return {}


def _filtered(calls: QuerySet[RequestLog], outcome: str) -> QuerySet[RequestLog]:
    if outcome == "refused":
        return calls.exclude(outcome=usage.OK)
    return calls.filter(outcome=outcome) if outcome else calls

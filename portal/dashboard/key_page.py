"""The page of one key: rights, use, recent calls, history and actions."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from keys import policies, texts
from keys.models import ApiKey
from portal.dashboard.base import MemberView
from portal.presentation import key_detail, mcp_clients


class KeyPage(MemberView):
    def get(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.get_key(key_id)
        by_policy = key.disabled_reason == ApiKey.DisableReason.POLICY
        violations = self._policy_violations(key)
        context = {
            **key_detail.build_context(
                key, self.now, outcome=request.GET.get("outcome", ""), surface=request.GET.get("surface", "")
            ),
            "over": self.has_ended(key),
            "disabled": key.disabled_at is not None,
            "can_enable": self.member.is_workspace_admin
            or not key.is_locked
            or (by_policy and not violations),
            "by_policy": by_policy,
            "violations": violations,
            "done": request.GET.get("done", ""),
            "mcp_url": mcp_clients.mcp_url(),
            "mcp_clients": mcp_clients.list_clients(),
        }
        return self.render("key.html", context | self._rotation(key))

    def _policy_violations(self, key: ApiKey) -> list[str]:
        """Return why a key that the policy disabled cannot be enabled yet."""
        if key.disabled_reason != ApiKey.DisableReason.POLICY:
            return []
        broken = policies.check_key(policies.get_policy(self.member.workspace), key, self.now)
        return [texts.describe_violation(violation) for violation in broken.violations] if broken else []

    def _rotation(self, key: ApiKey) -> dict[str, Any]:
        """Return the older and the newer key while both work."""
        if key.state(self.now) == ApiKey.State.RETIRING:
            newer = key.successors.filter(confirmed_at__isnull=False).select_related("last_use").first()
            return {"older": key, "newer": newer}
        older = key.replaces
        if older is not None and older.state(self.now) == ApiKey.State.RETIRING:
            return {"older": older, "newer": key}
        return {}

"""The page of one key: rights, use, recent calls, history and actions."""

from django.http import HttpRequest, HttpResponse

from keys import policies, policy_compliance, texts
from keys.models import ApiKey
from portal.dashboard.base import MemberView
from portal.presentation import key_detail, mcp_clients, rotation_progress
from portal.presentation.pasted_keys import PastedKey


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
        pasted = PastedKey(key, self.member) if request.GET.get("done") == "pasted" else None
        if pasted is not None:
            context |= {"notice": str(pasted), "rotate_now": pasted.can_be_rotated(self.now)}
        return self.render("key.html", context | rotation_progress.build_context(key, self.now))

    def _policy_violations(self, key: ApiKey) -> list[str]:
        """Return why a key that the policy disabled cannot be enabled yet."""
        if key.disabled_reason != ApiKey.DisableReason.POLICY:
            return []
        broken = policy_compliance.check_key(policies.get_policy(self.member.workspace), key, self.now)
        return [texts.describe_violation(violation) for violation in broken.violations] if broken else []

"""Trying the API in the reference: with a read-only key of 15 minutes that lives in the open page's memory only."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator

from keys import lifecycle, policies, scopes, texts
from keys.audit import Actor, refusals_noted
from keys.exceptions import KeysError
from keys.models import ApiKey, Member
from portal.accounts.kept_forms import FormPage
from portal.dashboard import form_nonce, reveal
from portal.dashboard.base import MemberView
from portal.dashboard.rights_forms import offered_scopes
from portal.reference.views import allow_swagger_icons

LIFETIME = timedelta(minutes=15)
_IN_SESSION = "tried_with"  # ids of the keys, which say nothing; never their plaintexts


@method_decorator(allow_swagger_icons, name="post")
class TryIt(MemberView):
    """The answer is the reference, with the key handed to its script."""

    http_method_names = ["post"]
    form_page = FormPage(lambda: reverse("start"))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        allowed = offered_scopes(policies.policy_of(self.member.workspace).allowed_scopes)
        try:
            with refusals_noted("issue", by=self.by, now=self.now), transaction.atomic():
                form_nonce.use_up(self.sent.get("nonce", ""), self.member, now=self.now)
                end_trials(request, self.member, by=self.by, now=self.now)
                key, plaintext = lifecycle.issue(
                    owner=self.member,
                    name=f"try it {secrets.token_hex(2)}",
                    by=self.by,
                    now=self.now,
                    scopes=[scope for scope in allowed if scopes.only_reads(scope)],
                    allowed_addresses=[self.by.address] if self.by.address else [],
                    expires_at=self.now + LIFETIME,
                )
        except form_nonce.FormUsed:
            return self.already_sent()
        except KeysError as error:
            return self.refuse(texts.explain(error))
        request.session[_IN_SESSION] = [key.key_id]
        return reveal.deliver(request, key, plaintext, "dashboard/trial_key.html", {}, by=self.by)


def end_trials(request: HttpRequest, member: Member, *, by: Actor, now: datetime) -> None:
    """Revoke the keys that were made for trying in this session."""
    tried = request.session.pop(_IN_SESSION, [])
    for key in ApiKey.objects.filter(owner=member, key_id__in=tried, revoked_at__isnull=True):
        lifecycle.revoke(key=key, by=by, reason=ApiKey.RevokeReason.BY_HOLDER, now=now)

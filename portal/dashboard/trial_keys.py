"""Keys to try the API in the reference: they change nothing, work for 15 minutes, and only the open page knows them."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from keys import lifecycle, policies, texts
from keys.audit import Actor, recorded_denials
from keys.exceptions import KeysError
from keys.models import ApiKey, Member
from portal.accounts.kept_forms import FormPage
from portal.dashboard import form_nonce, reveal
from portal.dashboard.base import MemberView
from portal.reference.views import allow_swagger_icons

LIFETIME = timedelta(minutes=15)
_SESSION_KEY = "tried_with"  # key ids, never plaintexts


@method_decorator(allow_swagger_icons, name="post")
class TryApi(MemberView):
    """Create a trial key with all that the workspace allows, and return the reference with it. Its writes are dry runs."""

    http_method_names = ["post"]
    form_page = FormPage(lambda: reverse("start"))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        policy = policies.get_policy(self.member.workspace)
        try:
            with recorded_denials("issue", by=self.actor, now=self.now), transaction.atomic():
                form_nonce.consume(self.form_data.get("nonce", ""), self.member, now=self.now)
                revoke_trial_keys(request, self.member, by=self.actor, now=self.now)
                key, plaintext = lifecycle.issue(
                    owner=self.member,
                    name=f"try it {secrets.token_hex(2)}",
                    by=self.actor,
                    now=self.now,
                    purpose=_("To try the API. It changes nothing: each write is a dry run."),
                    scopes=policies.widest_scopes(policy),
                    allowed_addresses=[self.actor.address] if self.actor.address else [],
                    expires_at=self.now + LIFETIME,
                    is_trial=True,
                )
        except form_nonce.FormAlreadySent:
            return self.form_already_sent()
        except KeysError as error:
            return self.conflict(texts.error_message(error))
        request.session[_SESSION_KEY] = [key.key_id]
        return reveal.stream_page(request, key, plaintext, "dashboard/trial_key.html", {}, by=self.actor)


def revoke_trial_keys(request: HttpRequest, member: Member, *, by: Actor, now: datetime) -> None:
    """Revoke the trial keys of this session."""
    key_ids = request.session.pop(_SESSION_KEY, [])
    for key in ApiKey.objects.filter(owner=member, key_id__in=key_ids, revoked_at__isnull=True):
        lifecycle.revoke(key=key, by=by, reason=ApiKey.RevokeReason.BY_HOLDER, now=now)

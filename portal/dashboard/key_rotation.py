"""The pages that rotate and renew a key. They show the new key once."""

from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from keys import lifecycle, policies, texts
from keys.audit import recorded_denials
from keys.exceptions import KeysError
from keys.key_format import Plaintext
from keys.lifecycle import GRACE_PERIODS
from keys.models import ApiKey
from portal.accounts.kept_forms import FormPage
from portal.dashboard import form_nonce, reveal
from portal.dashboard.base import MemberView
from portal.dashboard.expiry_forms import RenewForm, grace_field
from portal.dashboard.key_changes import key_url
from portal.presentation.forms import BaseForm
from pumble_bridge import channel_membership


class RotateForm(BaseForm):
    grace = grace_field()

    def add_domain_error(self, error: KeysError) -> None:
        self.add_error(None, texts.error_message(error))


class RotateKey(MemberView):
    """The form that replaces a key, and the page with its successor.

    Attributes:
        attempt: what the audit log calls an attempt that is not allowed.
    """

    form_page = FormPage(fields=("grace",))
    template: ClassVar[str] = "rotate.html"
    attempt: ClassVar[str] = "rotate"

    def get(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.get_key(key_id)
        if self.has_ended(key):
            return redirect(key_url(key))
        form = self.build_form(key)
        form.restore(self.kept_data)
        return self._render_form(key, form)

    def post(self, request: HttpRequest, key_id: str) -> HttpResponseBase:
        key = self.get_key(key_id)
        form = self.build_form(key, self.form_data)
        if not form.is_valid() or self.pasted_keys:
            form.add_pasted_key_errors(self.pasted_keys)
            return self._render_form(key, form, status=400)
        try:
            channel_membership.require_access_to_key(self.member, key)
            with recorded_denials(self.attempt, by=self.actor, now=self.now), transaction.atomic():
                form_nonce.consume(self.form_data.get("nonce", ""), self.member, now=self.now)
                successor, plaintext = self.create_successor(key, form)
        except form_nonce.FormAlreadySent:
            return self.form_already_sent()
        except KeysError as error:
            form.add_domain_error(error)
            return self._render_form(key, form, status=400)
        return reveal.reveal_key(
            request, successor, plaintext, member=self.member, by=self.actor, replaced=key
        )

    def build_form(self, key: ApiKey, *args: Any) -> Any:
        return RotateForm(*args)

    def create_successor(self, key: ApiKey, form: Any) -> tuple[ApiKey, Plaintext]:
        """Return the pending successor and its plaintext.

        Raises:
            KeysError
        """
        grace = GRACE_PERIODS[form.cleaned_data["grace"]]
        return lifecycle.rotate(key=key, grace=grace, by=self.actor, now=self.now)

    def _render_form(self, key: ApiKey, form: Any, *, status: int = 200) -> HttpResponse:
        older = key.replaces
        context = {
            "key": key,
            "form": form,
            "nonce": form_nonce.create(self.member),
            "older": older if older and not older.state(self.now).is_over else None,
        }
        return self.render(self.template, context, status=status)


class RenewKey(RotateKey):
    form_page = FormPage(fields=("expiry", "until", "grace"))
    template = "renew.html"
    attempt = "renew"

    def build_form(self, key: ApiKey, *args: Any) -> RenewForm:
        policy = policies.get_policy(self.member.workspace)
        return RenewForm(*args, key=key, policy=policy, now=self.now)

    def create_successor(self, key: ApiKey, form: RenewForm) -> tuple[ApiKey, Plaintext]:
        grace = GRACE_PERIODS[form.cleaned_data["grace"]]
        return lifecycle.renew(key=key, expires_at=form.expires_at, grace=grace, by=self.actor, now=self.now)

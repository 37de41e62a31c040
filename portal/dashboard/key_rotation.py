"""The page that rotates a key. It shows the new key once."""

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from keys import lifecycle, texts
from keys.audit import recorded_denials
from keys.exceptions import KeysError
from keys.lifecycle import GRACE_PERIODS
from keys.models import ApiKey
from portal.accounts.kept_forms import FormPage
from portal.dashboard import form_nonce, reveal
from portal.dashboard.base import MemberView
from portal.dashboard.key_changes import key_url
from portal.presentation.forms import BaseForm


class RotateForm(BaseForm):
    grace = forms.ChoiceField(
        label=_("How long the old key keeps working"),
        choices=[
            ("24h", _("24 hours")),
            ("7d", _("7 days")),
            ("1h", _("1 hour")),
            ("now", _("It stops as soon as the new key is shown")),
        ],
        initial="24h",
        widget=forms.RadioSelect,
    )


class RotateKey(MemberView):
    form_page = FormPage(fields=("grace",))

    def get(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.get_key(key_id)
        if self.has_ended(key):
            return redirect(key_url(key))
        form = RotateForm()
        form.restore(self.kept_data)
        return self._render_form(key, form)

    def post(self, request: HttpRequest, key_id: str) -> HttpResponseBase:
        key = self.get_key(key_id)
        form = RotateForm(self.form_data)
        if not form.is_valid() or self.pasted_keys:
            form.add_pasted_key_errors(self.pasted_keys)
            return self._render_form(key, form, status=400)
        try:
            with recorded_denials("rotate", by=self.actor, now=self.now), transaction.atomic():
                form_nonce.consume(self.form_data.get("nonce", ""), self.member, now=self.now)
                grace = GRACE_PERIODS[form.cleaned_data["grace"]]
                successor, plaintext = lifecycle.rotate(key=key, grace=grace, by=self.actor, now=self.now)
        except form_nonce.FormAlreadySent:
            return self.form_already_sent()
        except KeysError as error:
            form.add_error(None, texts.error_message(error))
            return self._render_form(key, form, status=400)
        return reveal.reveal_key(
            request, successor, plaintext, member=self.member, by=self.actor, replaced=key
        )

    def _render_form(self, key: ApiKey, form: RotateForm, *, status: int = 200) -> HttpResponse:
        context = {"key": key, "form": form, "nonce": form_nonce.create(self.member)}
        return self.render("rotate.html", context, status=status)

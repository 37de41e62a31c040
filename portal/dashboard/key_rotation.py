"""A new key in the place of an old one, shown form_nonce."""

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from keys import lifecycle, texts
from keys.audit import refusals_noted
from keys.exceptions import KeysError
from keys.lifecycle import GRACES
from keys.models import ApiKey
from portal.accounts.kept_forms import FormPage
from portal.dashboard import form_nonce, reveal
from portal.dashboard.base import MemberView
from portal.dashboard.key_changes import key_url
from portal.presentation.forms import PageForm


class RotateForm(PageForm):
    grace = forms.ChoiceField(
        label=_("The old key keeps working for"),
        choices=[
            ("24h", _("24 hours")),
            ("7d", _("7 days")),
            ("1h", _("1 hour")),
            ("now", _("not at all: it stops as soon as the new one is shown")),
        ],
        initial="24h",
        widget=forms.RadioSelect,
    )


class Rotate(MemberView):
    form_page = FormPage(fields=("grace",))

    def get(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.own_key(key_id)
        if self.is_over(key):
            return redirect(key_url(key))
        form = RotateForm()
        form.fill(self.kept)
        return self._form(key, form)

    def post(self, request: HttpRequest, key_id: str) -> HttpResponseBase:
        key = self.own_key(key_id)
        form = RotateForm(self.sent)
        if not form.is_valid() or self.pasted:
            form.say_pasted(self.pasted)
            return self._form(key, form, status=400)
        try:
            with refusals_noted("rotate", by=self.by, now=self.now), transaction.atomic():
                form_nonce.use_up(self.sent.get("nonce", ""), self.member, now=self.now)
                grace = GRACES[form.cleaned_data["grace"]]
                successor, plaintext = lifecycle.rotate(key=key, grace=grace, by=self.by, now=self.now)
        except form_nonce.FormUsed:
            return self.already_sent()
        except KeysError as error:
            form.add_error(None, texts.explain(error))
            return self._form(key, form, status=400)
        return reveal.show(request, successor, plaintext, member=self.member, by=self.by, replaced=key)

    def _form(self, key: ApiKey, form: RotateForm, *, status: int = 200) -> HttpResponse:
        context = {"key": key, "form": form, "nonce": form_nonce.new_nonce(self.member)}
        return self.page("rotate.html", context, status=status)

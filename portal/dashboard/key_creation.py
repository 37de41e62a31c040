"""Making a key: the form, the sentence that says what would come of it, the key itself shown form_nonce."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from keys import lifecycle, permissions, policies, texts
from keys.audit import refusals_noted
from keys.exceptions import KeysError
from keys.models import ApiKey
from portal.accounts.kept_forms import FormPage
from portal.dashboard import form_nonce, prefill, reveal
from portal.dashboard.base import MemberView
from portal.dashboard.channels import own_channels
from portal.dashboard.rights_forms import CreateForm


class CreateKey(MemberView):
    """The form can be opened filled in: `?name=deploy&preset=post-messages`."""

    form_page = FormPage(fields=tuple(prefill.FIELDS))

    def get(self, request: HttpRequest) -> HttpResponse:
        terms = policies.policy_of(self.member.workspace)
        try:
            permissions.require_may_issue(terms, self.member, self.by)
            policies.require_room(terms, ApiKey.objects.filter(owner=self.member).current(self.now).count())
        except KeysError as error:
            return self.page("cannot_create_key.html", {"why": texts.explain(error)}, status=403)
        options: dict[str, Any] = {"terms": terms, "now": self.now, "channels": own_channels(self.member)}
        form = CreateForm(initial=prefill.read(request.GET), **options)
        form.fill(self.kept)
        filled = CreateForm(form.values(), **options)
        wrong = prefill.list_not_understood(request.GET, filled) if self.kept is None else ()
        return self._form(form, sentence=filled.sentence, wrong=wrong)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = CreateForm(
            self.sent,
            terms=policies.policy_of(self.member.workspace),
            now=self.now,
            channels=own_channels(self.member),
            pasted=self.pasted,
        )
        valid = form.is_valid()
        if "preview" in self.sent:
            return self._form(form)
        if not valid or form.rights is None:
            return self._form(form, status=400)
        wanted = form.rights
        try:
            with refusals_noted("issue", by=self.by, now=self.now), transaction.atomic():
                form_nonce.use_up(self.sent.get("nonce", ""), self.member, now=self.now)
                key, plaintext = lifecycle.issue(
                    owner=self.member,
                    name=form.cleaned_data["name"],
                    by=self.by,
                    now=self.now,
                    scopes=wanted.scopes,
                    channels=wanted.channels,
                    allowed_addresses=wanted.allowed_addresses,
                    calls_per_minute=wanted.calls_per_minute,
                    expires_at=wanted.expires_at,
                    purpose=form.cleaned_data["purpose"],
                )
        except form_nonce.FormUsed:
            return self.already_sent()
        except KeysError as error:
            form.refuse(error)
            return self._form(form, status=400)
        return reveal.show(request, key, plaintext, member=self.member, by=self.by)

    def _form(
        self, form: CreateForm, *, sentence: str | None = None, wrong: Sequence[str] = (), status: int = 200
    ) -> HttpResponse:
        terms = policies.policy_of(self.member.workspace)
        context = {
            "form": form,
            "wrong_in_link": wrong,
            "sentence": form.sentence if sentence is None else sentence,
            "terms": terms,
            "longest": texts.days(terms.largest_lifetime) if terms.largest_lifetime else "",
            "nonce": self.sent.get("nonce") or form_nonce.new_nonce(self.member),
            "pumble_away": form.named is None,
        }
        return self.page("create_key.html", context, status=status)

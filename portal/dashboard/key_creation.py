"""The page that creates a key. It shows a summary of the key's rights, and then the key, once."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from keys import lifecycle, permissions, policies, texts
from keys.audit import recorded_denials
from keys.exceptions import KeysError
from keys.models import ApiKey, Member
from portal.accounts.kept_forms import FormPage
from portal.dashboard import form_nonce, prefill, reveal
from portal.dashboard.base import MemberView
from portal.dashboard.channels import list_member_channels
from portal.dashboard.rights_forms import CreateForm


class CreateKey(MemberView):
    """The form that creates a key. A link can fill it in: `?name=deploy&preset=post-messages`."""

    form_page = FormPage(fields=tuple(prefill.LINK_FIELDS))
    form_class: ClassVar[type[CreateForm]] = CreateForm
    template: ClassVar[str] = "create_key.html"

    def find_owner(self) -> Member:
        """Return the owner of the new key.

        Raises:
            KeysError: there can be no such key.
        """
        return self.member

    def form_options(self) -> dict[str, Any]:
        """Return more arguments of the form."""
        return {}

    def prepare(self, form: CreateForm) -> dict[str, Any]:
        """Return more arguments for `lifecycle.issue`. Pumble can be asked here, before the transaction.

        Raises:
            KeysError
        """
        return {}

    def get(self, request: HttpRequest) -> HttpResponse:
        terms = policies.get_policy(self.member.workspace)
        try:
            owner = self.find_owner()
            permissions.require_can_issue(terms, owner, self.actor)
            policies.require_below_key_limit(
                terms, ApiKey.objects.filter(owner=owner).current(self.now).count()
            )
        except KeysError as error:
            return self.render("cannot_create_key.html", {"why": texts.error_message(error)}, status=403)
        options: dict[str, Any] = {
            "terms": terms,
            "now": self.now,
            "channels": list_member_channels(self.member),
            **self.form_options(),
        }
        form = self.form_class(initial=prefill.read_link(request.GET), **options)
        form.restore(self.kept_data)
        bound_form = self.form_class(form.values(), **options)
        invalid_parts = prefill.find_invalid_parts(request.GET, bound_form) if self.kept_data is None else ()
        return self._render_form(form, summary=bound_form.summary, invalid_parts=invalid_parts)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = self.form_class(
            self.form_data,
            terms=policies.get_policy(self.member.workspace),
            now=self.now,
            channels=list_member_channels(self.member),
            pasted=self.pasted_keys,
            **self.form_options(),
        )
        valid = form.is_valid()
        if "preview" in self.form_data:
            return self._render_form(form)
        if not valid or form.rights is None:
            return self._render_form(form, status=400)
        rights = form.rights
        try:
            owner, more = self.find_owner(), self.prepare(form)
            with recorded_denials("issue", by=self.actor, now=self.now), transaction.atomic():
                form_nonce.consume(self.form_data.get("nonce", ""), self.member, now=self.now)
                key, plaintext = lifecycle.issue(
                    owner=owner,
                    name=form.cleaned_data["name"],
                    by=self.actor,
                    now=self.now,
                    scopes=rights.scopes,
                    channels=rights.channels,
                    allowed_addresses=rights.allowed_addresses,
                    calls_per_minute=rights.calls_per_minute,
                    expires_at=rights.expires_at,
                    purpose=form.cleaned_data["purpose"],
                    **more,
                )
        except form_nonce.FormAlreadySent:
            return self.form_already_sent()
        except KeysError as error:
            form.add_domain_error(error)
            return self._render_form(form, status=400)
        return reveal.reveal_key(request, key, plaintext, member=self.member, by=self.actor)

    def _render_form(
        self,
        form: CreateForm,
        *,
        summary: str | None = None,
        invalid_parts: Sequence[str] = (),
        status: int = 200,
    ) -> HttpResponse:
        terms = policies.get_policy(self.member.workspace)
        context = {
            "form": form,
            "invalid_link_parts": invalid_parts,
            "summary": form.summary if summary is None else summary,
            "terms": terms,
            "max_lifetime": texts.format_days(terms.max_lifetime) if terms.max_lifetime else "",
            "nonce": self.form_data.get("nonce") or form_nonce.create(self.member),
            "pumble_away": form.channel_names is None,
        }
        return self.render(self.template, context, status=status)

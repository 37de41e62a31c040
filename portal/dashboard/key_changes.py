"""The pages that change or delete a key: rename, reduce permissions, disable, enable, finish a rotation, delete."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from keys import lifecycle, selectors, texts
from keys.exceptions import KeysError
from keys.lifecycle import MAX_NAME_LENGTH
from keys.models import ApiKey
from portal.accounts.kept_forms import FormPage
from portal.dashboard.base import MemberView
from portal.dashboard.channels import list_member_channels
from portal.dashboard.rights_forms import RIGHTS_FIELDS, NarrowForm
from portal.presentation.forms import (
    BaseForm,
    ConfirmationField,
    NameField,
    TickedField,
    set_created_label,
    set_successor_label,
)
from pumble_bridge.events import feed


class RenameForm(BaseForm):
    name = NameField(
        label=gettext_lazy("Name"),
        max_length=MAX_NAME_LENGTH,
        required=False,
        help_text=gettext_lazy("1 to 64 characters."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def key_url(key: ApiKey, done: str = "") -> str:
    return reverse("key", args=[key.key_id]) + (f"?done={done}" if done else "")


def list_url(key: ApiKey) -> str:
    """Return the URL of the list that has the key."""
    return reverse("workspace-keys" if key.is_workspace_key else "start")


def key_page_url(key_id: str) -> str:
    return reverse("key", args=[key_id])


class RenameKey(MemberView):
    form_page = FormPage(fields=("name",))

    def get(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.get_key(key_id)
        if self.has_ended(key):
            return redirect(key_url(key))
        form = RenameForm(initial={"name": key.name})
        form.restore(self.kept_data)
        return self._render_form(key, form)

    def post(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.get_key(key_id)
        form = RenameForm(self.form_data)
        if form.is_valid() and not self.pasted_keys:
            try:
                lifecycle.rename(key=key, name=form.cleaned_data["name"], by=self.actor, now=self.now)
            except KeysError as error:
                form.add_error("name", texts.error_message(error))
            else:
                return redirect(key_url(key, "renamed"))
        form.add_pasted_key_errors(self.pasted_keys)
        return self._render_form(key, form, status=400)

    def _render_form(self, key: ApiKey, form: RenameForm, *, status: int = 200) -> HttpResponse:
        return self.render("rename.html", {"key": key, "form": form}, status=status)


class NarrowKey(MemberView):
    form_page = FormPage(fields=RIGHTS_FIELDS)

    def get(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.get_key(key_id)
        if self.has_ended(key):
            return redirect(key_url(key))
        form = self._build_form(key)
        if self.kept_data is None:
            summary = texts.describe_rights(key.rights, now=self.now, holder=form.acts_as)
            return self._render_form(key, form, summary=summary)
        form.restore(self.kept_data)
        return self._render_form(key, form, summary=self._build_form(key, form.values()).summary)

    def post(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.get_key(key_id)
        form = self._build_form(key, self.form_data, pasted=self.pasted_keys)
        valid = form.is_valid()
        if "preview" in self.form_data:
            return self._render_form(key, form)
        if valid and form.rights is not None:
            try:
                lifecycle.narrow(key=key, rights=form.rights, by=self.actor, now=self.now)
            except KeysError as error:
                form.add_domain_error(error)
            else:
                return redirect(key_url(key, "narrowed"))
        return self._render_form(key, form, status=400)

    def _build_form(self, key: ApiKey, *args: Any, **kwargs: Any) -> NarrowForm:
        channels = key.channels
        if channels is None:
            channels = {} if key.is_workspace_key else list_member_channels(self.member)
        return NarrowForm(*args, key=key, now=self.now, channels=channels, **kwargs)

    def _render_form(
        self, key: ApiKey, form: NarrowForm, *, summary: str | None = None, status: int = 200
    ) -> HttpResponse:
        context = {
            "key": key,
            "form": form,
            "summary": form.summary if summary is None else summary,
            "pumble_away": form.channel_names is None,
        }
        return self.render("narrow.html", context, status=status)


class _KeyToggle(MemberView):
    """A change with one click, without a page of its own."""

    http_method_names = ["post"]
    form_page = FormPage(key_page_url)
    done: ClassVar[str]

    def post(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.get_key(key_id)
        try:
            self.toggle(key, self.now)
        except KeysError as error:
            return self.conflict(texts.error_message(error))
        return redirect(key_url(key, self.done))

    def toggle(self, key: ApiKey, now: datetime) -> None:
        raise NotImplementedError


class DisableKey(_KeyToggle):
    done = "disabled"

    def toggle(self, key: ApiKey, now: datetime) -> None:
        with_successor = "with_successor" in self.form_data
        lifecycle.disable(key=key, by=self.actor, now=now, with_successor=with_successor)


class EnableKey(_KeyToggle):
    done = "enabled"

    def toggle(self, key: ApiKey, now: datetime) -> None:
        lifecycle.enable(key=key, by=self.actor, now=now)


class StopListening(_KeyToggle):
    done = "not-listening"

    def toggle(self, key: ApiKey, now: datetime) -> None:
        feed.stop_listening(key, by=self.actor, now=now)


class FinishRotation(_KeyToggle):
    done = "finished"

    def toggle(self, key: ApiKey, now: datetime) -> None:
        lifecycle.finish_rotation(key=key, by=self.actor, now=now)


class DeleteForm(BaseForm):
    """The confirmation of a deletion. Its successor and the keys that it created are deleted too, unless unticked."""

    with_successor = TickedField()
    with_created = TickedField()

    def __init__(
        self, *args: Any, key: ApiKey, successor: ApiKey | None, now: datetime, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        number = selectors.list_created_keys([key], now).count()
        label = ngettext(
            "Also delete the %(n)s key that it created", "Also delete the %(n)s keys that it created", number
        )
        set_created_label(self, label, number)
        self.successor = successor
        set_successor_label(self, _("Also delete its successor %(key)s"), [successor] if successor else [])
        if key.is_in_use(now) or (successor is not None and successor.is_in_use(now)):
            self.fields["confirm"] = ConfirmationField(key.name, _("This is not the name of the key."))


class DeleteKey(MemberView):
    form_page = FormPage()

    def get(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.get_key(key_id)
        if self.has_ended(key):
            return redirect(key_url(key))
        form = self._build_form(key)
        form.restore(self.kept_data)
        return self._render_form(key, form)

    def post(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.get_key(key_id)
        form = self._build_form(key, self.form_data)
        if not form.is_valid() or self.pasted_keys:
            form.add_pasted_key_errors(self.pasted_keys)
            return self._render_form(key, form, status=400)
        try:
            lifecycle.revoke(
                key=key,
                by=self.actor,
                reason=lifecycle.revoke_reason(key.holder, self.actor),
                now=self.now,
                with_successor=bool(form.cleaned_data.get("with_successor")),
                with_created=bool(form.cleaned_data.get("with_created")),
            )
        except KeysError as error:
            return self.conflict(texts.error_message(error))
        return redirect(f"{list_url(key)}?done=deleted&key={key.key_id}")

    def _build_form(self, key: ApiKey, *args: Any) -> DeleteForm:
        successor = selectors.find_successor(key, self.now)
        return DeleteForm(*args, key=key, successor=successor, now=self.now)

    def _render_form(self, key: ApiKey, form: DeleteForm, *, status: int = 200) -> HttpResponse:
        context = {"key": key, "form": form, "successor": form.successor}
        return self.render("delete.html", context, status=status)

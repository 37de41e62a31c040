"""Changes of a key that can be taken back or that make it weaker: rename, narrow, disable, enable."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys import lifecycle, texts
from keys.exceptions import KeysError
from keys.lifecycle import MAX_NAME_LENGTH
from keys.models import ApiKey
from portal.accounts.kept_forms import FormPage
from portal.dashboard.base import MemberView
from portal.dashboard.channels import own_channels
from portal.dashboard.rights_forms import RIGHTS_FIELDS, NarrowForm
from portal.presentation.forms import ConfirmationField, NameField, PageForm


class RenameForm(PageForm):
    name = NameField(
        label=gettext_lazy("Name"),
        max_length=MAX_NAME_LENGTH,
        required=False,
        help_text=gettext_lazy("1 to 64 characters."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def key_url(key: ApiKey, done: str = "") -> str:
    return reverse("key", args=[key.key_id]) + (f"?done={done}" if done else "")


def key_page(key_id: str) -> str:
    return reverse("key", args=[key_id])


class Rename(MemberView):
    form_page = FormPage(fields=("name",))

    def get(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.own_key(key_id)
        if self.is_over(key):
            return redirect(key_url(key))
        form = RenameForm(initial={"name": key.name})
        form.fill(self.kept)
        return self._form(key, form)

    def post(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.own_key(key_id)
        form = RenameForm(self.sent)
        if form.is_valid() and not self.pasted:
            try:
                lifecycle.rename(key=key, name=form.cleaned_data["name"], by=self.by, now=self.now)
            except KeysError as error:
                form.add_error("name", texts.explain(error))
            else:
                return redirect(key_url(key, "renamed"))
        form.say_pasted(self.pasted)
        return self._form(key, form, status=400)

    def _form(self, key: ApiKey, form: RenameForm, *, status: int = 200) -> HttpResponse:
        return self.page("rename.html", {"key": key, "form": form}, status=status)


class Narrow(MemberView):
    form_page = FormPage(fields=RIGHTS_FIELDS)

    def get(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.own_key(key_id)
        if self.is_over(key):
            return redirect(key_url(key))
        form = self._make(key)
        if self.kept is None:
            return self._form(key, form, sentence=texts.sentence(key.rights, now=self.now))
        form.fill(self.kept)
        return self._form(key, form, sentence=self._make(key, form.values()).sentence)

    def post(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.own_key(key_id)
        form = self._make(key, self.sent, pasted=self.pasted)
        valid = form.is_valid()
        if "preview" in self.sent:
            return self._form(key, form)
        if valid and form.rights is not None:
            try:
                lifecycle.narrow(key=key, rights=form.rights, by=self.by, now=self.now)
            except KeysError as error:
                form.refuse(error)
            else:
                return redirect(key_url(key, "narrowed"))
        return self._form(key, form, status=400)

    def _make(self, key: ApiKey, *args: Any, **kwargs: Any) -> NarrowForm:
        channels = key.channels if key.channels is not None else own_channels(self.member)
        return NarrowForm(*args, key=key, now=self.now, channels=channels, **kwargs)

    def _form(
        self, key: ApiKey, form: NarrowForm, *, sentence: str | None = None, status: int = 200
    ) -> HttpResponse:
        context = {
            "key": key,
            "form": form,
            "sentence": form.sentence if sentence is None else sentence,
            "pumble_away": form.named is None,
        }
        return self.page("narrow.html", context, status=status)


class _Switch(MemberView):
    """One click, and another takes it back."""

    http_method_names = ["post"]
    form_page = FormPage(key_page)
    done: ClassVar[str]

    def post(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.own_key(key_id)
        try:
            self.switch(key, self.now)
        except KeysError as error:
            return self.refuse(texts.explain(error))
        return redirect(key_url(key, self.done))

    def switch(self, key: ApiKey, now: datetime) -> None:
        raise NotImplementedError


class Disable(_Switch):
    done = "disabled"

    def switch(self, key: ApiKey, now: datetime) -> None:
        lifecycle.disable(key=key, by=self.by, now=now)


class Enable(_Switch):
    done = "enabled"

    def switch(self, key: ApiKey, now: datetime) -> None:
        lifecycle.enable(key=key, by=self.by, now=now)


class FinishRotation(_Switch):
    done = "finished"

    def switch(self, key: ApiKey, now: datetime) -> None:
        lifecycle.finish_rotation(key=key, by=self.by, now=now)


class DeleteForm(PageForm):
    def __init__(self, *args: Any, key: ApiKey, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if key.is_in_use(now):
            self.fields["confirm"] = ConfirmationField(key.name, _("That is not the key's name."))


class Delete(MemberView):
    form_page = FormPage()

    def get(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.own_key(key_id)
        if self.is_over(key):
            return redirect(key_url(key))
        form = DeleteForm(key=key, now=self.now)
        form.fill(self.kept)
        return self._form(key, form)

    def post(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.own_key(key_id)
        form = DeleteForm(self.sent, key=key, now=self.now)
        if not form.is_valid() or self.pasted:
            form.say_pasted(self.pasted)
            return self._form(key, form, status=400)
        try:
            lifecycle.revoke(key=key, by=self.by, reason=ApiKey.RevokeReason.BY_HOLDER, now=self.now)
        except KeysError as error:
            return self.refuse(texts.explain(error))
        return redirect("/?done=deleted")

    def _form(self, key: ApiKey, form: DeleteForm, *, status: int = 200) -> HttpResponse:
        return self.page("delete.html", {"key": key, "form": form}, status=status)

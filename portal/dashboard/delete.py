"""The end of a key. One that was in use within a day asks for its name."""

from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from keys import lifecycle, spelling, wording
from keys.exceptions import KeysError
from keys.models import ApiKey
from portal.dashboard.change import key_url
from portal.dashboard.door import MemberView
from portal.dashboard.page_form import PageForm
from portal.kept_forms import FormPage

_RECENTLY = timedelta(hours=24)


class DeleteForm(PageForm):
    confirm = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, key: ApiKey, in_use: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = key.name
        self.fields["confirm"].label = _("Type %(name)s to confirm") % {"name": key.name}
        if not in_use:
            del self.fields["confirm"]

    def clean_confirm(self) -> str:
        typed = spelling.normalize(str(self.cleaned_data["confirm"]))
        if spelling.fold(typed) != spelling.fold(self.name):
            raise forms.ValidationError(_("That is not the key's name."))
        return typed


class Delete(MemberView):
    form_page = FormPage(fields=("confirm",))

    def get(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.own_key(key_id)
        if self.is_over(key):
            return redirect(key_url(key))
        form = DeleteForm(key=key, in_use=self._in_use(key))
        form.fill(self.kept)
        return self._form(key, form)

    def post(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.own_key(key_id)
        form = DeleteForm(self.sent, key=key, in_use=self._in_use(key))
        if not form.is_valid() or self.pasted:
            form.say_pasted(self.pasted)
            return self._form(key, form, status=400)
        try:
            lifecycle.revoke(key=key, by=self.by, reason=ApiKey.RevokeReason.BY_HOLDER, now=self.now)
        except KeysError as error:
            return self.refuse(wording.explain(error))
        return redirect("/?done=deleted")

    def _in_use(self, key: ApiKey) -> bool:
        last = getattr(key, "last_use", None)
        return last is not None and last.at > self.now - _RECENTLY

    def _form(self, key: ApiKey, form: DeleteForm, *, status: int = 200) -> HttpResponse:
        return self.page("delete.html", {"key": key, "form": form}, status=status)

"""The page on which people delete a key. A key that is in use is deleted only with its name."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from keys import lifecycle, wording
from keys.exceptions import KeysError
from keys.models import ApiKey
from portal.dashboard.change import key_url
from portal.dashboard.door import MemberView
from portal.dashboard.page_form import ConfirmationField, PageForm
from portal.kept_forms import FormPage


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
            return self.refuse(wording.explain(error))
        return redirect("/?done=deleted")

    def _form(self, key: ApiKey, form: DeleteForm, *, status: int = 200) -> HttpResponse:
        return self.page("delete.html", {"key": key, "form": form}, status=status)

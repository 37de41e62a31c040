"""The page that stops all keys of a member. It asks for a reason and a confirmation."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from keys import lifecycle, selectors
from keys.lifecycle import MAX_NOTE_LENGTH
from keys.models import ApiKey, Member
from portal.admin.viewer import get_actor
from portal.presentation.forms import BaseForm, ConfirmationField
from portal.presentation.pasted_keys import extract_pasted_keys

MAX_LISTED = 50
DISABLE, REVOKE = "disable", "revoke"


class StopAllForm(BaseForm):
    how = forms.ChoiceField(
        label=gettext_lazy("How"),
        choices=[
            (DISABLE, gettext_lazy("Disable them. Owners and administrators can enable them again.")),
            (REVOKE, gettext_lazy("Revoke them. This cannot be undone.")),
        ],
        initial=DISABLE,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=MAX_NOTE_LENGTH,
        help_text=gettext_lazy("The holder of the keys gets this text."),
        error_messages={"required": gettext_lazy("Enter a reason. The holder of the keys sees it.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, number: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        error = _("Type exactly %(text)s.") % {"text": number}
        self.fields["typed"] = ConfirmationField(str(number), error, max_length=MAX_NOTE_LENGTH)

    def clean_reason(self) -> str:
        reason = lifecycle.clean_note(str(self.cleaned_data["reason"]))
        if not reason:
            raise forms.ValidationError(self.fields["reason"].error_messages["required"])
        return reason


def read_form(request: HttpRequest, member: Member) -> StopAllForm:
    """Return the form, with what was sent."""
    number = list_live_keys(member).count()
    if request.method != "POST":
        return StopAllForm(number=number)
    data, pasted = extract_pasted_keys(request.POST, by=get_actor(request), now=timezone.now())
    form = StopAllForm(data, number=number)
    form.is_valid()
    form.add_pasted_key_errors(pasted)
    return form


def stop(request: HttpRequest, member: Member, form: StopAllForm) -> HttpResponse:
    """Stop the keys as the valid form says, and return to the member."""
    by, now, note = get_actor(request), timezone.now(), form.cleaned_data["reason"]
    is_final = form.cleaned_data["how"] == REVOKE
    reason = lifecycle.revoke_reason(member, by) if is_final else None
    number = lifecycle.stop_all(owner=member, by=by, now=now, reason=reason, note=note)
    if is_final:
        text = ngettext("%(n)s key is revoked.", "%(n)s keys are revoked.", number)
    else:
        text = ngettext("%(n)s key is disabled.", "%(n)s keys are disabled.", number)
    messages.success(request, text % {"n": number})
    return redirect("admin:keys_member_change", member.pk)


def list_live_keys(member: Member) -> Any:
    """Return the live keys of the member, newest first, with the refused calls of those that never worked."""
    now = timezone.now()
    keys = ApiKey.objects.filter(owner=member).live(now).select_related("last_use")
    return selectors.with_calls(keys.order_by("-created_at", "-pk"), now)

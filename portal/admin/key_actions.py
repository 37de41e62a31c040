"""What owners and operators do to keys of others: revoke, disable, enable; one or many, never without being asked again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from keys import lifecycle, selectors, texts
from keys.audit import Actor
from keys.exceptions import KeysError
from keys.lifecycle import MAX_NOTE_LENGTH
from keys.models import ApiKey, Member
from portal.accounts.kept_forms import FormPage, form_page, get_kept_form
from portal.admin.site import site
from portal.admin.viewer import actor, viewer_of
from portal.presentation.forms import BaseForm, ConfirmationField
from portal.presentation.pasted_keys import extract_pasted_keys

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

MOST_AT_ONCE = 200
State = ApiKey.State


@dataclass(frozen=True)
class Verb:
    """Something that is done to keys.

    Attributes:
        fits: whether it can be done to a key in that state.
        reason: whether one is asked for: "required", "optional" or "".
        for_good: it cannot be taken back, so the name or the number of the keys is typed where much hangs on it.
    """

    name: str
    button: "StrPromise"
    fits: Callable[[ApiKey, datetime], bool]
    run: Callable[..., object]
    reason: str = ""
    for_good: bool = False

    @property
    def address(self) -> str:
        """The name of its page's address."""
        return f"admin:{self.name}-keys"

    def title(self, number: int) -> str:
        match self.name:
            case "revoke":
                text = ngettext("Revoke this API key?", "Revoke these %(n)s API keys?", number)
            case "disable":
                text = ngettext("Disable this API key?", "Disable these %(n)s API keys?", number)
            case _:
                text = ngettext("Enable this API key?", "Enable these %(n)s API keys?", number)
        return text % {"n": number}

    def consequence(self, number: int) -> str:
        """What it means for programs that use them."""
        match self.name:
            case "revoke":
                return ngettext(
                    "Anything using it stops working at once. This can't be undone.",
                    "Anything using them stops working at once. This can't be undone.",
                    number,
                )
            case "disable":
                return ngettext(
                    "Anything using it is refused until it is enabled again.",
                    "Anything using them is refused until they are enabled again.",
                    number,
                )
            case _:
                return ngettext(
                    "Anything using it works again at once.",
                    "Anything using them works again at once.",
                    number,
                )

    def done(self, number: int) -> str:
        match self.name:
            case "revoke":
                text = ngettext("%(n)s key is revoked.", "%(n)s keys are revoked.", number)
            case "disable":
                text = ngettext("%(n)s key is disabled.", "%(n)s keys are disabled.", number)
            case _:
                text = ngettext("%(n)s key works again.", "%(n)s keys work again.", number)
        return text % {"n": number}


def _revoke(key: ApiKey, *, by: Actor, now: datetime, note: str) -> None:
    reasons = ApiKey.RevokeReason
    if by.member == key.owner:
        reason = reasons.BY_HOLDER
    else:
        reason = reasons.BY_OPERATOR if by.member and by.member.is_superuser else reasons.BY_ADMINISTRATOR
    lifecycle.revoke(key=key, by=by, reason=reason, now=now, note=note)


def _disable(key: ApiKey, *, by: Actor, now: datetime, note: str) -> None:
    lifecycle.disable(key=key, by=by, now=now, note=note)


def _enable(key: ApiKey, *, by: Actor, now: datetime, note: str) -> None:
    lifecycle.enable(key=key, by=by, now=now)


REVOKE = Verb(
    name="revoke",
    button=gettext_lazy("Revoke"),
    fits=lambda key, now: not key.state(now).is_over,
    run=_revoke,
    reason="required",
    for_good=True,
)
DISABLE = Verb(
    name="disable",
    button=gettext_lazy("Disable"),
    fits=lambda key, now: key.state(now) in {State.ACTIVE, State.PENDING},
    run=_disable,
    reason="optional",
)
ENABLE = Verb(
    name="enable",
    button=gettext_lazy("Enable"),
    fits=lambda key, now: key.state(now) == State.DISABLED,
    run=_enable,
)
_CONFIRMED = FormPage(fields=("reason",), query=("key",))
VERBS = {verb.name: verb for verb in (REVOKE, DISABLE, ENABLE)}


class ConfirmForm(BaseForm):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=MAX_NOTE_LENGTH,
        help_text=gettext_lazy("The holder is told, in these words."),
        error_messages={"required": gettext_lazy("Say why: the holder wants to know.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, verb: Verb, asked: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if asked:
            self.fields["typed"] = ConfirmationField(
                asked, _("Type exactly %(text)s.") % {"text": asked}, max_length=MAX_NOTE_LENGTH
            )
        if not verb.reason:
            del self.fields["reason"]
        elif verb.reason == "optional":
            self.fields["reason"].required = False

    def clean_reason(self) -> str:
        reason = lifecycle.clean_note(str(self.cleaned_data["reason"]))
        if not reason and self.fields["reason"].required:
            raise forms.ValidationError(self.fields["reason"].error_messages["required"])
        return reason


def ask(request: HttpRequest, verb: Verb, chosen: Sequence[ApiKey]) -> HttpResponse:
    """The page that asks once more, and does nothing yet."""
    return _page(request, verb, chosen, None)


@form_page(_CONFIRMED)
def revoke(request: HttpRequest) -> HttpResponse:
    return _view(request, REVOKE)


@form_page(_CONFIRMED)
def disable(request: HttpRequest) -> HttpResponse:
    return _view(request, DISABLE)


@form_page(_CONFIRMED)
def enable(request: HttpRequest) -> HttpResponse:
    return _view(request, ENABLE)


def _view(request: HttpRequest, verb: Verb) -> HttpResponse:
    """GET asks, POST does. `key` names the keys by their ids.

    Raises:
        Http404: no key, too many, or one that is not there for the viewer.
    """
    now, by = timezone.now(), actor(request)
    sent, pasted = extract_pasted_keys(request.POST, by=by, now=now)
    wanted = set((sent if request.method == "POST" else request.GET).getlist("key"))
    chosen = list(_keys_of(viewer_of(request), wanted))
    if not wanted or len(wanted) > MOST_AT_ONCE or len(chosen) != len(wanted):
        raise Http404
    if request.method != "POST":
        return ask(request, verb, chosen)
    fitting = [key for key in chosen if verb.fits(key, now)]
    form = ConfirmForm(sent, verb=verb, asked=_what_to_type(verb, fitting, now))
    valid = form.is_valid()
    if not valid or pasted:
        form.add_pasted_key_errors(pasted)
        return _page(request, verb, chosen, form, status=400)
    _do(request, verb, fitting, by=by, now=now, note=form.cleaned_data.get("reason", ""))
    if len(chosen) == 1:
        return redirect("admin:keys_apikey_change", chosen[0].pk)
    return redirect("admin:keys_apikey_changelist")


def _keys_of(viewer: Member, key_ids: set[str]) -> Any:
    readable = {key_id for key_id in key_ids if key_id.isascii() and key_id.isalnum()}
    return selectors.list_keys(viewer).filter(key_id__in=readable)


def _do(
    request: HttpRequest, verb: Verb, keys: Sequence[ApiKey], *, by: Actor, now: datetime, note: str
) -> None:
    """Each key by itself, so that one that cannot be changed keeps no other from it."""
    done = 0
    for key in keys:
        try:
            verb.run(key, by=by, now=now, note=note)
        except KeysError as error:
            why = f"{key.name}: {texts.error_message(error)}"
            messages.error(request, why)
        else:
            done += 1
    messages.success(request, verb.done(done)) if done else messages.info(request, _("Nothing was changed."))


def _what_to_type(verb: Verb, keys: Sequence[ApiKey], now: datetime) -> str:
    """The name of a key that is in use, or the number of several; nothing where little hangs on it."""
    if not verb.for_good or not keys:
        return ""
    if len(keys) > 1:
        return str(len(keys))
    return keys[0].name if keys[0].is_in_use(now) else ""


def _page(
    request: HttpRequest, verb: Verb, chosen: Sequence[ApiKey], form: ConfirmForm | None, *, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    fitting = [key for key in chosen if verb.fits(key, now)]
    if form is None:
        form = ConfirmForm(verb=verb, asked=_what_to_type(verb, fitting, now))
        form.restore(get_kept_form(request))
    context = {
        "title": verb.title(len(fitting) or len(chosen)),
        "verb": verb,
        "consequence": verb.consequence(len(fitting)),
        "back": reverse("admin:keys_apikey_change", args=[chosen[0].pk])
        if len(chosen) == 1
        else reverse("admin:keys_apikey_changelist"),
        "fitting": fitting,
        "others": [key for key in chosen if key not in fitting],
        "form": form,
        "now": now,
    }
    return render(request, "admin/confirm.html", site.each_context(request) | context, status=status)

"""What owners and operators do to keys of others: revoke, disable, enable; one or many, never without a confirmation."""

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
from portal.admin.viewer import get_actor, get_viewer
from portal.presentation.forms import BaseForm, ConfirmationField
from portal.presentation.pasted_keys import extract_pasted_keys

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

MAX_BATCH_SIZE = 200
State = ApiKey.State


@dataclass(frozen=True)
class KeyAction:
    """Something that is done to keys.

    Attributes:
        is_applicable: whether it can be done to a key in that state.
        reason: whether a reason is asked for: "required", "optional" or "".
        irreversible: it cannot be taken back, so the name or the number of the keys is typed where much hangs on it.
    """

    name: str
    button: "StrPromise"
    is_applicable: Callable[[ApiKey, datetime], bool]
    run: Callable[..., object]
    reason: str = ""
    irreversible: bool = False

    @property
    def url_name(self) -> str:
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

    def done_message(self, number: int) -> str:
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


REVOKE = KeyAction(
    name="revoke",
    button=gettext_lazy("Revoke"),
    is_applicable=lambda key, now: not key.state(now).is_over,
    run=_revoke,
    reason="required",
    irreversible=True,
)
DISABLE = KeyAction(
    name="disable",
    button=gettext_lazy("Disable"),
    is_applicable=lambda key, now: key.state(now) in {State.ACTIVE, State.PENDING},
    run=_disable,
    reason="optional",
)
ENABLE = KeyAction(
    name="enable",
    button=gettext_lazy("Enable"),
    is_applicable=lambda key, now: key.state(now) == State.DISABLED,
    run=_enable,
)
_CONFIRM_PAGE = FormPage(fields=("reason",), query=("key",))
ACTIONS = {action.name: action for action in (REVOKE, DISABLE, ENABLE)}


class ConfirmForm(BaseForm):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=MAX_NOTE_LENGTH,
        help_text=gettext_lazy("The holder is told, in these words."),
        error_messages={"required": gettext_lazy("Say why: the holder wants to know.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, action: KeyAction, confirmation_text: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if confirmation_text:
            self.fields["typed"] = ConfirmationField(
                confirmation_text,
                _("Type exactly %(text)s.") % {"text": confirmation_text},
                max_length=MAX_NOTE_LENGTH,
            )
        if not action.reason:
            del self.fields["reason"]
        elif action.reason == "optional":
            self.fields["reason"].required = False

    def clean_reason(self) -> str:
        reason = lifecycle.clean_note(str(self.cleaned_data["reason"]))
        if not reason and self.fields["reason"].required:
            raise forms.ValidationError(self.fields["reason"].error_messages["required"])
        return reason


def confirmation_page(request: HttpRequest, action: KeyAction, chosen: Sequence[ApiKey]) -> HttpResponse:
    """The page that asks once more, and does nothing yet."""
    return _page(request, action, chosen, None)


@form_page(_CONFIRM_PAGE)
def revoke(request: HttpRequest) -> HttpResponse:
    return _view(request, REVOKE)


@form_page(_CONFIRM_PAGE)
def disable(request: HttpRequest) -> HttpResponse:
    return _view(request, DISABLE)


@form_page(_CONFIRM_PAGE)
def enable(request: HttpRequest) -> HttpResponse:
    return _view(request, ENABLE)


def _view(request: HttpRequest, action: KeyAction) -> HttpResponse:
    """GET asks, POST does. `key` names the keys by their ids.

    Raises:
        Http404: no key, too many, or one that is not there for the viewer.
    """
    now, by = timezone.now(), get_actor(request)
    data, pasted = extract_pasted_keys(request.POST, by=by, now=now)
    key_ids = set((data if request.method == "POST" else request.GET).getlist("key"))
    chosen = list(_find_keys(get_viewer(request), key_ids))
    if not key_ids or len(key_ids) > MAX_BATCH_SIZE or len(chosen) != len(key_ids):
        raise Http404
    if request.method != "POST":
        return confirmation_page(request, action, chosen)
    applicable = [key for key in chosen if action.is_applicable(key, now)]
    form = ConfirmForm(data, action=action, confirmation_text=_confirmation_text(action, applicable, now))
    valid = form.is_valid()
    if not valid or pasted:
        form.add_pasted_key_errors(pasted)
        return _page(request, action, chosen, form, status=400)
    _run(request, action, applicable, by=by, now=now, note=form.cleaned_data.get("reason", ""))
    if len(chosen) == 1:
        return redirect("admin:keys_apikey_change", chosen[0].pk)
    return redirect("admin:keys_apikey_changelist")


def _find_keys(viewer: Member, key_ids: set[str]) -> Any:
    valid_ids = {key_id for key_id in key_ids if key_id.isascii() and key_id.isalnum()}
    return selectors.list_keys(viewer).filter(key_id__in=valid_ids)


def _run(
    request: HttpRequest, action: KeyAction, keys: Sequence[ApiKey], *, by: Actor, now: datetime, note: str
) -> None:
    """Each key by itself, so that one that cannot be changed keeps no other from it."""
    done = 0
    for key in keys:
        try:
            action.run(key, by=by, now=now, note=note)
        except KeysError as error:
            message = f"{key.name}: {texts.error_message(error)}"
            messages.error(request, message)
        else:
            done += 1
    messages.success(request, action.done_message(done)) if done else messages.info(
        request, _("Nothing was changed.")
    )


def _confirmation_text(action: KeyAction, keys: Sequence[ApiKey], now: datetime) -> str:
    """The name of a key that is in use, or the number of several; nothing where little hangs on it."""
    if not action.irreversible or not keys:
        return ""
    if len(keys) > 1:
        return str(len(keys))
    return keys[0].name if keys[0].is_in_use(now) else ""


def _page(
    request: HttpRequest,
    action: KeyAction,
    chosen: Sequence[ApiKey],
    form: ConfirmForm | None,
    *,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    applicable = [key for key in chosen if action.is_applicable(key, now)]
    if form is None:
        form = ConfirmForm(action=action, confirmation_text=_confirmation_text(action, applicable, now))
        form.restore(get_kept_form(request))
    context = {
        "title": action.title(len(applicable) or len(chosen)),
        "action": action,
        "consequence": action.consequence(len(applicable)),
        "back": reverse("admin:keys_apikey_change", args=[chosen[0].pk])
        if len(chosen) == 1
        else reverse("admin:keys_apikey_changelist"),
        "applicable": applicable,
        "not_applicable": [key for key in chosen if key not in applicable],
        "form": form,
        "now": now,
    }
    return render(request, "admin/confirm.html", site.each_context(request) | context, status=status)

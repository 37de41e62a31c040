"""The actions on keys in the admin: revoke, disable and enable. Each needs a confirmation, for one key or for many."""

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
from portal.presentation.forms import (
    BaseForm,
    ConfirmationField,
    TickedField,
    set_created_label,
    set_successor_label,
)
from portal.presentation.pasted_keys import extract_pasted_keys

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

MAX_BATCH_SIZE = 200
State = ApiKey.State


@dataclass(frozen=True)
class KeyAction:
    """An action on keys.

    Attributes:
        is_applicable: returns whether the state of a key allows the action.
        reason: "required", "optional", or "" for no reason.
        irreversible: the action cannot be undone. People confirm it with the name of the key or the number of keys.
    """

    name: str
    button: "StrPromise"
    is_applicable: Callable[[ApiKey, datetime], bool]
    run: Callable[..., object]
    reason: str = ""
    irreversible: bool = False

    @property
    def url_name(self) -> str:
        """The URL name of the confirmation page."""
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
        """Return what the action means for programs that use the keys."""
        match self.name:
            case "revoke":
                return ngettext(
                    "Programs that use it stop working at once. This cannot be undone.",
                    "Programs that use them stop working at once. This cannot be undone.",
                    number,
                )
            case "disable":
                return ngettext(
                    "Programs that use it are refused until it is enabled again.",
                    "Programs that use them are refused until they are enabled again.",
                    number,
                )
            case _:
                return ngettext(
                    "Programs that use it work again at once.",
                    "Programs that use them work again at once.",
                    number,
                )

    def done_message(self, number: int, name: str) -> str:
        """Return the confirmation. One key is named; of several, the number is given."""
        if number == 1 and name:
            return self._done_message_of_one(name)
        match self.name:
            case "revoke":
                text = ngettext("%(n)s key is revoked.", "%(n)s keys are revoked.", number)
            case "disable":
                text = ngettext("%(n)s key is disabled.", "%(n)s keys are disabled.", number)
            case _:
                text = ngettext("%(n)s key works again.", "%(n)s keys work again.", number)
        return text % {"n": number}

    def _done_message_of_one(self, name: str) -> str:
        match self.name:
            case "revoke":
                text = _("“%(name)s” is revoked.")
            case "disable":
                text = _("“%(name)s” is disabled.")
            case _:
                text = _("“%(name)s” works again.")
        return text % {"name": name}


@dataclass(frozen=True)
class _Choices:
    """What the confirmation says beyond the keys."""

    note: str
    with_successor: bool
    with_created: bool


def _revoke(key: ApiKey, choices: _Choices, *, by: Actor, now: datetime) -> None:
    lifecycle.revoke(
        key=key,
        by=by,
        reason=lifecycle.revoke_reason(key.holder, by),
        now=now,
        note=choices.note,
        with_successor=choices.with_successor,
        with_created=choices.with_created,
    )


def _disable(key: ApiKey, choices: _Choices, *, by: Actor, now: datetime) -> None:
    lifecycle.disable(key=key, by=by, now=now, note=choices.note, with_successor=choices.with_successor)


def _enable(key: ApiKey, choices: _Choices, *, by: Actor, now: datetime) -> None:
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
    is_applicable=lambda key, now: key.state(now) in {State.ACTIVE, State.PENDING, State.RETIRING},
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
    """The confirmation of an action. Successors, and keys that the keys created, are stopped too, unless unticked."""

    with_successor = TickedField()
    with_created = TickedField()
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=MAX_NOTE_LENGTH,
        help_text=gettext_lazy("The holder of the key gets this text."),
        error_messages={"required": gettext_lazy("Enter a reason. The holder of the key sees it.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self,
        *args: Any,
        action: KeyAction,
        confirmation_text: str,
        successors: Sequence[ApiKey],
        created: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        template = (
            _("Also revoke the successor %(key)s")
            if action is REVOKE
            else _("Also disable the successor %(key)s")
        )
        set_successor_label(self, template, successors)
        label = ngettext(
            "Also revoke the %(n)s key that these keys created",
            "Also revoke the %(n)s keys that these keys created",
            created,
        )
        set_created_label(self, label, created)
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


def confirmation_page(request: HttpRequest, action: KeyAction, selected: Sequence[ApiKey]) -> HttpResponse:
    """Return the page that asks for a confirmation. It changes nothing."""
    return _page(request, action, selected, None)


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
    """GET: ask for a confirmation. POST: run the action. The parameter `key` has the ids of the keys.

    Raises:
        Http404: there is no key, there are too many, or the viewer may not see one of them.
    """
    now, by = timezone.now(), get_actor(request)
    data, pasted = extract_pasted_keys(request.POST, by=by, now=now)
    key_ids = set((data if request.method == "POST" else request.GET).getlist("key"))
    selected = list(_find_keys(get_viewer(request), key_ids))
    if not key_ids or len(key_ids) > MAX_BATCH_SIZE or len(selected) != len(key_ids):
        raise Http404
    if request.method != "POST":
        return confirmation_page(request, action, selected)
    applicable = [key for key in selected if action.is_applicable(key, now)]
    form = _build_form(action, applicable, now, data)
    valid = form.is_valid()
    if not valid or pasted:
        form.add_pasted_key_errors(pasted)
        return _page(request, action, selected, form, status=400)
    choices = _Choices(
        note=form.cleaned_data.get("reason", ""),
        with_successor=bool(form.cleaned_data.get("with_successor")),
        with_created=bool(form.cleaned_data.get("with_created")),
    )
    _run(request, action, applicable, choices, by=by, now=now)
    if len(selected) == 1:
        return redirect("admin:keys_apikey_change", selected[0].pk)
    return redirect("admin:keys_apikey_changelist")


def _build_form(action: KeyAction, keys: Sequence[ApiKey], now: datetime, *args: Any) -> ConfirmForm:
    successors = [] if action is ENABLE else _find_successors(keys, now)
    text = _confirmation_text(action, keys, successors, now)
    created = _count_created(keys, now) if action is REVOKE else 0
    return ConfirmForm(*args, action=action, confirmation_text=text, successors=successors, created=created)


def _count_created(keys: Sequence[ApiKey], now: datetime) -> int:
    """Return how many live keys, which are not among `keys`, these keys created over HTTP."""
    return selectors.list_created_keys(keys, now).exclude(pk__in=[key.pk for key in keys]).count()


def _find_successors(keys: Sequence[ApiKey], now: datetime) -> list[ApiKey]:
    """Return the keys that replace one of `keys` and are not among them."""
    successors = [selectors.find_successor(key, now) for key in keys]
    return [key for key in successors if key is not None and key not in keys]


def _find_keys(viewer: Member, key_ids: set[str]) -> Any:
    valid_ids = {key_id for key_id in key_ids if key_id.isascii() and key_id.isalnum()}
    keys = selectors.list_keys(viewer).filter(key_id__in=valid_ids)
    return selectors.with_calls(keys, timezone.now())


def _run(
    request: HttpRequest,
    action: KeyAction,
    keys: Sequence[ApiKey],
    choices: _Choices,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Run the action on each key. An error of one key does not stop the others."""
    done = len(_find_successors(keys, now)) if choices.with_successor else 0
    for key in keys:
        try:
            action.run(key, choices, by=by, now=now)
        except KeysError as error:
            holder = texts.holder_name(key, by.member)
            message = f"{key.name}: {texts.error_message(error, holder=holder)}"
            messages.error(request, message)
        else:
            done += 1
    if done:
        messages.success(request, action.done_message(done, keys[0].name if len(keys) == 1 else ""))
    else:
        messages.info(request, _("Nothing was changed."))


def _confirmation_text(
    action: KeyAction, keys: Sequence[ApiKey], successors: Sequence[ApiKey], now: datetime
) -> str:
    """Return what people type to confirm: the name of a key in use, or the number of keys. "" if neither is needed."""
    if not action.irreversible or not keys:
        return ""
    if len(keys) > 1:
        return str(len(keys))
    return keys[0].name if any(key.is_in_use(now) for key in (*keys, *successors)) else ""


def _page(
    request: HttpRequest,
    action: KeyAction,
    selected: Sequence[ApiKey],
    form: ConfirmForm | None,
    *,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    applicable = [key for key in selected if action.is_applicable(key, now)]
    if form is None:
        form = _build_form(action, applicable, now)
        form.restore(get_kept_form(request))
    context = {
        "title": action.title(len(applicable) or len(selected)),
        "action": action,
        "consequence": action.consequence(len(applicable)),
        "back": reverse("admin:keys_apikey_change", args=[selected[0].pk])
        if len(selected) == 1
        else reverse("admin:keys_apikey_changelist"),
        "applicable": applicable,
        "not_applicable": [key for key in selected if key not in applicable],
        "form": form,
        "now": now,
    }
    return render(request, "admin/confirm.html", site.each_context(request) | context, status=status)

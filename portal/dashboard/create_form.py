"""The form that makes a key: a name, and rights within what the workspace allows."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys import lifecycle, policy, scopes
from keys.exceptions import NameInvalid
from keys.lifecycle import MAX_NAME_LENGTH, MAX_NOTE_LENGTH
from keys.models import Policy
from portal.dashboard.page_form import NameField
from portal.dashboard.rights_form import RightsForm, end_label, offered_scopes, own_day
from portal.dashboard.scope_labels import preset_label

_USUAL_DAYS = "30"


class CreateForm(RightsForm):
    name = NameField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=MAX_NAME_LENGTH,
        help_text=gettext_lazy("What will use it, such as “deploy bot”. 1 to 64 characters."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    purpose = forms.CharField(
        label=gettext_lazy("Purpose"),
        required=False,
        max_length=MAX_NOTE_LENGTH,
        help_text=gettext_lazy("Optional: what it is for, for whoever wonders in a year."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    preset = forms.ChoiceField(label=gettext_lazy("What it may do"), widget=forms.RadioSelect)
    sure = forms.BooleanField(
        label=gettext_lazy("Yes, this key may do everything that I can do"), required=False
    )
    field_order = ["name", "purpose", "preset", "sure", "scopes", "where", "channels", "expiry", "until"]

    def __init__(self, *args: Any, terms: Policy, now: datetime, **kwargs: Any) -> None:
        offered = offered_scopes(terms.allowed_scopes)
        ends = [end_label(one, now) for one in policy.expiry_choices(terms)] + [own_day()]
        super().__init__(*args, now=now, offered=offered, ends=ends, **kwargs)
        presets = [name for name, held in scopes.PRESETS.items() if set(held) <= set(offered)]
        self._set_choices("preset", [(name, preset_label(name)) for name in (*presets, "custom")])
        self.fields["preset"].initial = presets[0] if presets else "custom"
        values = [value for value, _label in ends]
        self.fields["expiry"].initial = _USUAL_DAYS if _USUAL_DAYS in values else values[0]

    def clean_name(self) -> str:
        try:
            return lifecycle.clean_name(self.cleaned_data["name"])
        except NameInvalid as error:
            self.refuse(error)
            return ""

    def chosen_scopes(self, data: dict[str, Any]) -> list[str]:
        chosen = list(scopes.PRESETS.get(data.get("preset", ""), ())) or super().chosen_scopes(data)
        if set(chosen) == set(scopes.ALL) and not data.get("sure"):
            self.add_error("sure", _("Tick this for a key with full access, or choose less."))
        return chosen

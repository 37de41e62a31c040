"""The base of all forms of the dashboard and the admin: fields, errors, and the labels of scopes."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from keys import unicode_text
from keys.models import ApiKey
from keys.texts import PRESETS, SCOPES
from portal.presentation.pasted_keys import PastedKey


class NameField(forms.CharField):
    """A key's name or a part of it. Its length is that of the normalized text, as it is stored."""

    def to_python(self, value: Any) -> str:
        return unicode_text.normalize(super().to_python(value) or "")


class ConfirmationField(forms.CharField):
    """A field in which people type a text, such as a key's name, to confirm an action."""

    def __init__(self, name: str, error: str, **kwargs: Any) -> None:
        self.name, self.error = name, error
        label = _("Type %(name)s to confirm") % {"name": name}
        widget = forms.TextInput(attrs={"autocomplete": "off"})
        super().__init__(required=False, label=label, widget=widget, **kwargs)

    def to_python(self, value: Any) -> str:
        text = unicode_text.normalize(super().to_python(value) or "")
        if unicode_text.fold(text) != unicode_text.fold(self.name):
            raise forms.ValidationError(self.error)
        return text


class TickedField(forms.BooleanField):
    """Whether other keys are stopped too: a successor, or keys that a key created. They are unless somebody unticks it."""

    def __init__(self) -> None:
        super().__init__(required=False, initial=True)


def set_successor_label(form: forms.Form, template: str, successors: Sequence[ApiKey]) -> None:
    """Name the successors in the label of `with_successor`, or remove the field if there are none."""
    if not successors:
        del form.fields["with_successor"]
        return
    form.fields["with_successor"].label = template % {"key": ", ".join(key.masked for key in successors)}


def set_created_label(form: forms.Form, label: str, number: int) -> None:
    """Set the label of `with_created`, or remove the field if the keys created none."""
    if number:
        form.fields["with_created"].label = label % {"n": number}
    else:
        del form.fields["with_created"]


class BaseForm(forms.Form):
    """A form without the browser's own validation. The server shows each error at its field and in one list.

    Attributes:
        rotatable_keys: the keys that were pasted into its fields and that the viewer can rotate.
    """

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.rotatable_keys: list[ApiKey | None] = []

    def restore(self, data: QueryDict | None) -> None:
        """Show what was typed before the session ended."""
        for name, field in self.fields.items() if data is not None else ():
            if not field.widget.value_omitted_from_data(data, {}, self.add_prefix(name)):
                self.initial[name] = field.widget.value_from_datadict(data, {}, self.add_prefix(name))

    def add_pasted_key_errors(self, pasted: dict[str, PastedKey]) -> None:
        """Replace the errors of each field that contained a key by the name of the key."""
        now = timezone.now()
        self.rotatable_keys = [item.key for item in pasted.values() if item.can_be_rotated(now)]
        for name, pasted_key in pasted.items():
            self.errors.pop(name, None)
            self.add_error(name if name in self.fields else None, str(pasted_key))


def _scope(name: str) -> SafeString:
    return format_html("{} <code>{}</code>", SCOPES[name].label, name)


def _preset(name: str, description: str = "") -> SafeString:
    preset = PRESETS[name]
    text = description or preset.description
    return format_html('<strong>{}</strong> <span class="quiet">{}</span>', preset.label, text)


scope_label = lazy(_scope, SafeString)
preset_label = lazy(_preset, SafeString)

"""What all forms of the dashboard have in common."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from keys import unicode_text
from keys.texts import PRESETS, SCOPES
from portal.presentation.pasted_keys import PastedKey


class NameField(forms.CharField):
    """A key's name, or a part of one. Its characters are counted in the form in which names are stored."""

    def to_python(self, value: Any) -> str:
        return unicode_text.normalize(super().to_python(value) or "")


class ConfirmationField(forms.CharField):
    """A field in which people type a name, such as that of the key they are about to delete."""

    def __init__(self, name: str, error: str, **kwargs: Any) -> None:
        self.name, self.error = name, error
        label = _("Type %(name)s to confirm") % {"name": name}
        widget = forms.TextInput(attrs={"autocomplete": "off"})
        super().__init__(required=False, label=label, widget=widget, **kwargs)

    def to_python(self, value: Any) -> str:
        typed = unicode_text.normalize(super().to_python(value) or "")
        if unicode_text.fold(typed) != unicode_text.fold(self.name):
            raise forms.ValidationError(self.error)
        return typed


class BaseForm(forms.Form):
    """A form whose faults the server says, each at its field and all of them in one summary."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    def restore(self, kept: QueryDict | None) -> None:
        """Show what was typed before, to be looked at and sent again."""
        for name, field in self.fields.items() if kept is not None else ():
            if not field.widget.value_omitted_from_data(kept, {}, self.add_prefix(name)):
                self.initial[name] = field.widget.value_from_datadict(kept, {}, self.add_prefix(name))

    def add_pasted_key_errors(self, pasted: dict[str, PastedKey]) -> None:
        """At each field that had a key in it, say what became of the key instead of what else is wrong there."""
        for name, found in pasted.items():
            self.errors.pop(name, None)
            self.add_error(name if name in self.fields else None, str(found))


def _scope(name: str) -> SafeString:
    return format_html("{} <code>{}</code>", SCOPES[name].label, name)


def _preset(name: str) -> SafeString:
    return format_html('<strong>{}</strong> <span class="quiet">{}</span>', *PRESETS[name])


scope_label = lazy(_scope, SafeString)
preset_label = lazy(_preset, SafeString)

"""What all forms of the dashboard have in common."""

from typing import Any

from django import forms

from keys import spelling
from portal.dashboard.pasted import Pasted


class NameField(forms.CharField):
    """A key's name, or a part of one. Its characters are counted in the form in which names are stored."""

    def to_python(self, value: Any) -> str:
        return spelling.normalize(super().to_python(value) or "")


class PageForm(forms.Form):
    """A form whose faults the server says, each at its field and all of them in one summary."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    def say_pasted(self, pasted: dict[str, Pasted]) -> None:
        """At each field that had a key in it, say what became of the key instead of what else is wrong there."""
        for name, found in pasted.items():
            self.errors.pop(name, None)
            self.add_error(name if name in self.fields else None, str(found))

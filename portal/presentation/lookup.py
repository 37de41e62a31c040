"""The lookup form and its answer, for the dashboard and the admin: `presentation/lookup.html`."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from keys.models import ApiKey
from portal.presentation.forms import BaseForm
from pumble_bridge.explanations import MAX_TEXT_LENGTH, Answer


class LookupForm(BaseForm):
    """What somebody wants to have explained. It is not shown again, because it may contain a key."""

    text = forms.CharField(
        label=_("A request ID, a key, a key ID, or the link of a message"),
        max_length=MAX_TEXT_LENGTH,
        help_text=_("A text that contains them works too. A key is neither stored nor shown again."),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )


def build_context(answer: Answer, key_url: Callable[[ApiKey], str]) -> dict[str, Any]:
    """Return the context of the template. `key_url` gives the address of the page of a key."""
    return {
        "answer": answer,
        "explanations": [(item, key_url(item.key)) for item in answer.explanations],
        "form": LookupForm(),
    }

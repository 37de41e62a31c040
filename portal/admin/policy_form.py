"""The form of a workspace's policy."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys import exceptions, scopes, texts
from keys.models import Member, Policy
from keys.policies import BOUNDS, POLICY_FIELDS, PolicyValues
from keys.texts import PRESETS
from portal.presentation.forms import BaseForm, scope_label
from portal.presentation.pasted_keys import PastedKey


class NumberField(forms.IntegerField):
    """A whole number within the bounds of a value of the policy."""

    def __init__(self, term: str, **kwargs: Any) -> None:
        self.minimum, self.maximum = BOUNDS[term]
        super().__init__(min_value=self.minimum, max_value=self.maximum, **kwargs)

    def clean(self, value: Any) -> int | None:
        """Return the number.

        Raises:
            ValidationError: the value is not a number, is out of bounds, or is required and missing.
        """
        try:
            number: int | None = super().clean(value)
        except forms.ValidationError as error:
            raise forms.ValidationError(texts.number_range(self.minimum, self.maximum)) from error
        return number


class PolicyForm(BaseForm):
    """The values of a policy.

    Args:
        members: the members whom the policy may choose as creators.
    """

    creators = forms.ChoiceField(
        label=gettext_lazy("Who may create keys"),
        choices=[(value, capfirst(label)) for value, label in Policy.Creators.choices],
        widget=forms.RadioSelect,
    )
    allowed_creators = forms.MultipleChoiceField(
        label=gettext_lazy("Chosen members"), required=False, widget=forms.CheckboxSelectMultiple
    )
    allowed_scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Allowed permissions"),
        required=False,
        choices=[(scope, scope_label(scope)) for scope in scopes.KNOWN],
        help_text=gettext_lazy("Clear the permissions that no key of this workspace may have."),
        widget=forms.CheckboxSelectMultiple,
    )
    full_access_forbidden = forms.BooleanField(
        label=gettext_lazy("No full access: no key may have all permissions at once"), required=False
    )
    default_preset = forms.ChoiceField(
        label=gettext_lazy("Default permissions"),
        required=False,
        choices=[
            (
                "",
                gettext_lazy(
                    "Not set: full access in chat, Home tab and command line; the browser proposes read only"
                ),
            ),
            *((name, PRESETS[name].label) for name in scopes.PRESETS),
        ],
        help_text=gettext_lazy(
            "What a new key may do if nobody chooses. Full access means all that this workspace allows."
        ),
        widget=forms.RadioSelect,
    )
    life = forms.ChoiceField(
        label=gettext_lazy("Maximum lifetime of a key"),
        choices=[
            ("ever", gettext_lazy("As long as the holder chooses. Keys may have no expiry date")),
            ("end", gettext_lazy("As long as the holder chooses, but every key must expire")),
            ("days", gettext_lazy("At most the number of days below")),
        ],
        widget=forms.RadioSelect,
    )
    max_lifetime = NumberField(
        "max_lifetime",
        label=gettext_lazy("Maximum lifetime, in days"),
        required=False,
        help_text=gettext_lazy("1 to 3,650."),
    )
    default_lifetime = NumberField(
        "default_lifetime",
        label=gettext_lazy("Default lifetime, in days"),
        required=False,
        help_text=gettext_lazy(
            "1 to 3,650. How long a new key works if nobody chooses. "
            "If empty: as long as allowed in chat, Home tab and command line; the browser proposes 30 days."
        ),
    )
    addresses_required = forms.BooleanField(
        label=gettext_lazy("Require a list of allowed IP addresses for every key"), required=False
    )
    max_keys = NumberField(
        "max_keys",
        label=gettext_lazy("Maximum number of keys for each member"),
        help_text=gettext_lazy(
            "1 to 1,000. Expired, replaced and revoked keys do not count. Workspace keys count apart, up to the same number."
        ),
    )
    workspace_keys_allowed = forms.BooleanField(
        label=gettext_lazy("Allow keys that belong to the workspace instead of a person"),
        required=False,
        help_text=gettext_lazy(
            "Owners and administrators create them. They act as the app's bot only, and live on when people leave."
        ),
    )
    idle_days = NumberField(
        "idle_days",
        label=gettext_lazy("Days without use after which a key is disabled"),
        required=False,
        help_text=gettext_lazy(
            "1 to 3,650 days. If empty: never. The holder gets a notice some days before and can enable the key again. "
            "Keys that are unused now keep working for one week, unless you disable them yourself."
        ),
    )
    request_log_retention_days = NumberField(
        "request_log_retention_days",
        label=gettext_lazy("Days that the log keeps each call"),
        help_text=gettext_lazy("1 to 400. Older calls are deleted. The hourly counts stay."),
    )
    leak_detection_enabled = forms.BooleanField(
        label=gettext_lazy("Look for keys in chat messages and send the holder a notice"),
        required=False,
        help_text=gettext_lazy("For this, the portal does not store the messages."),
    )
    events_allowed = forms.BooleanField(
        label=gettext_lazy("Keys may listen to events"),
        required=False,
        help_text=gettext_lazy(
            "While a key listens, the portal stores the messages that the key may hear, encrypted, for 24 hours at most. "
            "If you forbid it, the portal deletes them at once."
        ),
    )

    def __init__(
        self, *args: Any, members: Iterable[Member], pasted: dict[str, PastedKey] | None = None, **kwargs: Any
    ):
        super().__init__(*args, **kwargs)
        self.pasted, self.members = pasted or {}, {str(member.pk): member for member in members}
        field = self.fields["allowed_creators"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [(pk, _member_label(member)) for pk, member in self.members.items()]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("life") != "days":
            self.errors.pop("max_lifetime", None)  # the form hides this field
        elif data.get("max_lifetime") is None and "max_lifetime" not in self.errors:
            self.add_error("max_lifetime", _("Enter the maximum lifetime in days."))
        if not data.get("allowed_scopes") and "allowed_scopes" not in self.errors:
            self.add_error("allowed_scopes", _("Choose at least one permission."))
        if not self.errors:
            self._check_defaults()
        self.add_pasted_key_errors(self.pasted)
        return data

    def _check_defaults(self) -> None:
        """Show at their fields what the defaults contradict."""
        try:
            self.terms.check()
        except exceptions.PolicyValueInvalid as error:
            self.add_error(error.field, texts.number_range(error.minimum, error.maximum))
        except exceptions.FullAccessNotAllowed as error:
            self.add_error("default_preset", texts.error_message(error))
        except exceptions.ScopeNotAllowed:
            self.add_error(
                "default_preset", _("The allowed permissions do not include these default permissions.")
            )

    @property
    def terms(self) -> PolicyValues:
        """Return the terms of the valid form."""
        data = self.cleaned_data
        allowed = data["allowed_scopes"]
        max_days = data["max_lifetime"] if data["life"] == "days" else None
        default_days = data["default_lifetime"]
        terms = {name: value for name, value in data.items() if name in POLICY_FIELDS} | {
            "creators": Policy.Creators(data["creators"]),
            "allowed_creators": [self.members[pk] for pk in data["allowed_creators"]],
            "allowed_scopes": None if len(allowed) == len(scopes.KNOWN) else allowed,
            "max_lifetime": timedelta(days=max_days) if max_days else None,
            "default_lifetime": timedelta(days=default_days) if default_days else None,
            "allows_no_expiry": data["life"] == "ever",
        }
        return PolicyValues(**terms)


def initial_values(policy: Policy) -> dict[str, Any]:
    """Return the initial data of the form."""
    max_days = policy.max_lifetime
    return {name: getattr(policy, name) for name in POLICY_FIELDS} | {
        "allowed_creators": [str(pk) for pk in policy.allowed_creators.values_list("pk", flat=True)],
        "allowed_scopes": scopes.KNOWN if policy.allowed_scopes is None else policy.allowed_scopes,
        "life": "days" if max_days else "ever" if policy.allows_no_expiry else "end",
        "max_lifetime": max_days.days if max_days else None,
        "default_lifetime": policy.default_lifetime.days if policy.default_lifetime else None,
    }


def _member_label(member: Member) -> str:
    return f"{member.name} ({member.email})" if member.email else member.name

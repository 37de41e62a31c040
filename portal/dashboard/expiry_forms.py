"""The choice of when a key expires, and the form that renews a key."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys import exceptions, policies, texts, times
from keys.models import ApiKey, Policy
from portal.presentation.forms import BaseForm

GRACE_CHOICES = [
    ("24h", gettext_lazy("24 hours")),
    ("7d", gettext_lazy("7 days")),
    ("1h", gettext_lazy("1 hour")),
    ("now", gettext_lazy("It stops as soon as the new key is shown")),
]


def grace_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=gettext_lazy("How long the old key keeps working"),
        choices=GRACE_CHOICES,
        initial="24h",
        widget=forms.RadioSelect,
    )


class ExpiryForm(BaseForm):
    """A choice of when a key expires: one of the lifetimes, or the end of a day.

    Args:
        expiry_choices: values and labels of the lifetimes to choose from.
    """

    expiry = forms.ChoiceField(label=gettext_lazy("Expires"), widget=forms.RadioSelect)
    until = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        help_text=gettext_lazy("The key works until the end of this day in your time zone."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )

    def __init__(
        self, *args: Any, now: datetime, expiry_choices: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self._set_choices("expiry", expiry_choices)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("expiry") != "day":
            self.errors.pop("until", None)  # the form hides this field
        return data

    def get_expiry(self, value: str) -> datetime | None:
        """Return the moment for a value of `expiry` other than a chosen day."""
        return None if value == "never" else self.now + timedelta(days=int(value))

    def _read_expiry(self, data: dict[str, Any]) -> datetime | None:
        if "expiry" not in data:
            return None
        if data["expiry"] != "day":
            return self.get_expiry(data["expiry"])
        if "until" in self.errors:
            return None
        if data.get("until") is None:
            self.add_error("until", _("Choose the last day on which the key works."))
            return None
        return times.end_of_day(data["until"])

    def _set_choices(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = choices


def expiry_choice(lifetime: timedelta | None, now: datetime) -> tuple[str, str]:
    """Return the value and the label of a lifetime. The label has its end."""
    if lifetime is None:
        return "never", _("Never. Anyone who finds the key can use it until you delete it.")
    end = now + lifetime
    until = f"{date_format(times.localize(end), 'D')} {times.exact_time(end)}"
    words = {"for": texts.format_days(lifetime), "until": until}
    return lifetime_value(lifetime), _("%(for)s, until %(until)s") % words


def custom_day_choice() -> tuple[str, str]:
    return "day", _("On the day that you choose")


def list_expiry_choices(
    policy: Policy, now: datetime, *, with_lifetime: timedelta | None
) -> list[tuple[str, str]]:
    """Return values and labels of the lifetimes that the policy allows, `with_lifetime` among them, and a day."""
    lifetimes = policies.expiry_choices(policy)
    if with_lifetime is not None and with_lifetime not in lifetimes:
        lifetimes = [with_lifetime, *lifetimes]
    return [expiry_choice(lifetime, now) for lifetime in lifetimes] + [custom_day_choice()]


def lifetime_value(lifetime: timedelta | None) -> str:
    return "never" if lifetime is None else str(lifetime.days)


class RenewForm(ExpiryForm):
    """The expiry of the successor in a renewal, and how long the old key keeps working."""

    grace = grace_field()

    def __init__(self, *args: Any, key: ApiKey, policy: Policy, now: datetime, **kwargs: Any) -> None:
        lifetime = policies.renewal_lifetime(policy, key)
        choices = list_expiry_choices(policy, now, with_lifetime=lifetime)
        super().__init__(*args, now=now, expiry_choices=choices, **kwargs)
        self.fields["expiry"].initial = lifetime_value(lifetime)
        self.expires_at: datetime | None = None

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self.expires_at = self._read_expiry(data)
        return data

    def add_domain_error(self, error: exceptions.KeysError) -> None:
        """Add the error of the domain to its field."""
        is_expiry = isinstance(error, exceptions.ExpiryInvalid)
        name = "until" if self.data.get("expiry") == "day" else "expiry"
        self.add_error(name if is_expiry else None, texts.error_message(error))

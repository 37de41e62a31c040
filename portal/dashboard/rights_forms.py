"""The forms in which people choose the rights of a key."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys import exceptions, lifecycle, policies, rights, scopes, texts, times
from keys.exceptions import NameInvalid
from keys.ip_networks import parse_networks
from keys.lifecycle import MAX_NAME_LENGTH, MAX_NOTE_LENGTH
from keys.models import ApiKey, Policy
from keys.policies import LIFETIMES
from keys.rights import CALLS_PER_MINUTE, Rights
from portal.dashboard.expiry_forms import (
    ExpiryForm,
    custom_day_choice,
    expiry_choice,
    lifetime_value,
    list_expiry_choices,
)
from portal.presentation.forms import NameField, preset_label, scope_label
from portal.presentation.pasted_keys import PastedKey

# The field that shows an error of the domain.
_ERROR_FIELDS = {
    exceptions.NameInvalid: "name",
    exceptions.NameTaken: "name",
    exceptions.ScopeUnknown: "scopes",
    exceptions.ScopeNotAllowed: "scopes",
    exceptions.ChannelsInvalid: "channels",
    exceptions.AddressInvalid: "addresses",
    exceptions.TooManyAddresses: "addresses",
    exceptions.AddressesRequired: "addresses",
    exceptions.LimitInvalid: "calls_per_minute",
    exceptions.ExpiryInvalid: "expiry",
}
RIGHTS_FIELDS = ("scopes", "where", "channels", "expiry", "until", "addresses", "calls_per_minute")
_RIGHTS_FIELD_NAMES = {"allowed_addresses": "addresses", "expires_at": "expiry"}


class RightsForm(ExpiryForm):
    """Scopes, channels, expiry, allowed IP addresses and rate limit.

    Args:
        offered: the scopes to choose from.
        channels: ids and names to choose from; None if Pumble does not answer.
        bound: the key must keep a list of channels.

    Attributes:
        acts_as: as whom the key acts; "" for the person who fills in the form.
        owner_name: whose key it is; "" for the person who fills in the form.
    """

    acts_as = owner_name = ""

    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Permissions"), required=False, widget=forms.CheckboxSelectMultiple
    )
    where = forms.ChoiceField(
        label=gettext_lazy("Channels"),
        choices=[
            ("all", gettext_lazy("All channels that you can see")),
            ("chosen", gettext_lazy("Only the channels that you choose")),
        ],
        initial="all",
        widget=forms.RadioSelect,
    )
    channels = forms.MultipleChoiceField(
        label=gettext_lazy("Only these channels"), required=False, widget=forms.CheckboxSelectMultiple
    )
    addresses = forms.CharField(
        label=gettext_lazy("Allowed IP addresses"),
        required=False,
        max_length=4000,
        help_text=gettext_lazy(
            "One IP address or network on each line, such as 203.0.113.7 or 10.0.0.0/8. If empty: any IP address."
        ),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "off"}),
    )
    calls_per_minute = forms.IntegerField(
        label=gettext_lazy("Rate limit, in calls a minute"),
        required=False,
        min_value=1,
        max_value=rights.CALLS_PER_MINUTE,
        help_text=gettext_lazy("1 to 1,000. If empty: 1,000."),
    )
    field_order: tuple[str, ...] = RIGHTS_FIELDS

    def __init__(
        self,
        *args: Any,
        now: datetime,
        offered: Iterable[str],
        channels: dict[str, str] | None,
        bound: bool = False,
        expiry_choices: list[tuple[str, str]],
        pasted: dict[str, PastedKey] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, now=now, expiry_choices=expiry_choices, **kwargs)
        self.pasted, self.channel_names = pasted or {}, channels
        self.rights: Rights | None = None
        self._set_choices("scopes", [(scope, scope_label(scope)) for scope in offered])
        if bound:
            del self.fields["where"]
        elif channels is None:
            self._set_choices("where", [("all", _("All channels that you can see"))])
        if channels:
            self._set_choices("channels", [(channel_id, f"#{name}") for channel_id, name in channels.items()])
        else:
            del self.fields["channels"]

    def clean_addresses(self) -> list[str]:
        """Check here, so that one response lists all errors of the form."""
        entries = self.cleaned_data["addresses"].replace(",", " ").split()
        try:
            return parse_networks(entries)
        except exceptions.KeysError as error:
            raise forms.ValidationError(texts.error_message(error)) from error

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self.add_pasted_key_errors(self.pasted)
        chosen_scopes, end = self.get_scopes(data), self._read_expiry(data)
        if not chosen_scopes:
            self.add_domain_error(exceptions.ScopeUnknown())
        if self._is_bound(data) and not data.get("channels") and "channels" not in self.errors:
            self.add_domain_error(exceptions.ChannelsInvalid())
        if not set(self.errors) - {"name"}:
            self.rights = self._make_rights(data, chosen_scopes, end)
        return data

    def get_scopes(self, data: dict[str, Any]) -> list[str]:
        chosen_scopes: list[str] = data.get("scopes", [])
        return chosen_scopes

    def add_domain_error(self, error: exceptions.KeysError) -> None:
        """Add the error of the domain to its field."""
        name = next((_ERROR_FIELDS[kind] for kind in type(error).__mro__ if kind in _ERROR_FIELDS), None)
        if isinstance(error, exceptions.CannotWidenRights):
            name = _RIGHTS_FIELD_NAMES.get(error.field, error.field)
        if name == "expiry" and self.data.get("expiry") == "day":
            name = "until"
        if name == "scopes" and self.data.get("preset", "custom") != "custom":
            name = "preset"
        message = texts.error_message(error, holder=self.owner_name)
        self.add_error(name if name in self.fields else None, message)

    def values(self) -> dict[str, Any]:
        """Return the values that the form would send now."""
        return {name: self[name].value() for name in self.fields}

    @property
    def summary(self) -> str:
        """What a key with the chosen rights can do; "" while the choices are not complete."""
        self.is_valid()
        if self.rights is None:
            return ""
        return texts.describe_rights(self.rights, now=self.now, holder=self.acts_as)

    @property
    def opens_advanced(self) -> bool:
        """Whether a field in the folded section has a value or an error."""
        names = ("addresses", "calls_per_minute")
        return any(self[name].errors or self[name].value() for name in names)

    def _make_rights(
        self, data: dict[str, Any], chosen_scopes: list[str], end: datetime | None
    ) -> Rights | None:
        try:
            return rights.make(
                scopes_wanted=chosen_scopes,
                channels=self._chosen_channels(data),
                allowed_addresses=data["addresses"],
                calls_per_minute=data["calls_per_minute"],
                expires_at=end,
            )
        except exceptions.KeysError as error:
            self.add_domain_error(error)
            return None

    def _chosen_channels(self, data: dict[str, Any]) -> dict[str, str] | None:
        if not self._is_bound(data):
            return None
        return {channel_id: (self.channel_names or {})[channel_id] for channel_id in data.get("channels", [])}

    def _is_bound(self, data: dict[str, Any]) -> bool:
        """Return whether the key is restricted to channels."""
        return data.get("where") == "chosen" or "where" not in self.fields


_AI_AGENT = "ai-agent"
AI_AGENT_LIFETIME = timedelta(days=30)


class CreateForm(RightsForm):
    """The form of a new key. The preset for AI agents fixes the expiry, and needs a choice of channels."""

    name = NameField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=MAX_NAME_LENGTH,
        help_text=gettext_lazy("The program that uses the key, such as “deploy bot”. 1 to 64 characters."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    purpose = forms.CharField(
        label=gettext_lazy("Purpose"),
        required=False,
        max_length=MAX_NOTE_LENGTH,
        help_text=gettext_lazy("Optional. What the key is for."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    preset = forms.ChoiceField(label=gettext_lazy("Access level"), widget=forms.RadioSelect)
    sure = forms.BooleanField(
        label=gettext_lazy("Yes, this key may do everything that I can do in Pumble"), required=False
    )
    manage = forms.BooleanField(
        label=gettext_lazy("This key may manage other keys"),
        required=False,
        help_text=gettext_lazy(
            "For programs that create keys, such as a deployment. It lists, creates, changes and ends keys of the same owner over "
            "HTTP, never with more permissions than its own. A key can always rotate and revoke itself; it does not need this."
        ),
    )
    field_order: tuple[str, ...] = ("name", "purpose", "preset", "sure", *RIGHTS_FIELDS, "manage")

    def __init__(self, *args: Any, terms: Policy, now: datetime, **kwargs: Any) -> None:
        offered = policies.offered_scopes(terms)
        lifetime = policies.default_lifetime(terms, cautious=True)
        expiry_choices = list_expiry_choices(terms, now, with_lifetime=lifetime)
        super().__init__(*args, now=now, offered=offered, expiry_choices=expiry_choices, **kwargs)
        if not policies.allows_management(terms):
            del self.fields["manage"]
        presets = policies.offered_presets(terms)
        if (
            scopes.READ_ONLY_PRESET in presets
            and "channels" in self.fields
            and AI_AGENT_LIFETIME in policies.expiry_choices(terms)
        ):
            presets.insert(presets.index(scopes.READ_ONLY_PRESET) + 1, _AI_AGENT)
        self._set_choices("preset", [(name, preset_label(name)) for name in (*presets, "custom")])
        held = {**scopes.PRESETS, _AI_AGENT: scopes.PRESETS[scopes.READ_ONLY_PRESET]}
        self.preset_scopes = json.dumps({name: held[name] for name in presets})  # for the script
        default_scopes = policies.default_scopes(terms, cautious=True)
        default = scopes.find_preset(default_scopes)
        self.fields["preset"].initial = default if default in presets else "custom"
        if default not in presets:
            self.fields["scopes"].initial = default_scopes
        self.fields["expiry"].initial = lifetime_value(lifetime)

    def clean_name(self) -> str:
        try:
            return lifecycle.clean_name(self.cleaned_data["name"])
        except NameInvalid as error:
            self.add_domain_error(error)
            return ""

    def get_scopes(self, data: dict[str, Any]) -> list[str]:
        if data.get("preset") == _AI_AGENT:
            if data.get("manage"):
                self.add_error("manage", _("A key for an AI agent cannot manage keys. Clear this box."))
            return list(scopes.READ_ONLY)
        chosen = list(scopes.PRESETS.get(data.get("preset", ""), ())) or super().get_scopes(data)
        if scopes.are_full_access(chosen) and not data.get("sure"):
            self.add_error(
                "sure", _("Tick this box to create a key with full access, or choose fewer permissions.")
            )
        return [*chosen, scopes.MANAGE] if chosen and data.get("manage") else chosen

    def _is_bound(self, data: dict[str, Any]) -> bool:
        return data.get("preset") == _AI_AGENT or super()._is_bound(data)

    def _read_expiry(self, data: dict[str, Any]) -> datetime | None:
        if data.get("preset") != _AI_AGENT:
            return super()._read_expiry(data)
        for name in ("where", "expiry", "until"):  # the form hides these fields
            self.errors.pop(name, None)
        return self.now + AI_AGENT_LIFETIME


class NarrowForm(RightsForm):
    """The form that reduces the rights of a key. It offers only what the key has."""

    def __init__(self, *args: Any, key: ApiKey, now: datetime, **kwargs: Any) -> None:
        self.key = key
        keep = _("No change: %(date)s") % {
            "date": times.exact_time(key.expires_at) if key.expires_at else _("never")
        }
        sooner = [
            lifetime for lifetime in LIFETIMES if key.expires_at is None or now + lifetime < key.expires_at
        ]
        expiry_choices = (
            [("keep", keep)] + [expiry_choice(lifetime, now) for lifetime in sooner] + [custom_day_choice()]
        )
        initial = {
            "scopes": key.scopes,
            "channels": list(key.channels or ()),
            "expiry": "keep",
            "addresses": "\n".join(key.allowed_addresses),
            "calls_per_minute": key.calls_per_minute if key.calls_per_minute < CALLS_PER_MINUTE else None,
        }
        bound = key.channels is not None
        super().__init__(
            *args,
            initial=initial,
            now=now,
            offered=key.scopes,
            expiry_choices=expiry_choices,
            bound=bound,
            **kwargs,
        )

        self.acts_as = texts.holder_name(key, key.owner)
        if key.is_workspace_key and not bound:  # a list would extend it: see `ApiKey.first_wider_field`
            self._set_choices("where", [("all", _("All public channels"))])

    def get_expiry(self, value: str) -> datetime | None:
        return self.key.expires_at if value == "keep" else super().get_expiry(value)

"""The keys that violate the policy of their workspace, and the action that applies the policy to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from keys import lifecycle, texts
from keys.audit import Actor
from keys.exceptions import KeyBeingReplaced, KeyNotFound, PolicyChanged
from keys.lifecycle import MAX_NOTE_LENGTH
from keys.models import ApiKey
from keys.policy_compliance import NonCompliantKey
from keys.texts import short_date
from portal.presentation.forms import BaseForm


class ReasonForm(BaseForm):
    """Why the policy is applied, in the words of the administrator."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=MAX_NOTE_LENGTH,
        help_text=gettext_lazy("The holder of the key gets this text."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@dataclass(frozen=True)
class NonCompliantKeyRow:
    """A key, its violations, and the changes if the policy is applied."""

    key: ApiKey
    violations: list[str]
    changes: list[str]


def build_rows(noncompliant: Iterable[NonCompliantKey], now: datetime) -> list[NonCompliantKeyRow]:
    return [
        NonCompliantKeyRow(
            item.key,
            [texts.describe_violation(violation) for violation in item.violations],
            _describe_changes(item, now),
        )
        for item in noncompliant
    ]


def _describe_changes(item: NonCompliantKey, now: datetime) -> list[str]:
    if item.compliant_rights is None:
        return [_("it is disabled")]
    results = []
    if lost := [scope for scope in item.key.scopes if scope not in item.compliant_rights.scopes]:
        results.append(_("it loses %(scopes)s") % {"scopes": ", ".join(lost)})
    if (
        item.compliant_rights.expires_at is not None
        and item.compliant_rights.expires_at != item.key.expires_at
    ):
        results.append(
            _("it expires on %(date)s") % {"date": short_date(item.compliant_rights.expires_at, now=now)}
        )
    return results


def enforce_policy(
    request: HttpRequest, keys: Iterable[ApiKey], *, revision: int, by: Actor, now: datetime, note: str
) -> None:
    """Apply the policy to the keys, and add messages for the next page.

    Stop if the policy changed since that revision.
    """
    narrowed = disabled = 0
    for key in keys:
        try:
            broken = lifecycle.enforce_policy(key=key, revision=revision, by=by, now=now, note=note)
        except PolicyChanged as error:
            messages.warning(request, texts.error_message(error))
            return
        except (KeyNotFound, KeyBeingReplaced):
            continue  # ended since the list was made
        if broken is not None and broken.compliant_rights is not None:
            narrowed += 1
        elif broken is not None:
            disabled += 1
    results = []
    if narrowed:
        words = ngettext(
            "%(n)s key now has fewer permissions.", "%(n)s keys now have fewer permissions.", narrowed
        )
        results.append(words % {"n": narrowed})
    if disabled:
        words = ngettext("%(n)s key is now disabled.", "%(n)s keys are now disabled.", disabled)
        results.append(words % {"n": disabled})
    if results:
        messages.success(
            request, " ".join([*results, _("Their holders get a notice with the changes and the reason.")])
        )
    else:
        messages.info(request, _("Nothing was changed. All of these keys now comply with the policy."))

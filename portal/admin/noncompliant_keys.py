"""Keys that break their workspace's policy: how each breaks it, and what became of those that were brought in line."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keys import lifecycle, texts
from keys.audit import Actor
from keys.exceptions import KeyBeingReplaced, KeyNotFound, PolicyChanged
from keys.models import ApiKey
from keys.policies import NonCompliantKey
from keys.texts import short_date


@dataclass(frozen=True)
class NonCompliantKeyRow:
    """A key, in what it breaks the policy, and what becomes of it when it is brought in line."""

    key: ApiKey
    violations: list[str]
    changes: list[str]


def build_rows(found: Iterable[NonCompliantKey], now: datetime) -> list[NonCompliantKeyRow]:
    return [
        NonCompliantKeyRow(
            one.key,
            [texts.describe_violation(breach) for breach in one.violations],
            _describe_changes(one, now),
        )
        for one in found
    ]


def _describe_changes(one: NonCompliantKey, now: datetime) -> list[str]:
    if one.compliant_rights is None:
        return [_("it is disabled")]
    results = []
    if lost := [scope for scope in one.key.scopes if scope not in one.compliant_rights.scopes]:
        results.append(_("it loses %(scopes)s") % {"scopes": ", ".join(lost)})
    if one.compliant_rights.expires_at is not None and one.compliant_rights.expires_at != one.key.expires_at:
        results.append(
            _("it expires on %(date)s") % {"date": short_date(one.compliant_rights.expires_at, now=now)}
        )
    return results


def bring_in_line(
    request: HttpRequest, keys: Iterable[ApiKey], *, revision: int, by: Actor, now: datetime
) -> None:
    """Bring each of the keys in line, and leave word of it for the next page.

    Ends early where the policy is no longer the one of that revision.
    """
    narrowed = disabled = 0
    for key in keys:
        try:
            broken = lifecycle.enforce_policy(key=key, revision=revision, by=by, now=now)
        except PolicyChanged as error:
            messages.warning(request, texts.error_message(error))
            return
        except (KeyNotFound, KeyBeingReplaced):
            continue  # over or replaced since the list was made
        if broken is not None and broken.compliant_rights is not None:
            narrowed += 1
        elif broken is not None:
            disabled += 1
    results = []
    if narrowed:
        words = ngettext("%(n)s key has fewer rights now.", "%(n)s keys have fewer rights now.", narrowed)
        results.append(words % {"n": narrowed})
    if disabled:
        words = ngettext("%(n)s key is disabled now.", "%(n)s keys are disabled now.", disabled)
        results.append(words % {"n": disabled})
    if results:
        messages.success(request, " ".join([*results, _("Their holders are told what changed, and why.")]))
    else:
        messages.info(request, _("Nothing was changed: none of these keys breaks the policy any more."))

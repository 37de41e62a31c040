"""Template tags for times, states and rights of keys."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from keys import selectors, texts, times
from keys.models import ApiKey
from portal.accounts import kept_forms
from portal.reference.markup import inline

register = template.Library()
register.filter("prose", inline)

SOON = timedelta(days=7)
_STATE_LABELS = {
    "pending": gettext_lazy("Being delivered"),
    "active": gettext_lazy("Active"),
    "expiring": gettext_lazy("Expires soon"),
    "disabled": gettext_lazy("Disabled"),
    "retiring": gettext_lazy("Being replaced"),
    "rotated": gettext_lazy("Replaced"),
    "expired": gettext_lazy("Expired"),
    "revoked": gettext_lazy("Revoked"),
}


@register.filter
def exact_time(moment: datetime) -> str:
    """Return the time to the minute, with the time zone."""
    return times.exact_time(moment)


@register.filter
def short_date(day: date) -> str:
    return date_format(day, _("j M Y"))


@register.simple_tag
def time_ago(moment: datetime, now: datetime) -> SafeString:
    """Return roughly how long ago. The element's title has the time in UTC."""
    return _time(moment, _ago(now - moment))


@register.simple_tag
def last_use(key: ApiKey, now: datetime, *, exact: bool = False) -> SafeString | str:
    """Return when the key was used, or that none of its calls worked yet. `exact` gives the time, else how long ago."""
    if key.last_used_at is not None:
        return time_at(key.last_used_at) if exact else time_ago(key.last_used_at, now)
    if not hasattr(key, "refused_calls"):
        key = selectors.with_calls(ApiKey.objects.filter(pk=key.pk), now).get()
    number, last = getattr(key, "refused_calls", 0), getattr(key, "last_refused_at", None)
    if not number:
        return _("Never used")
    refused = ngettext("%(n)s refused", "%(n)s refused", number) % {"n": number}
    if last is None:
        return _("No call worked yet · %(refused)s") % {"refused": refused}
    text = _("No call worked yet · %(refused)s, last one %(ago)s") % {
        "refused": refused,
        "ago": _ago(now - last),
    }
    return _time(last, text)


@register.simple_tag
def time_at(moment: datetime) -> SafeString:
    return _time(moment, exact_time(moment))


@register.simple_tag
def time_to_the_second(moment: datetime) -> SafeString:
    return _time(moment, times.exact_time_to_the_second(moment))


@register.inclusion_tag("presentation/copyable.html")
def copyable(value: str, label: str) -> dict[str, str]:
    """Return the text as code, with a button that copies it. `label` says what the text is."""
    return {"value": value, "label": label}


@register.simple_tag
def labeled_cell(cell: str, headers: list[dict[str, Any]], place: int) -> SafeString:
    """Return a cell of an admin list with the text of its column in `data-label`. On phones the rows are cards."""
    text = (
        ""
        if place >= len(headers) or "checkbox" in str(headers[place].get("class_attrib"))
        else headers[place]["text"]
    )
    tag, rest = cell.split(" ", 1)
    return format_html('{} data-label="{}" {}', mark_safe(tag), capfirst(text), mark_safe(rest))  # noqa: S308 - Django made the cell


@register.simple_tag
def expiry(key: ApiKey, now: datetime) -> SafeString | str:
    """Return when the key expires or expired."""
    if key.expires_at is None:
        return _("Never")
    left = key.expires_at - now
    if timedelta(0) < left <= SOON:
        days = left // timedelta(days=1)
        text = ngettext("In %(n)s day", "In %(n)s days", days) % {"n": days} if days else _("Within a day")
        return _time(key.expires_at, text)
    return _time(key.expires_at, times.short_date(key.expires_at))


def render_key_state(key: ApiKey, now: datetime) -> SafeString:
    """Return the HTML of `key_state` outside a template."""
    return render_to_string("presentation/key_state.html", key_state(key, now))


@register.inclusion_tag("presentation/key_state.html")
def key_state(key: ApiKey, now: datetime) -> dict[str, object]:
    """Return the icon and the label of the key's state."""
    name = key.state(now).value.lower()
    if name == "active" and key.expires_at is not None and key.expires_at - now <= SOON:
        name = "expiring"
    return {"state": name, "label": _STATE_LABELS[name]}


@register.simple_tag(takes_context=True)
def author_field(context: template.Context) -> SafeString:
    """Return the hidden field with the signed author of a form. What was typed is only restored for this member."""
    value = kept_forms.sign_author(context["request"].user)
    return format_html('<input type="hidden" name="{}" value="{}">', kept_forms.AUTHOR_FIELD, value)


@register.filter
def holder_label(key: ApiKey) -> str:
    return texts.holder_label(key)


@register.simple_tag(takes_context=True)
def rights_sentence(context: template.Context, key: ApiKey, now: datetime) -> str:
    holder = texts.holder_name(key, context["request"].user)
    return texts.describe_rights(key.rights, now=now, holder=holder)


def _time(moment: datetime, text: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.astimezone(UTC).isoformat(timespec="seconds"),
        times.utc_time(moment),
        text,
    )


def _ago(length: timedelta) -> str:
    minutes, hours = length // timedelta(minutes=1), length // timedelta(hours=1)
    if minutes < 1:
        return _("just now")
    if hours < 1:
        return ngettext("%(n)s minute ago", "%(n)s minutes ago", minutes) % {"n": minutes}
    if length.days < 1:
        return ngettext("%(n)s hour ago", "%(n)s hours ago", hours) % {"n": hours}
    return ngettext("%(n)s day ago", "%(n)s days ago", length.days) % {"n": length.days}

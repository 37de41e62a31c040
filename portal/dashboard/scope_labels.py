"""Scopes and presets as the choices of a form."""

from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString

from keys.wording import PRESETS, SCOPES


def _scope(name: str) -> SafeString:
    return format_html("{} <code>{}</code>", SCOPES[name].label, name)


def _preset(name: str) -> SafeString:
    return format_html('<strong>{}</strong> <span class="quiet">{}</span>', *PRESETS[name])


scope_label = lazy(_scope, SafeString)
preset_label = lazy(_preset, SafeString)

"""What a page says after a change: which key it was, and what holds now."""

from django.utils.translation import gettext as _

from keys import times
from keys.models import ApiKey
from keys.texts import responsible_name
from portal.presentation.pasted_keys import unknown_key_message


def confirm(done: str, key: ApiKey | None) -> str:
    """Return the confirmation for the name `done` in the URL, or "" if it is unknown or needs a key and has none."""
    if done == "unknown-key":
        return str(unknown_key_message())
    if done == "handed-over-to-another":
        return _("The workspace key has another responsible person. You no longer see it.")
    if key is None:
        return ""
    values = {"name": key.name, "date": times.full_date(key.expires_at) if key.expires_at else ""}
    match done:
        case "deleted":
            return _("“%(name)s” is deleted. Programs that use it are now refused.") % values
        case "disabled":
            return (
                _("“%(name)s” is disabled. Programs that use it are refused until you enable it again.")
                % values
            )
        case "enabled":
            return _("“%(name)s” is enabled. It works again.") % values
        case "renamed":
            return _("The key is now called “%(name)s”.") % values
        case "narrowed":
            return " ".join([_("The permissions of “%(name)s” are reduced.") % values, describe_expiry(key)])
        case "ends":
            return describe_expiry(key)
        case "not-listening":
            return _(
                "This key no longer listens to events. If a program uses it to listen again, it begins anew."
            )
        case "handed-over":
            responsible = {"who": responsible_name(key)}
            return _("%(who)s is now responsible for “%(name)s”.") % (values | responsible)
        case "finished":
            return _("The rotation of “%(name)s” is finished. Only the new key works.") % values
        case _:
            return ""


def describe_expiry(key: ApiKey) -> str:
    """Return `“ci” expires on 27 February 2027.`, or that it never expires."""
    if key.expires_at is None:
        return _("“%(name)s” never expires.") % {"name": key.name}
    return _("“%(name)s” expires on %(date)s.") % {"name": key.name, "date": times.full_date(key.expires_at)}

"""Why a call with a key was refused, and what helps: a sentence or two for each reason of the REST API."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys import usage
from pumble_bridge import hints

_REASONS = {
    usage.OK: gettext_lazy("It was carried out."),
    "key_malformed": gettext_lazy(
        "The key was cut short or mistyped. Copy it again, or rotate it to get a new one."
    ),
    "key_unknown": gettext_lazy(
        "The secret part of the key was wrong. Copy it again, or rotate it to get a new one."
    ),
    "key_expired": gettext_lazy("The key had expired. Make a new one."),
    "key_disabled": gettext_lazy("The key was disabled. Enable it, or ask whoever disabled it."),
    "key_revoked": gettext_lazy("The key had been deleted for good. Make a new one."),
    "key_rotated": gettext_lazy("A new key had taken this one's place. Put the new one into your program."),
    "ip_not_allowed": gettext_lazy(
        "The call came from an address that the key is not allowed to be used from. Call from one of its addresses, "
        "or make a key for this one."
    ),
    "https_required": gettext_lazy(
        "The call was sent without encryption, so others could read the key. Use https:// and rotate the key."
    ),
    "scope_missing": gettext_lazy("The key may not do this. Make a key that may."),
    "channel_not_allowed": gettext_lazy(
        "The key is bound to other channels than the one it was used on. Use one of its channels, or make another key."
    ),
    "owner_not_authorized": gettext_lazy(
        "The key's holder had not allowed the app to act for them, or had left. They have to authorize it again."
    ),
    "forbidden_by_pumble": gettext_lazy(
        "Pumble did not let the key's holder do this. What they may not do in Pumble, their keys may not do either."
    ),
    "bot_not_in_channel": gettext_lazy(
        "Messages of a private channel are served only where the app's bot is a member. Add it to the channel."
    ),
    "validation": gettext_lazy(
        "The request was not of the form that this operation takes. The answer to it says which field is wrong."
    ),
    "not_found": gettext_lazy(
        "What it named does not exist, or the key's holder cannot see it. Check the name or id."
    ),
    "idempotency_conflict": gettext_lazy(
        "The same Idempotency-Key came with another request before. Take a fresh one for each request."
    ),
    "idempotency_in_progress": gettext_lazy(
        "The first request with this Idempotency-Key was still under way. Wait a moment and repeat it."
    ),
    "idempotency_unknown": gettext_lazy(
        "How the first request with this Idempotency-Key ended is not known. Look whether it happened before you "
        "send it under a fresh one."
    ),
    "rate_limited": gettext_lazy("There were too many calls in a minute. Wait as long as Retry-After says."),
    "pumble_rate_limited": gettext_lazy("Pumble's own limit was reached. Wait as long as Retry-After says."),
    "method_not_allowed": gettext_lazy(
        "The HTTP method was the wrong one. The API reference has the right one."
    ),
    "too_large": gettext_lazy("The request was too large. Send less at a time."),
    "pumble_unavailable": gettext_lazy("Pumble did not answer as it should. Try again in a minute."),
    "pumble_timeout": gettext_lazy(
        "Pumble did not answer in time. What was asked for may have happened: look before you repeat it."
    ),
    "unavailable": gettext_lazy("The portal could not reach its database. Try again in a minute."),
    "internal": gettext_lazy("Something went wrong in the portal. Tell its operator this id."),
}


def explain(outcome: str, hint: str = "") -> str:
    """Return why a call ended so. `hint` is what the log keeps of a request that was wrong."""
    if outcome == "validation" and (what := hints.told(hint)):
        return _("The request was not of the form that this operation takes. %(what)s") % {"what": what}
    said = _REASONS.get(outcome)
    return str(said) if said else _("It was refused: %(reason)s.") % {"reason": outcome}

"""`generate` and `rotate`: commands that end in a new key."""

import re
from datetime import timedelta

from django.utils.translation import gettext as _

from keys import lifecycle, policy, scopes
from keys.models import Policy
from pumble_bridge.answers import Answer
from pumble_bridge.commands.call import Call, Misused
from pumble_bridge.handover import hand_over
from pumble_bridge.manifest import COMMAND

GENERATE_FLAGS = {"--read-only": False, "--post": False, "--full": False, "--scopes": True, "--expires": True}
ROTATE_FLAGS = {"--grace": True}
_PRESET_FLAGS = {"--read-only": "read-only", "--post": "post-messages", "--full": "full-access"}
_DAYS = re.compile(r"([0-9]{1,4})d", re.ASCII)


def generate(call: Call) -> Answer:
    terms = policy.loaded_policy(call.member.workspace)
    lifetime = _lifetime(call, terms)
    key, plaintext = lifecycle.issue(
        owner=call.member,
        name=call.words.text or None,
        scopes=_scopes(call, terms),
        expires_at=None if lifetime is None else call.now + lifetime,
        by=call.by,
        now=call.now,
    )
    payload = call.payload
    return hand_over(
        call.person, key, plaintext, channel_id=payload.channel_id, thread_root_id=payload.thread_root_id
    )


def rotate(call: Call) -> Answer:
    grace = lifecycle.GRACES.get(call.words.flags.get("--grace", "24h").casefold())
    if grace is None:
        raise Misused(_("--grace is one of %(graces)s.") % {"graces": ", ".join(lifecycle.GRACES)})
    key, plaintext = lifecycle.rotate(key=call.own_key(), grace=grace, by=call.by, now=call.now)
    payload = call.payload
    return hand_over(
        call.person, key, plaintext, channel_id=payload.channel_id, thread_root_id=payload.thread_root_id
    )


def _scopes(call: Call, terms: Policy) -> list[str]:
    """What the flags choose; without one, all that the workspace allows."""
    flags = call.words.flags
    chosen = [flag for flag in flags if flag in _PRESET_FLAGS or flag == "--scopes"]
    if len(chosen) > 1:
        raise Misused(_("Choose one of %(flags)s.") % {"flags": ", ".join(chosen)})
    if "--scopes" in flags:
        return [scope for scope in flags["--scopes"].casefold().split(",") if scope]
    if chosen:
        return list(scopes.PRESETS[_PRESET_FLAGS[chosen[0]]])
    return list(scopes.ALL if terms.allowed_scopes is None else terms.allowed_scopes)


def _lifetime(call: Call, terms: Policy) -> timedelta | None:
    """What the flag chooses; without one, the longest that the workspace allows. None is "never"."""
    typed = call.words.flags.get("--expires")
    if typed is None:
        return policy.expiry_choices(terms)[-1]
    if typed.casefold() == "never":
        return None
    days = _DAYS.fullmatch(typed.casefold())
    if days is None or days[1].strip("0") == "":
        raise Misused(
            _("--expires takes a number of days or never. Try: %(example)s")
            % {"example": f"{COMMAND} generate deploy --expires 30d"}
        )
    return timedelta(days=int(days[1]))

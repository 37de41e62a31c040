"""Sentences about keys in the reader's language: what a key can do, and why something was refused."""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from keys import exceptions, scopes, times
from keys.models import ApiKey, Member
from keys.rights import CALLS_PER_MINUTE, Rights
from keys.violations import PolicyRule, Violation

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class ScopeText(NamedTuple):
    """What a scope allows, as a list item and as a part of a sentence that begins with "Can".

    Attributes:
        in_channels: for scopes that a key uses in channels; None if the sentence does not mention the scope.
        elsewhere: for scopes that have nothing to do with channels.
        of_holder: the part for readers other than the holder, if it differs.
    """

    label: "StrPromise"
    in_channels: "StrPromise | None" = None
    elsewhere: "StrPromise | None" = None
    of_holder: "StrPromise | None" = None

    def part(self, holder: str) -> str:
        """Return the part of a sentence. `holder` is the name of the holder, or "" if they read it themselves."""
        own = self.in_channels or self.elsewhere or ""
        return str(self.of_holder) % {"holder": holder} if holder and self.of_holder else str(own)


class PresetText(NamedTuple):
    label: "StrPromise"
    description: "StrPromise"


SCOPES = {
    "channels:list": ScopeText(gettext_lazy("List channels")),
    "channels:read": ScopeText(gettext_lazy("Look up one channel")),
    "channels:write": ScopeText(
        gettext_lazy("Create channels and change their members"),
        elsewhere=gettext_lazy("create channels and change their members"),
    ),
    "messages:read": ScopeText(gettext_lazy("Read and search messages"), gettext_lazy("read messages")),
    "messages:write": ScopeText(
        gettext_lazy("Post messages, now or later"),
        gettext_lazy("post as you"),
        of_holder=gettext_lazy("post as %(holder)s"),
    ),
    "messages:edit": ScopeText(
        gettext_lazy("Edit own messages"),
        gettext_lazy("edit your messages"),
        of_holder=gettext_lazy("edit messages of %(holder)s"),
    ),
    "messages:delete": ScopeText(
        gettext_lazy("Delete own messages"),
        gettext_lazy("delete your messages"),
        of_holder=gettext_lazy("delete messages of %(holder)s"),
    ),
    "files:write": ScopeText(gettext_lazy("Send files with messages"), gettext_lazy("send files")),
    "reaction:read": ScopeText(gettext_lazy("Be told of reactions")),
    "reaction:write": ScopeText(gettext_lazy("React to messages"), gettext_lazy("react to messages")),
    "users:list": ScopeText(gettext_lazy("List people and groups")),
    "user:read": ScopeText(gettext_lazy("See own profile")),
    "status:write": ScopeText(
        gettext_lazy("Set own status"),
        elsewhere=gettext_lazy("set your status"),
        of_holder=gettext_lazy("set the status of %(holder)s"),
    ),
    "keys:manage": ScopeText(
        gettext_lazy("Create, change and end other keys over HTTP"),
        elsewhere=gettext_lazy("manage your keys"),
        of_holder=gettext_lazy("manage keys of %(holder)s"),
    ),
}
PRESETS = {
    "read-only": PresetText(
        gettext_lazy("Read only"), gettext_lazy("sees channels, people and messages; changes nothing")
    ),
    "ai-agent": PresetText(
        gettext_lazy("AI agent, read only"),
        gettext_lazy("as above, for 30 days, only in the channels that you choose"),
    ),
    "post-messages": PresetText(
        gettext_lazy("Post messages"),
        gettext_lazy("posts messages, sees channels and people; reads no messages"),
    ),
    "full-access": PresetText(
        gettext_lazy("Full access"), gettext_lazy("can do everything that you can do in Pumble")
    ),
    "custom": PresetText(gettext_lazy("Custom"), gettext_lazy("choose the permissions yourself")),
}
_POLICY_VALUES = {
    "max_lifetime": gettext_lazy("Maximum lifetime of a key, in days"),
    "default_lifetime": gettext_lazy("Default lifetime of a key, in days"),
    "max_keys": gettext_lazy("Keys of one member"),
    "idle_days": gettext_lazy("Days without use"),
    "request_log_retention_days": gettext_lazy("Days for which calls are logged"),
}
RIGHTS = {
    "scopes": gettext_lazy("scopes"),
    "channels": gettext_lazy("channels"),
    "allowed_addresses": gettext_lazy("addresses"),
    "calls_per_minute": gettext_lazy("calls a minute"),
    "expires_at": gettext_lazy("expiry"),
}


def describe_rights(rights: Rights, *, now: datetime, holder: str = "") -> str:
    """Return what a key with these rights can do: `Can post as you in #ops until 12 January. Cannot read messages.`

    Args:
        holder: the name of the holder, for other readers; "" if the holder reads it. See `holder_name`.
    """
    can = _can(rights, holder)
    where = _channels(rights)
    until = short_date(rights.expires_at, now=now) if rights.expires_at else ""
    named = {"can": can, "where": where, "until": until}
    if where and until:
        sentences = [_("Can %(can)s in %(where)s until %(until)s.") % named]
    elif where:
        sentences = [_("Can %(can)s in %(where)s; never expires.") % named]
    elif until:
        sentences = [_("Can %(can)s until %(until)s.") % named]
    else:
        sentences = [_("Can %(can)s; never expires.") % named]
    if where and not set(scopes.ALL).issubset(rights.scopes) and (more := _elsewhere(rights, holder)):
        sentences.append(_("Can also %(more)s.") % {"more": enumerate_all(more)})
    if cannot := _cannot(rights):
        sentences.append(_("Cannot %(cannot)s.") % {"cannot": cannot})
    if rights.allowed_addresses:
        sentences.append(
            _("Only from %(addresses)s.") % {"addresses": enumerate_all(rights.allowed_addresses)}
        )
    if rights.calls_per_minute < CALLS_PER_MINUTE:
        limit = rights.calls_per_minute
        sentences.append(
            ngettext("At most %(n)s call a minute.", "At most %(n)s calls a minute.", limit) % {"n": limit}
        )
    return " ".join(sentences)


def holder_name(key: ApiKey, reader: Member | None) -> str:
    """Return as whom the key acts, or "" if that is `reader`. None is a reader at the command line."""
    if key.is_workspace_key:
        return _("the app's bot")
    return "" if key.owner == reader else key.owner.name or _("its holder")


def holder_label(key: ApiKey) -> str:
    """Return whose key it is, in lists: the owner's name, or that it is a workspace key, and who is responsible for it."""
    if not key.is_workspace_key:
        return key.owner.name
    if key.responsible is None:
        return _("Workspace key, without a responsible person")
    return _("Workspace key, responsible: %(name)s") % {"name": key.responsible.name}


def responsible_name(key: ApiKey) -> str:
    """Return the name of the person who is responsible for a workspace key, or that there is nobody."""
    return key.responsible.name if key.responsible else _("nobody")


def preset_name(rights: Rights) -> str:
    """Return the name of the preset: Read only, Post messages, Full access or Custom."""
    return str(PRESETS[scopes.find_preset(rights.scopes) or "custom"].label)


def error_message(error: exceptions.KeysError, *, holder: str = "") -> str:
    """Return why a change was refused and what helps, in the active language.

    Args:
        holder: the name of the key's holder, for other readers; "" if the holder reads it.
    """
    match error:
        case exceptions.NameInvalid():
            return _name_invalid(error)
        case exceptions.NameTaken() if holder:
            return _("%(holder)s already has a key with this name. Choose another name.") % {"holder": holder}
        case exceptions.NameTaken():
            return _("You already have a key with this name. Choose another name, or delete that key first.")
        case exceptions.TooManyKeys() if holder:
            return _("%(holder)s has %(most)s keys, as many as the workspace allows.") % {
                "holder": holder,
                "most": error.limit,
            }
        case exceptions.TooManyKeys():
            return _(
                "You have %(most)s keys, as many as this workspace allows. Delete one that you no longer need."
            ) % {"most": error.limit}
        case exceptions.ScopeUnknown():
            if not error.scopes:
                return _("Choose at least one thing that the key may do.")
            return _("The scope %(scopes)s does not exist. The scopes are: %(all)s.") % {
                "scopes": ", ".join(error.scopes),
                "all": ", ".join(scopes.ALL),
            }
        case exceptions.FullAccessNotAllowed():
            return _("In this workspace no key may have full access. Choose fewer permissions.")
        case exceptions.ScopeNotAllowed():
            return _("This workspace does not allow the scopes %(scopes)s.") % {
                "scopes": enumerate_all(error.scopes)
            }
        case exceptions.ChannelsInvalid():
            return _("Choose 1 to 50 channels.")
        case exceptions.NotInChannel():
            return _(
                "Only a member of a private channel can give a workspace key access to it, also with a rotation or a renewal. Not a member of: %(channels)s. Join the channel, or ask a member to do it."
            ) % {"channels": enumerate_all(error.channels)}
        case exceptions.ChannelsNotChecked():
            return _(
                "Pumble did not say who the members of these channels are, so nothing was changed. Try again in a minute."
            )
        case exceptions.AddressInvalid() if error.suggestion:
            return _("%(text)s has host bits set. Did you mean %(meant)s?") % {
                "text": error.text[:64],
                "meant": error.suggestion,
            }
        case exceptions.AddressInvalid():
            return _(
                "“%(text)s” is not an IP address or network. Write 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32."
            ) % {"text": error.text[:64]}
        case exceptions.TooManyAddresses():
            return _("A key can have at most 50 allowed addresses and networks.")
        case exceptions.AddressesRequired():
            return _("This workspace requires a list of allowed IP addresses.")
        case exceptions.LimitInvalid():
            return _("The rate limit of a key must be 1 to 1,000 calls a minute.")
        case exceptions.ExpiryInPast():
            return _("This expiry is in the past. The server's time is %(now)s.") % {
                "now": error.now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
            }
        case exceptions.ExpiryTooFar() if error.lifetime is not None:
            return _(
                "In this workspace a key can be valid for at most %(lifetime)s. Choose an earlier expiry."
            ) % {"lifetime": format_days(error.lifetime)}
        case exceptions.ExpiryTooFar():
            return _("In this workspace every key must expire. Choose an expiry.")
        case exceptions.GraceInvalid():
            return _("Choose for how long the old key still works: not at all, 1 hour, 24 hours or 7 days.")
        case exceptions.RotationUnderway():
            return _(
                "A new key was created a moment ago and is being delivered. Look for it, or try again in a minute."
            )
        case exceptions.NewKeysLimited():
            return _("Keys may create %(limit)s keys of one owner within an hour. Try again later.") % {
                "limit": error.limit
            }
        case exceptions.SuccessorInUse():
            return _("This key was replaced, and the new key is in use. Rotate the new key instead.")
        case exceptions.KeyBeingReplaced():
            return _("This key is being replaced. Change the new key instead.")
        case exceptions.KeyDisabled():
            return _("This key is disabled. Enable it first.")
        case exceptions.PolicyValueInvalid():
            return f"{_POLICY_VALUES[error.field]}: {number_range(error.minimum, error.maximum)}"
        case exceptions.PolicyChanged():
            return _("Somebody else has changed the policy. Check the current policy, then try again.")
        case exceptions.PolicyViolated():
            return _(
                "This key violates the policy of the workspace: %(what)s. Reduce its permissions, or ask an owner of the workspace."
            ) % {"what": enumerate_all(map(describe_violation, error.violations))}
        case exceptions.CannotWidenRights():
            return _(
                "You can only reduce the permissions of a key, and this would extend its %(what)s. Create a new key."
            ) % {"what": RIGHTS[error.field]}
        case exceptions.KeyAmbiguous():
            return _("More than one of your keys has this name: %(keys)s. Use the id.") % {
                "keys": enumerate_all(
                    f"{name} ({key_id})" for name, key_id in zip(error.names, error.ids, strict=True)
                )
            }
        case exceptions.KeyNotFound():
            return _("There is no such key, or it no longer works.")
        case exceptions.ManagementNotGiven():
            return _("Only a person in the portal can create a key that manages other keys.")
        case exceptions.KeyManagesKeys():
            return _("A key cannot change another key that manages keys. Its owner can, in the portal.")
        case exceptions.WiderThanManagingKey():
            return _(
                "A key cannot create or change a key with more rights than its own, and this one would have more: %(what)s."
            ) % {"what": RIGHTS[error.field]}
        case exceptions.NotAWorkspaceManager():
            return _("Only owners and administrators can create workspace keys. Ask one of them.")
        case exceptions.WorkspaceKeysNotAllowed():
            return _("The policy of this workspace allows no workspace keys. Ask an owner.")
        case exceptions.CreationNotAllowed():
            return _("You may not create keys in this workspace. Ask an owner.")
        case exceptions.OwnerNotAuthorized():
            return _("The app is not allowed to act for this person. They have to authorize it first.")
        case exceptions.DisabledByAdministrator():
            return _("An administrator disabled this key. Only an owner or administrator can enable it.")
        case exceptions.ResponsibleInvalid():
            return str(_RESPONSIBLE_PROBLEMS[error.problem])
        case exceptions.NotAllowed():
            return _("You do not have permission to do this.")
        case _:
            return _("That is not possible.")


_RESPONSIBLE_PROBLEMS = {
    exceptions.ResponsibleInvalid.Problem.UNKNOWN: gettext_lazy("Choose a person of this workspace."),
    exceptions.ResponsibleInvalid.Problem.INACTIVE: gettext_lazy(
        "This person is deactivated in Pumble. Choose another person."
    ),
    exceptions.ResponsibleInvalid.Problem.GUEST: gettext_lazy(
        "A guest cannot be responsible for a workspace key. Choose another person."
    ),
    exceptions.ResponsibleInvalid.Problem.NOT_AUTHORIZED: gettext_lazy(
        "This person does not authorize the app. They have to sign in first."
    ),
}


def _name_invalid(error: exceptions.NameInvalid) -> str:
    if error.contains_key:
        return _("The name contains an API key. Choose another name.")
    rule = _("A key's name has 1 to 64 visible characters.")
    if error.character:
        problem = _("The name contains %(character)s.") % {"character": _describe(error.character)}
    elif error.length:
        problem = _("The name has %(n)s characters.") % {"n": error.length}
    else:
        return rule
    return f"{problem} {rule}"


def _describe(character: str) -> str:
    """Return the code point and the Unicode name of a character that cannot be shown."""
    unnamed = _("control character") if unicodedata.category(character) == "Cc" else _("unnamed character")
    name = unicodedata.name(character, "").lower() or unnamed
    return f"U+{ord(character):04X} ({name})"


def number_range(least: int, most: int) -> str:
    """Return a message with the range of a whole number."""
    bounds = {"least": least, "most": number_format(most, force_grouping=True)}
    return _("Choose a whole number from %(least)s to %(most)s.") % bounds


def describe_violation(violation: Violation) -> str:
    """Return the violation as a part of a sentence about the key."""
    match violation.rule:
        case PolicyRule.SCOPES:
            return _("it has scopes that are not allowed (%(scopes)s)") % {
                "scopes": ", ".join(violation.scopes)
            }
        case PolicyRule.FULL_ACCESS:
            return _("it has full access")
        case PolicyRule.EXPIRY if violation.limit is None:
            return _("it never expires")
        case PolicyRule.EXPIRY:
            return _("it expires more than %(days)s from now") % {
                "days": format_days(timedelta(days=violation.limit or 0))
            }
        case PolicyRule.ADDRESSES:
            return _("it may be used from every address")
        case PolicyRule.CREATORS:
            return _("its owner may not create keys")
        case PolicyRule.MAX_KEYS:
            most = violation.limit or 0
            return ngettext(
                "its owner has more than %(n)s key", "its owner has more than %(n)s keys", most
            ) % {"n": most}
        case PolicyRule.IDLE:  # pragma: no branch - mypy checks that there is no other rule
            return _("it was not used for %(days)s") % {
                "days": format_days(timedelta(days=violation.limit or 0))
            }


def enumerate_all(items: Iterable[str]) -> str:
    """Return the items as a phrase: "a", "a and b", "a, b and c"."""
    texts = list(items)
    if len(texts) < 2:
        return "".join(texts)
    return _("%(others)s and %(last)s") % {"others": ", ".join(texts[:-1]), "last": texts[-1]}


def enumerate_any(items: Iterable[str]) -> str:
    """Return the items as alternatives: "a", "a or b", "a, b or c"."""
    *others, last = items
    return _("%(others)s or %(last)s") % {"others": ", ".join(others), "last": last} if others else last


def short_date(moment: datetime, *, now: datetime) -> str:
    """Return the day, with the year if it is not the current one, and with the time if it is less than a day ahead."""
    local, today = times.localize(moment), times.localize(now)
    if local - today < timedelta(days=1):
        return f"{date_format(local, _('j F'))}, {times.time_of_day(moment)}"
    return date_format(local, _("j F")) if local.year == today.year else times.full_date(moment)


def format_days(length: timedelta) -> str:
    """Return the length in whole days, at least one."""
    number = max(1, round(length / timedelta(days=1)))
    return ngettext("%(n)s day", "%(n)s days", number) % {"n": number}


def _can(rights: Rights, holder: str) -> str:
    if set(scopes.ALL).issubset(rights.scopes):
        all_of_it = (
            _("do everything as %(holder)s") % {"holder": holder} if holder else _("do everything as you")
        )
        manages = [SCOPES[scopes.MANAGE].part(holder)] if scopes.MANAGE in rights.scopes else []
        return enumerate_all([all_of_it, *manages])
    sentences = [
        SCOPES[scope].part(holder) for scope in scopes.in_order(rights.scopes) if SCOPES[scope].in_channels
    ]
    if rights.channels is None:
        sentences += _elsewhere(rights, holder)
    return enumerate_all(sentences or [_("see channels and people")])


def _elsewhere(rights: Rights, holder: str) -> list[str]:
    """Return the parts for scopes that have nothing to do with channels."""
    return [SCOPES[scope].part(holder) for scope in scopes.in_order(rights.scopes) if SCOPES[scope].elsewhere]


def _cannot(rights: Rights) -> str:
    changes = {scope for scope in scopes.KNOWN if not scopes.is_read_only(scope)}
    missing = []
    if "messages:read" not in rights.scopes:
        missing.append(_("read messages"))
    if not changes & set(rights.scopes):
        missing.append(_("change anything"))
    elif "messages:write" not in rights.scopes:
        missing.append(_("post messages"))
    return _(" or ").join(missing)


def _channels(rights: Rights) -> str:
    if rights.channels is None:
        return ""
    return enumerate_all(f"#{name}" if name else channel_id for channel_id, name in rights.channels.items())

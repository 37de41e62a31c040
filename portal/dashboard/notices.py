"""What is said on the page that follows a change. The address names it, and only these words can come of it."""

from django.utils.translation import gettext_lazy as _

_NOTICES = {
    "deleted": _("The key is deleted. Anything that uses it is refused from now on."),
    "disabled": _("The key is disabled. Programs that use it are refused until you enable it again."),
    "enabled": _("The key is enabled and works again."),
    "renamed": _("The key has its new name."),
    "narrowed": _("The key can do less from now on."),
    "ends": _("The key expires in due time from now on."),
    "finished": _("The old key no longer works. Only the new one does."),
    "pasted": _("That was a full key, so I revoked it. Next time use its name or short id."),
    "strange": _("That looks like a key, but none of this workspace. Keys do not belong in forms."),
}


def notice(name: str) -> str:
    return str(_NOTICES.get(name, ""))

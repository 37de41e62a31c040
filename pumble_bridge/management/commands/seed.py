from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from keys import membership
from keys.audit import PUMBLE
from keys.models import Workspace
from pumble_bridge import client, installations, oauth
from pumble_bridge.exceptions import PumbleError


class Command(BaseCommand):
    help = "Copy from the running local Pumble who installed and authorized the app. API keys are kept."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.LOCAL_PUMBLE:
            raise CommandError("seed works with the local Pumble only: set LOCAL_PUMBLE=true")
        try:
            people = sum(self._seed(workspace) for workspace in client.call("GET", "/act/workspaces"))
        except PumbleError as error:
            raise CommandError(
                f"no local Pumble responds correctly at {settings.PUMBLE_API_URL} (PUMBLE_API_URL)"
            ) from error
        self.stdout.write(f"{people} people have authorized the app.")

    def _seed(self, workspace: dict[str, Any]) -> int:
        """Run the real consent and code exchange for each user who authorized the app. Return how many."""
        if not workspace["appInstalled"]:
            return 0
        authorized = [user for user in workspace["users"] if user["authorized"] and _is_active(user)]
        for user in authorized:
            consent = client.call("POST", "/act/authorize", json={"userId": user["id"]})
            code = parse_qs(urlsplit(consent["redirectUrl"]).query)["code"][0]
            installations.store_grant(oauth.exchange(code), by=PUMBLE, now=timezone.now())
        stored = Workspace.objects.get(pumble_id=workspace["id"]) if authorized else None
        for user in workspace["users"]:
            if stored is not None and user not in authorized and not user["isBot"]:
                profile = membership.Profile(
                    user_id=user["id"],
                    name=user["name"],
                    email=user["email"],
                    role=user["role"],
                    is_active=_is_active(user),
                )
                membership.record_profile(workspace=stored, profile=profile, by=PUMBLE, now=timezone.now())
        return len(authorized)


def _is_active(user: dict[str, Any]) -> bool:
    return bool(user["status"] != "DEACTIVATED")

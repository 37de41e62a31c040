"""What a key must be to open an operation. Each refusal is an exception with its own reason, which `False` could not say."""

from typing import Any

from django.utils import timezone
from rest_framework.permissions import BasePermission

from keys import authentication


class KeyIsUsable(BasePermission):
    """The key is in force, its owner authorizes the app, and the call comes from an address that the key allows."""

    def has_permission(self, request: Any, view: Any) -> bool:
        """
        Raises:
            KeyRevoked, KeyRotated, KeyExpired, KeyDisabled, OwnerNotAuthorized, IpNotAllowed.
        """
        # The first use confirms a key, so its record may be another afterwards.
        request.auth = authentication.authorize(request.auth, by=request.actor, now=timezone.now())
        return True


class KeyHasScope(BasePermission):
    """The key has the scope that the view names."""

    def has_permission(self, request: Any, view: Any) -> bool:
        """
        Raises:
            ScopeMissing.
        """
        if view.scope is not None:
            authentication.require_scope(request.auth, view.scope)
        return True

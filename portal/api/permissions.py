"""Check that a key may call an operation. Each refusal is an exception with its own reason, which `False` could not name."""

from typing import Any

from django.utils import timezone
from rest_framework.permissions import BasePermission

from keys import authentication
from keys.exceptions import ScopeMissing


class KeyIsUsable(BasePermission):
    """Require an active key, an owner who authorizes the app, and an allowed IP address."""

    def has_permission(self, request: Any, view: Any) -> bool:
        """
        Raises:
            KeyRevoked, KeyRotated, KeyExpired, KeyDisabled, OwnerNotAuthorized, IpNotAllowed.
        """
        # The first use confirms a pending key, which changes its record.
        request.auth = authentication.authorize(request.auth, by=request.actor, now=timezone.now())
        return True


class KeyHasScope(BasePermission):
    """Require the scope that the view names, or one of several."""

    def has_permission(self, request: Any, view: Any) -> bool:
        """
        Raises:
            ScopeMissing.
        """
        if view.scope is not None:
            authentication.require_scope(request.auth, view.scope)
        if view.any_scope and not set(view.any_scope) & set(request.auth.scopes):
            raise ScopeMissing(view.any_scope[0])
        return True


class KeyActsAsPerson(BasePermission):
    """Require a key of a person, if the operation does what only a person can do."""

    def has_permission(self, request: Any, view: Any) -> bool:
        """
        Raises:
            NotForWorkspaceKeys.
        """
        if view.for_people_only:
            authentication.require_person(request.auth)
        return True

"""Authentication backends for members and operators."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.db.models import QuerySet
from django.http import HttpRequest

from keys.models import Member
from keys.permissions import is_entitled


class PumbleSignIn(BaseBackend):
    """Load the member of a session while the member may use the portal. Members sign in by OAuth, not here."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> Member | None:
        return None

    def get_user(self, user_id: int) -> Member | None:
        member = Member.objects.people().select_related("workspace").filter(pk=user_id).first()
        return member if member is not None and is_entitled(member) else None


class OperatorSignIn(BaseBackend):
    """Authenticate operators by password. Members of a workspace cannot sign in by password."""

    def authenticate(
        self, request: HttpRequest | None, username: str = "", password: str = "", **credentials: Any
    ) -> Member | None:
        """Return the operator with this name and password. An unknown name takes as long as a wrong password."""
        operator = self._operators().filter(username=username).first()
        if operator is None:
            make_password(password)
            return None
        return operator if operator.check_password(password) else None

    def get_user(self, user_id: int) -> Member | None:
        return self._operators().filter(pk=user_id).first()

    def _operators(self) -> QuerySet[Member]:
        return Member.objects.filter(is_superuser=True, workspace=None, is_active=True)

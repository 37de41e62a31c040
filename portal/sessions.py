"""Sessions in the database, as Django keeps them, except that a database that is away is not taken for a session that ended."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import InterfaceError, OperationalError


class SessionStore(db.SessionStore):
    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - as Django has it
        """
        Raises:
            UpdateError: somebody ended the session meanwhile. OperationalError, InterfaceError: nobody knows.
        """
        try:
            super().save(must_create)
        except UpdateError as error:
            if isinstance(error.__context__, OperationalError | InterfaceError):
                raise error.__context__ from None
            raise

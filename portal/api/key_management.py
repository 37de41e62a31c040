"""The base of the operations that manage keys, and the answers to changes that are refused."""

from datetime import datetime
from typing import Any, ClassVar, NoReturn

from django.db import transaction
from django.http import HttpResponseBase
from django.utils import timezone, translation
from rest_framework.request import Request
from rest_framework.settings import api_settings

from keys import audit, exceptions, idempotency, lifecycle, scopes, selectors, texts
from keys.audit import Actor
from keys.exceptions import KeysError, ScopeMissing
from keys.key_format import Plaintext
from keys.models import ApiKey
from keys.summary import iso
from portal.api import dry_run
from portal.api import idempotency as idempotency_header
from portal.api.base import OperationView, WriteOperationView
from portal.api.calls import ApiCall
from portal.api.exceptions import InvalidInput, KeyIdNotFound, RotationInProgress, TooManyNewKeys
from portal.api.parsers import closest_field
from portal.api.renderers import JsonRenderer
from portal.key_delivery import deliver
from pumble_bridge.hints import Hint

JSON = "application/json; charset=utf-8"
NOT_REPEATED = "The key was in the first answer only. If you did not receive it, revoke or rotate this key, or create another."
RIGHTS_FIELDS = {
    "scopes": "scopes",
    "channels": "channels",
    "allowed_addresses": "allowedIps",
    "calls_per_minute": "callsPerMinute",
    "expires_at": "expiresAt",
}
# The field that shows a refusal. The first class that matches counts.
_FIELDS: dict[type[KeysError], str] = {
    exceptions.NameInvalid: "name",
    exceptions.NameTaken: "name",
    exceptions.ScopeUnknown: "scopes",
    exceptions.ScopeNotAllowed: "scopes",
    exceptions.ManagementNotGiven: "scopes",
    exceptions.ChannelsInvalid: "channels",
    exceptions.AddressInvalid: "allowedIps",
    exceptions.TooManyAddresses: "allowedIps",
    exceptions.AddressesRequired: "allowedIps",
    exceptions.LimitInvalid: "callsPerMinute",
    exceptions.ExpiryInvalid: "expiresAt",
    exceptions.PolicyViolated: "enabled",
    exceptions.DisabledByAdministrator: "enabled",
    exceptions.KeyManagesKeys: "id",
    exceptions.KeyBeingReplaced: "id",
    exceptions.KeyDisabled: "id",
}


class KeyManagementView(OperationView):
    """An operation on keys. It calls Pumble at most to find channels.

    Attributes:
        attempt: what the audit log calls an attempt that is not allowed.
        now: the time of the call.
        by: the presented key and its owner, as the actor of audit events.
    """

    calls_pumble = False
    tag = "Key Management"
    attempt: ClassVar[str]
    now: datetime
    by: Actor
    manager: ApiKey

    def check_permissions(self, request: Request) -> None:
        """Record a call without the scope in the audit log, as other denied attempts."""
        try:
            super().check_permissions(request)
        except ScopeMissing:
            self.load_manager(request)
            self.record_denial(ScopeMissing.reason)
            raise

    def respond(self, request: Request, call: ApiCall, data: dict[str, Any]) -> HttpResponseBase:
        self.load_manager(request)
        return super().respond(request, call, data)

    def load_manager(self, request: Any) -> None:
        self.now = timezone.now()
        self.manager = ApiKey.objects.select_related("owner__workspace").get(pk=request.auth.pk)
        self.by = Actor(
            self.manager.owner, self.surface, self.actor.address, self.actor.request_id, self.manager
        )

    def record_denial(self, why: str) -> None:
        audit.record_denial(self.attempt, why=why, by=self.by, now=self.now)

    def find_key(self, key_id: str) -> ApiKey:
        """Return the live key of the same owner with this id. The id of the presented key is its own.

        A new key is pending until its answer was sent. Whoever has its id from that answer has received it.

        Raises:
            KeyIdNotFound: there is none, it is pending, or it belongs to somebody else. The answer is the same.
        """
        keys = selectors.list_own_keys(self.manager.owner, self.now)
        key = keys.filter(key_id=key_id).first()
        if key is None:
            raise KeyIdNotFound
        if key.confirmed_at is None:
            if key.replaces_id is not None or key.created_by_key_id != self.manager.pk:
                raise KeyIdNotFound
            key = lifecycle.confirm(key=key, by=self.by, now=self.now)
        return key

    def is_own(self, key_id: str | None) -> bool:
        """Return whether the call is about the presented key itself."""
        return key_id is None or key_id == self.manager.key_id

    def require_management(self) -> None:
        """
        Raises:
            ScopeMissing: the presented key does not manage keys.
        """
        if scopes.MANAGE not in self.manager.scopes:
            self.record_denial(ScopeMissing.reason)
            raise ScopeMissing(scopes.MANAGE)


class KeyChangeView(KeyManagementView, WriteOperationView):
    """An operation that changes keys, in one transaction. A dry run is rolled back.

    Fields that do not exist are refused: a mistyped one must not make a key wider, or end the presented key.
    """

    def respond(self, request: Request, call: ApiCall, data: dict[str, Any]) -> HttpResponseBase:
        self._require_known_fields(request)
        return super().respond(request, call, data)

    def run(self, call: ApiCall, data: dict[str, Any]) -> Any:
        try:
            with audit.recorded_denials(self.attempt, by=self.by, now=self.now):
                self.prepare(call, data)
                with transaction.atomic():
                    answer = self.change(data)
                    transaction.set_rollback(call.observer.budget.dry_run)
        except (exceptions.ChangeRefused, exceptions.KeyDisabled) as error:
            self._refuse(error)
        return answer

    def prepare(self, call: ApiCall, data: dict[str, Any]) -> None:
        """Do what must not happen in the transaction, such as to ask Pumble."""

    def change(self, data: dict[str, Any]) -> Any:
        """Return the JSON of the response.

        Raises:
            KeysError
        """
        raise NotImplementedError

    def field_of(self, error: KeysError) -> str | None:
        """Return the input field that an error is about, or None."""
        if isinstance(error, exceptions.CannotWidenRights):
            return RIGHTS_FIELDS[error.field]
        if isinstance(error, exceptions.WiderThanManagingKey):
            return "id"
        return next((name for kind, name in _FIELDS.items() if isinstance(error, kind)), None)

    def _refuse(self, error: KeysError) -> NoReturn:
        if isinstance(error, exceptions.KeyNotFound):
            raise KeyIdNotFound from error
        if isinstance(error, exceptions.RotationUnderway):
            raise RotationInProgress from error
        if isinstance(error, exceptions.NewKeysLimited):
            raise TooManyNewKeys(error.limit, error.retry_after) from error
        with translation.override("en"):
            message = texts.error_message(error)
        name = self.field_of(error)
        if name not in self.input_serializer().fields:
            name = api_settings.NON_FIELD_ERRORS_KEY
        raise InvalidInput({name: [message]}) from error

    def _require_known_fields(self, request: Any) -> None:
        if request.query_params:
            message = "the input belongs into the body as JSON, not into the address"
            raise InvalidInput({api_settings.NON_FIELD_ERRORS_KEY: [message]}, Hint.FIELDS_IN_QUERY)
        names = list(self.input_serializer().fields)
        if "id" in request.data and request.data["id"] is None:
            raise InvalidInput({"id": ["must not be null"]})
        for other in request.data.keys() - set(names):
            if meant := closest_field(other, names):
                raise InvalidInput({meant: [f"is spelled {meant}; the body has another spelling of it"]})
            message = f"the body has a field that {self.operation} does not know; it knows {', '.join(names)}"
            raise InvalidInput({api_settings.NON_FIELD_ERRORS_KEY: [message]})


class KeyIssuingView(KeyChangeView):
    """An operation whose answer has a new key, once. What is kept for repetitions has none."""

    issued: tuple[ApiKey, Plaintext] | None = None
    answer: dict[str, Any]

    def respond(self, request: Request, call: ApiCall, data: dict[str, Any]) -> HttpResponseBase:
        response = super().respond(request, call, data)
        if self.issued is None or dry_run.applies(request):  # or it is the answer to a repetition
            return response
        key, plaintext = self.issued
        body = JsonRenderer().render(self.answer | {"key": plaintext.text})
        return deliver(
            body, key, by=self.by, content_type=JSON, on_failure=lambda: self._forget_repetition(request)
        )

    def issue(self, key: ApiKey, plaintext: Plaintext) -> dict[str, Any]:
        """Return the answer for repetitions, and keep the plaintext for the first one."""
        self.issued = key, plaintext
        self.answer = {
            "id": key.key_id,
            "key": None,
            "name": key.name,
            "scopes": key.scopes,
            "expiresAt": iso(key.expires_at),
        }
        return self.answer | {"note": NOT_REPEATED}

    def _forget_repetition(self, request: Request) -> None:
        """Let a repetition be carried out, because the first answer could not be sent."""
        if idempotency_header.is_requested(request):
            idempotency.forget(self.manager.pk, idempotency_header.read_value(request))

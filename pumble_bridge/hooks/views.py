"""The view that receives all hooks: raw bytes, signature, freshness, parsing, handler, one response."""

import hashlib
import logging
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, JsonResponse, UnreadablePostError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from pumble_bridge import metrics
from pumble_bridge.hooks import events, payloads, signature, triggers
from pumble_bridge.hooks.payloads import Event, MenuQuery, Payload
from pumble_bridge.hooks.responses import HookResponse, Nack
from pumble_bridge.models import AcceptedHook

log = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def hook(request: HttpRequest) -> JsonResponse:
    """Respond with 200 if the hook was handled, 403 if its signature is invalid, and another 4xx with a message otherwise."""
    now = timezone.now()
    try:
        body = request.body
    except RequestDataTooBig:
        return _refuse(413, "too large")
    except UnreadablePostError:
        return _refuse(400, "cut short")
    try:
        signature.verify(
            body,
            timestamp=request.headers.get("x-pumble-request-timestamp", ""),
            signature=request.headers.get("x-pumble-request-signature", ""),
            secrets=settings.PUMBLE_APP_SIGNING_SECRETS,
            now=now,
        )
    except signature.InvalidSignature as error:
        return _refuse(403, f"signature {error.code}", **_clock_details(error))
    try:
        payload = payloads.parse(body)
    except payloads.InvalidPayload as error:
        return _refuse(400, str(error))
    dedup_keys = _dedup_keys(request.headers["x-pumble-request-signature"], payload)
    try:
        if not _is_relevant(payload, now):
            return JsonResponse({})
        with _transaction_for(payload):
            if not AcceptedHook.remember(dedup_keys, now=now):
                log.info("hook.repeated", extra=_count_hook("repeated", payload, request))
                return JsonResponse({})
            answer = _dispatch(payload, request_id=getattr(request, "request_id", ""))
    except Exception as error:
        # The hook was not handled, so a repetition must be accepted.
        AcceptedHook.objects.filter(dedup_key__in=dedup_keys).delete()
        log.exception("hook.failed", extra=_count_hook("failed", payload, request))
        message = _("Something went wrong in the API app. Look at “/api-keys list” before you try again.")
        database_down = isinstance(error, OperationalError | InterfaceError)
        return JsonResponse({"message": message}, status=503 if database_down else 500)
    outcome = "declined" if isinstance(answer, Nack) else "taken"
    log.info("hook.taken", extra=_count_hook(outcome, payload, request) | {"answer": type(answer).__name__})
    return JsonResponse(answer.to_dict(), status=400 if isinstance(answer, Nack) else 200)


def _is_relevant(payload: Payload, now: datetime) -> bool:
    """Return False for a hook that can change nothing. It is acknowledged, but not stored or logged."""
    return not isinstance(payload, Event) or events.is_relevant(payload, now=now)


def _dispatch(payload: Payload, *, request_id: str) -> HookResponse:
    if isinstance(payload, Event):
        return events.handle(payload, request_id=request_id, now=timezone.now())
    return triggers.handle(payload, request_id=request_id, now=timezone.now())


def _transaction_for(payload: Payload) -> AbstractContextManager[object]:
    """Return a transaction for an event. A trigger calls Pumble, and no lock may be held during that."""
    return transaction.atomic() if isinstance(payload, Event) else nullcontext()


def _dedup_keys(signature_header: str, payload: Payload) -> list[str]:
    """Return the digests that identify this hook: of its signature, and of the id of the trigger or event.

    The signature covers the time, so equal events at different times are different hooks.
    """
    match payload:
        case Event():
            pumble_id = payload.request_id
        case MenuQuery():
            pumble_id = ""  # sent with every keystroke, possibly under the same id; changes nothing
        case _:
            pumble_id = payload.trigger_id
    identity = f"{type(payload).__name__}:{payload.workspace_id}:{pumble_id}".encode()
    return [
        hashlib.sha256(value).hexdigest()
        for value in ([signature_header.encode(), identity] if pumble_id else [signature_header.encode()])
    ]


def _count_hook(outcome: str, payload: Payload, request: HttpRequest) -> dict[str, str]:
    """Count the hook, and return the fields for its log record."""
    kind = type(payload).__name__
    metrics.HOOKS.labels(kind, outcome).inc()
    return {
        "kind": kind,
        "pumble_workspace": payload.workspace_id,
        "request_id": getattr(request, "request_id", ""),
    }


def _clock_details(error: signature.InvalidSignature) -> dict[str, object]:
    """Return log fields for a stale hook: its signature is correct, so a clock may be wrong."""
    if error.code != "stale":
        return {}
    return {"seconds_old": round(error.seconds_old), "hint": "the clock of this machine may be off"}


def _refuse(status: int, reason: str, **details: object) -> JsonResponse:
    metrics.HOOKS.labels("unknown", "refused").inc()
    log.log(
        logging.WARNING if details else logging.INFO,
        "hook.refused",
        extra={"status": status, "reason": reason, **details},
    )
    return JsonResponse({"message": reason}, status=status)

"""The models: workspaces, members, their API keys, usage and audit events.

Workspaces, members, policies and keys change only through `keys.lifecycle`, `keys.membership` and `keys.policies`,
which record an audit event in the same transaction.
"""

from keys.models.api_key import ApiKey, ApiKeyQuerySet
from keys.models.audit_event import (
    AuditAddress,
    AuditChain,
    AuditEvent,
    AuditEventQuerySet,
    AuditVerification,
)
from keys.models.idempotent_call import IdempotentCall
from keys.models.people import Member, Workspace
from keys.models.policy import Policy
from keys.models.usage import HourlyUse, KnownNetwork, LastUse, RequestLog

__all__ = [
    "ApiKey",
    "ApiKeyQuerySet",
    "AuditAddress",
    "AuditChain",
    "AuditEvent",
    "AuditEventQuerySet",
    "AuditVerification",
    "HourlyUse",
    "IdempotentCall",
    "KnownNetwork",
    "LastUse",
    "Member",
    "Policy",
    "RequestLog",
    "Workspace",
]

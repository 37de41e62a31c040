"""Long audit chains made fast, and hands that reach past the guards of the database."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from keys.audit import triggers, verifier
from keys.audit.log import actor_reference, canonical_content
from keys.models import ApiKey, AuditChain, AuditEvent, Workspace
from tests.conftest import NOW

_BATCH_SIZE = 500


def lengthen(
    workspace: Workspace, by: int, *, at: datetime.datetime = NOW, key: ApiKey | None = None
) -> None:
    """Append that many sound events to the workspace's chain, each a second later than the one before.

    They tell of `key`, done by its owner; of nobody's without one.
    """
    owner = key.owner if key else None
    chain, _new = AuditChain.objects.get_or_create(pk=workspace.pumble_id)
    number, digest = chain.number, chain.digest
    left = by
    while left:
        batch = []
        for _ in range(min(left, _BATCH_SIZE)):
            number += 1
            event = AuditEvent(
                chain=chain,
                number=number,
                previous=digest,
                type=AuditEvent.Type.KEY_RENAMED,
                surface=AuditEvent.Surface.WEB,
                actor_ref=actor_reference(owner),
                member_ref=actor_reference(owner),
                key_ref=key.key_id if key else "",
                detail={"before": f"nightly {number - 1}", "after": f"nightly {number}"},
                request_id="29132ceeff881f47ee660c94",
                at=at + datetime.timedelta(seconds=number),
                workspace=workspace,
                actor=owner,
                member=owner,
                key=key,
            )
            event.digest = digest = verifier.compute_digest(canonical_content(event))
            batch.append(event)
        AuditEvent.objects.bulk_create(batch)
        left -= len(batch)


@contextmanager
def unguarded() -> Iterator[None]:
    """What somebody can do who owns the tables: lift the guards, do it, and put them back."""
    triggers.drop(connection)
    yield
    triggers.create(connection)

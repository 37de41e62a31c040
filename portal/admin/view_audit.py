"""What the admin records about its viewers: views by operators, and identified keys."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from keys import audit
from keys.models import AuditEvent, Member, Workspace
from portal.admin.viewer import get_actor, get_viewer

_VIEW_INTERVAL = timedelta(minutes=10)


def record_view(request: HttpRequest, workspaces: Iterable[Workspace | None], page: str) -> None:
    """Record in `workspaces` that an operator viewed rows of them on this kind of page, at most once in ten minutes.

    Operators see every workspace. The owners of a workspace read in their audit log who viewed it.
    """
    viewer = get_viewer(request)
    viewed = {workspace for workspace in workspaces if workspace is not None}
    if not viewer.is_superuser or not viewed:
        return
    now, by = timezone.now(), get_actor(request)
    with transaction.atomic():
        Member.objects.select_for_update(no_key=True).get(
            pk=viewer.pk
        )  # two pages that load at once record one view
        recent_views = AuditEvent.objects.filter(
            type=AuditEvent.Type.OPERATOR_LOOKED,
            actor=viewer,
            workspace__in=viewed,
            at__gt=now - _VIEW_INTERVAL,
            detail__page=page,
        )
        already_recorded = set(recent_views.values_list("workspace", flat=True))
        for workspace in sorted(viewed, key=lambda workspace: workspace.pumble_id):
            if workspace.pk not in already_recorded:
                audit.record(AuditEvent.Type.OPERATOR_LOOKED, workspace=workspace, by=by, now=now, page=page)

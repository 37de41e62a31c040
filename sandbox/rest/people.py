"""Workspace and people."""

from typing import Any

from sandbox import shapes
from sandbox.errors import NotFound
from sandbox.models import Person, UserGroup
from sandbox.rest.endpoint import Call


def me(call: Call) -> dict[str, Any]:
    return {
        "workspaceId": call.person.workspace_id,
        "workspaceName": call.person.workspace.name,
        "workspaceUserId": call.person.id,
        "workspaceUserName": call.person.name,
    }


def workspace(call: Call) -> dict[str, Any]:
    return shapes.workspace(call.person.workspace)


def list_all(call: Call) -> list[dict[str, Any]]:
    rows = Person.objects.filter(workspace_id=call.person.workspace_id).order_by("id")
    return [shapes.person(row) for row in rows]


def details(call: Call, person_id: str) -> dict[str, Any]:
    row = Person.objects.filter(pk=person_id, workspace_id=call.person.workspace_id).first()
    if row is None:
        raise NotFound
    return shapes.person(row)


def groups(call: Call) -> list[dict[str, Any]]:
    rows = UserGroup.objects.filter(workspace_id=call.person.workspace_id).order_by("id")
    return [shapes.group(row) for row in rows]

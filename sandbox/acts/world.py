"""The world around: workspaces, faults, traffic, switches, reset."""

from collections import defaultdict
from typing import Any

from sandbox import faults, traffic
from sandbox.acts.act import Act
from sandbox.errors import ActRefused
from sandbox.models import Authorization, Channel, Installation, Membership, Person, Workspace
from sandbox.rest import fields
from sandbox.scheduling import LATEST_MS, SCHEDULER
from sandbox.seed import API_APP_ID, restore
from sandbox.switches import SWITCHES


def workspaces(act: Act) -> list[dict[str, Any]]:
    """Everything there is; `appInstalled` and `authorized` are about the API app, or the one that `appId` names."""
    app_id = act.text("appId", API_APP_ID)
    installed = set(
        Installation.objects.filter(app_id=app_id, active=True).values_list("workspace_id", flat=True)
    )
    authorized = set(
        Authorization.objects.filter(app_id=app_id, active=True).values_list("person_id", flat=True)
    )
    people: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for person in Person.objects.order_by("id"):
        people[person.workspace_id].append(
            {
                "id": person.id,
                "name": person.name,
                "email": person.email,
                "role": person.role,
                "status": person.status,
                "isBot": person.is_bot,
                "authorized": person.id in authorized,
            }
        )
    members: defaultdict[str, list[str]] = defaultdict(list)
    for channel_id, person_id in Membership.objects.order_by("id").values_list("channel_id", "person_id"):
        members[channel_id].append(person_id)
    channels: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for channel in Channel.objects.order_by("id"):
        channels[channel.workspace_id].append(
            {
                "id": channel.id,
                "name": channel.name,
                "channelType": channel.channel_type,
                "isArchived": channel.is_archived,
                "description": channel.description,
                "users": members[channel.id],
            }
        )
    return [
        {
            "id": row.id,
            "name": row.name,
            "appInstalled": row.id in installed,
            "users": people[row.id],
            "channels": channels[row.id],
        }
        for row in Workspace.objects.order_by("id")
    ]


def order_faults(act: Act) -> list[dict[str, object]]:
    """Add faults; the answer is all that are still to come."""
    if not isinstance(act.values, list):
        raise ActRefused("a list of faults is expected")
    try:
        faults.ORDERS.add([faults.parse(order) for order in act.values])
    except faults.BadFault as exc:
        raise ActRefused(str(exc)) from None
    return faults.ORDERS.left()


def ordered_faults(act: Act) -> list[dict[str, object]]:
    return faults.ORDERS.left()


def clear_faults(act: Act) -> list[dict[str, object]]:
    faults.ORDERS.clear()
    return []


def traffic_since(act: Act) -> list[dict[str, Any]]:
    """Entries after `since`; with `bodies=true` each has what was `sent` and `received`, secrets struck out."""
    mark = fields.number(act.text("since", "") or None, default=0, least=0, most=10**15)
    return traffic.LOG.since(mark, bodies=act.text("bodies", "") == "true")


def clear_traffic(act: Act) -> list[dict[str, Any]]:
    traffic.LOG.clear()
    return []


def switches(act: Act) -> dict[str, bool]:
    """`botPostsAnywhere`: a bot may write to private channels it is not in. `rateLimits`: calls are counted.
    `hookRetries`: a hook that got no sound answer is sent again.
    """
    wanted = {name: act.value(name) for name in SWITCHES.shown()}
    if not all(value is None or isinstance(value, bool) for value in wanted.values()):
        raise ActRefused("a switch is true or false")
    if wanted["botPostsAnywhere"] is not None:
        SWITCHES.bot_posts_anywhere = wanted["botPostsAnywhere"]
    if wanted["rateLimits"] is not None:
        SWITCHES.rate_limits = wanted["rateLimits"]
    if wanted["hookRetries"] is not None:
        SWITCHES.hook_retries = wanted["hookRetries"]
    return SWITCHES.shown()


def put_forward(act: Act) -> dict[str, int]:
    """`forward` milliseconds are over at once for scheduled messages, and only for them: hooks keep the true time."""
    forward = act.value("forward")
    if not isinstance(forward, int) or isinstance(forward, bool) or forward < 0:
        raise ActRefused("forward is a number of milliseconds")
    if SCHEDULER.now_ms() + forward > LATEST_MS:
        raise ActRefused("no message can be scheduled for so late a time")
    SCHEDULER.forward(forward)
    SCHEDULER.post_due()
    return {"now": SCHEDULER.now_ms()}


def reset(act: Act) -> dict[str, Any]:
    restore.restore()
    return {}

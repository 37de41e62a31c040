"""Home tabs: the view that an app publishes for one person, shown in its direct channel."""

import hashlib
from typing import Any

from sandbox import app_registry, channels
from sandbox.models import App, Channel, HomeView, Installation, Membership, Person


def view_id_for(app: App, person: Person) -> str:
    """Return the id of the Home view. It never changes, so that an app can refer to it."""
    return hashlib.sha256(f"home:{app.id}:{person.id}".encode()).hexdigest()[:24]


def publish(app: App, person: Person, view: dict[str, Any]) -> None:
    HomeView.objects.update_or_create(app=app, person=person, defaults={"view": view})


def get_view(app: App, person: Person) -> dict[str, Any] | None:
    """Return the published view, else the manifest's default view, else None."""
    title = {"type": "plain_text", "text": app_registry.display_name(app)}
    published = HomeView.objects.filter(app=app, person=person).first()
    if published is not None:
        content = published.view
    else:
        manifest = app_registry.get_manifest(app)
        default = manifest.default_home_view if manifest else None
        if default is None:
            return None
        content = {"blocks": default["blocks"]}
    return {
        "title": title,
        "state": {"values": {}},
        **content,
        "id": view_id_for(app, person),
        "type": "HOME",
    }


def app_of_channel(channel: Channel, person: Person) -> App | None:
    """Return the installed app whose direct channel with `person` this is, or None."""
    if channel.channel_type != Channel.Type.DIRECT:
        return None
    members = list(Membership.objects.filter(channel=channel).select_related("person__app"))
    bots = [member.person for member in members if member.person.is_bot]
    if len(members) != 2 or len(bots) != 1 or person.id not in {member.person_id for member in members}:
        return None
    app = bots[0].app
    installed = Installation.objects.filter(app=app, workspace_id=channel.workspace_id, active=True).exists()
    return app if installed else None


def view_of_channel(channel: Channel, person: Person) -> dict[str, Any] | None:
    app = app_of_channel(channel, person)
    return get_view(app, person) if app else None


def direct_channel(app: App, person: Person) -> Channel | None:
    """Return the direct channel of the app's bot and the person, or None."""
    bot = Person.objects.filter(app=app, workspace_id=person.workspace_id).first()
    if bot is None:
        return None
    return channels.find_direct({bot.id, person.id})

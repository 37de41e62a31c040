"""The driving interface, act by act."""

from django.urls import path

from pumble_bridge.sandbox.acts import administration, apps, interacting, reacting, screen, talking, world
from pumble_bridge.sandbox.acts.act import act

urlpatterns = [
    path("workspaces", act(GET=world.workspaces)),
    path("screen", act(GET=screen.show)),
    path("message", act(POST=talking.message)),
    path("shortcut", act(POST=talking.shortcut)),
    path("arrival", act(GET=talking.arrival)),
    path("forget", act(POST=talking.forget)),
    path("react", act(POST=reacting.react)),
    path("click", act(POST=interacting.click)),
    path("submit", act(POST=interacting.submit)),
    path("close", act(POST=interacting.close)),
    path("menu", act(POST=interacting.menu)),
    path("apps", act(GET=apps.listing, POST=apps.register)),
    path("commands", act(GET=apps.commands)),
    path("shortcuts", act(GET=apps.shortcuts)),
    path("install", act(POST=apps.install)),
    path("authorize", act(POST=apps.authorize)),
    path("reinstall", act(POST=apps.reinstall)),
    path("unauthorize", act(POST=apps.unauthorize)),
    path("uninstall", act(POST=apps.uninstall)),
    path("deactivate", act(POST=administration.deactivate)),
    path("activate", act(POST=administration.activate)),
    path("invite", act(POST=administration.invite)),
    path("role", act(POST=administration.change_role)),
    path("group", act(POST=administration.group)),
    path("archive", act(POST=administration.archive)),
    path("delete", act(POST=administration.delete)),
    path("faults", act(GET=world.ordered_faults, POST=world.order_faults, DELETE=world.clear_faults)),
    path("traffic", act(GET=world.traffic_since, DELETE=world.clear_traffic)),
    path("switches", act(POST=world.switches)),
    path("clock", act(POST=world.put_forward)),
    path("reset", act(POST=world.reset)),
]

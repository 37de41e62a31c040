"""The driving interface, act by act."""

from django.urls import path

from sandbox.acts import administration, apps, interacting, reacting, screen, talking, world
from sandbox.acts.act import act

urlpatterns = [
    path("workspaces", act("appId", GET=world.workspaces)),
    path("screen", act("userId channelId threadRootId", GET=screen.show)),
    path("message", act("userId channelId text threadRootId", POST=talking.message)),
    path("shortcut", act("userId channelId name messageId threadRootId", POST=talking.shortcut)),
    path("arrival", act("userId channelId", GET=talking.arrival)),
    path("forget", act("userId channelId", POST=talking.forget)),
    path("react", act("userId messageId code threadRootId", POST=reacting.react)),
    path("click", act("userId source onAction value values confirm", POST=interacting.click)),
    path("submit", act("userId viewId values", POST=interacting.submit)),
    path("close", act("userId viewId values", POST=interacting.close)),
    path("menu", act("userId viewId source onAction query value", POST=interacting.menu)),
    path("apps", act("userId manifestUrl manifest", GET=apps.listing, POST=apps.register)),
    path("commands", act("userId", GET=apps.commands)),
    path("shortcuts", act("userId", GET=apps.shortcuts)),
    path("install", act("userId state scopes", POST=apps.install)),
    path("authorize", act("userId state scopes", POST=apps.authorize)),
    path("reinstall", act("userId state scopes", POST=apps.reinstall)),
    path("unauthorize", act("userId", POST=apps.unauthorize)),
    path("uninstall", act("userId", POST=apps.uninstall)),
    path("deactivate", act("userId", POST=administration.deactivate)),
    path("activate", act("userId", POST=administration.activate)),
    path("invite", act("userId name email role", POST=administration.invite)),
    path("role", act("userId memberId role", POST=administration.change_role)),
    path(
        "group", act("userId groupId name handle description memberIds disabled", POST=administration.group)
    ),
    path("archive", act("userId channelId", POST=administration.archive)),
    path("delete", act("userId channelId", POST=administration.delete)),
    path("faults", act("", GET=world.ordered_faults, POST=world.order_faults, DELETE=world.clear_faults)),
    path("traffic", act("since bodies", GET=world.traffic_since, DELETE=world.clear_traffic)),
    path("switches", act("botPostsAnywhere rateLimits hookRetries", POST=world.switches)),
    path("clock", act("forward", POST=world.put_forward)),
    path("reset", act("", POST=world.reset)),
]

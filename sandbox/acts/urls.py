"""The driving interface, act by act."""

from django.urls import path

from sandbox.acts import administration, apps, controls, interactions, messages, screen
from sandbox.acts.endpoint import act

urlpatterns = [
    path("workspaces", act("appId", GET=screen.workspaces)),
    path("screen", act("userId channelId threadRootId", GET=screen.show)),
    path("message", act("userId channelId text threadRootId", POST=messages.message)),
    path("shortcut", act("userId channelId name messageId threadRootId", POST=messages.shortcut)),
    path("arrival", act("userId channelId", GET=messages.arrival)),
    path("forget", act("userId channelId", POST=messages.forget)),
    path("react", act("userId messageId code threadRootId", POST=messages.react)),
    path("click", act("userId source onAction value values confirm", POST=interactions.click)),
    path("submit", act("userId viewId values", POST=interactions.submit)),
    path("close", act("userId viewId values", POST=interactions.close)),
    path("menu", act("userId viewId source onAction query value", POST=interactions.menu)),
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
    path(
        "faults",
        act("", GET=controls.ordered_faults, POST=controls.order_faults, DELETE=controls.clear_faults),
    ),
    path("traffic", act("since bodies", GET=controls.traffic_since, DELETE=controls.clear_traffic)),
    path("switches", act("botPostsAnywhere rateLimits hookRetries", POST=controls.switches)),
    path("clock", act("forward", POST=controls.put_forward)),
    path("reset", act("", POST=controls.reset)),
]

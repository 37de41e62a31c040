"""URLs of the `/act/` interface, with the fields that each accepts."""

from django.urls import path

from sandbox.acts import administration, apps, controls, interactions, messages, screen
from sandbox.acts.endpoint import act_view

urlpatterns = [
    path("workspaces", act_view("appId", GET=screen.list_workspaces)),
    path("screen", act_view("userId channelId threadRootId", GET=screen.get_screen)),
    path("message", act_view("userId channelId text threadRootId file", POST=messages.send)),
    path("file", act_view("userId fileId", GET=messages.download)),
    path("shortcut", act_view("userId channelId name messageId threadRootId", POST=messages.run_shortcut)),
    path("arrival", act_view("userId channelId", GET=messages.open_page)),
    path("forget", act_view("userId channelId", POST=messages.reload_page)),
    path("react", act_view("userId messageId code threadRootId", POST=messages.react)),
    path("click", act_view("userId source onAction value values confirm", POST=interactions.click)),
    path("submit", act_view("userId viewId values", POST=interactions.submit)),
    path("close", act_view("userId viewId values", POST=interactions.close)),
    path("menu", act_view("userId viewId source onAction query value", POST=interactions.menu)),
    path("apps", act_view("userId manifestUrl manifest", GET=apps.list_apps, POST=apps.register)),
    path("commands", act_view("userId", GET=apps.commands)),
    path("shortcuts", act_view("userId", GET=apps.shortcuts)),
    path("install", act_view("userId state scopes", POST=apps.install)),
    path("authorize", act_view("userId state scopes", POST=apps.authorize)),
    path("reinstall", act_view("userId state scopes", POST=apps.reinstall)),
    path("unauthorize", act_view("userId", POST=apps.unauthorize)),
    path("uninstall", act_view("userId", POST=apps.uninstall)),
    path("deactivate", act_view("userId", POST=administration.deactivate)),
    path("activate", act_view("userId", POST=administration.activate)),
    path("invite", act_view("userId name email role", POST=administration.invite)),
    path("role", act_view("userId memberId role", POST=administration.change_role)),
    path(
        "group",
        act_view("userId groupId name handle description memberIds disabled", POST=administration.save_group),
    ),
    path("archive", act_view("userId channelId", POST=administration.archive)),
    path("delete", act_view("userId channelId", POST=administration.delete)),
    path(
        "faults",
        act_view("", GET=controls.list_faults, POST=controls.add_faults, DELETE=controls.clear_faults),
    ),
    path("traffic", act_view("since bodies", GET=controls.list_traffic, DELETE=controls.clear_traffic)),
    path("switches", act_view("botPostsAnywhere rateLimits hookRetries", POST=controls.set_switches)),
    path("clock", act_view("forward", POST=controls.advance_clock)),
    path("reset", act_view("", POST=controls.reset)),
]

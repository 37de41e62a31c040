"""The map of the local Pumble."""

from django.urls import include, path

from pumble_bridge.sandbox import pages
from pumble_bridge.sandbox.consent import views

urlpatterns = [
    path("", pages.chat),
    path("healthz", pages.healthz),
    path("access-request", views.access_request),
    path("act/", include("pumble_bridge.sandbox.acts.urls")),
    path("", include("pumble_bridge.sandbox.rest.urls")),
    path("", include("pumble_bridge.sandbox.developers.urls")),
]
handler400 = "pumble_bridge.sandbox.pages.bad_request"
handler404 = "pumble_bridge.sandbox.pages.not_found"
handler500 = "pumble_bridge.sandbox.pages.server_error"

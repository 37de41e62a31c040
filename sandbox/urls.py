"""The map of the local Pumble."""

from django.urls import include, path

from sandbox import pages
from sandbox.consent import views

urlpatterns = [
    path("", pages.chat),
    path("healthz", pages.healthz),
    path("access-request", views.access_request),
    path("act/", include("sandbox.acts.urls")),
    path("", include("sandbox.rest.urls")),
    path("", include("sandbox.developers.urls")),
]
handler400 = "sandbox.pages.bad_request"
handler404 = "sandbox.pages.not_found"
handler500 = "sandbox.pages.server_error"

"""URLs of the local Pumble."""

from django.urls import include, path

from sandbox import consent, views

urlpatterns = [
    path("", views.chat),
    path("healthz", views.healthz),
    path("access-request", consent.access_request),
    path("act/", include("sandbox.acts.urls")),
    path("", include("sandbox.rest.urls")),
    path("", include("sandbox.developers.urls")),
]
handler400 = "sandbox.views.bad_request"
handler404 = "sandbox.views.not_found"
handler500 = "sandbox.views.server_error"

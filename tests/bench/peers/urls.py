from django.urls import path

from tests.bench.peers import views

urlpatterns = [
    path("drf-token", views.DrfToken.as_view()),
    path("drf-api-key", views.DrfApiKey.as_view()),
    path("knox", views.Knox.as_view()),
    path("naive", views.NaiveProxy.as_view()),
    path("bare", views.bare_proxy),
    path("bare-sender", views.bare_sender),
]

"""What the portal is compared with: three ways to check a key, and three proxies that do less than it does."""

import os
import threading
from typing import Any

import requests
from django.http import HttpRequest, HttpResponse
from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework.authentication import TokenAuthentication
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_api_key.permissions import HasAPIKey

_thread = threading.local()
_TOKEN = {"token": "delay=0;size=0", "x-app-token": "app"}
_SLOW = {"token": "delay=20;size=0", "x-app-token": "app"}
_PUMBLE = os.environ["PUMBLE_API_URL"]
_USER = f"{_PUMBLE}/v1/workspaceUsers/65f0a1b2c3d4e5f607180004"
_CHANNEL = f"{_PUMBLE}/v1/channels/65f0a1b2c3d4e5f607180003"


class _Checked(APIView):
    def get(self, request: Request) -> Response:
        return Response({"id": 1})


class DrfToken(_Checked):
    authentication_classes = [TokenAuthentication]
    permission_classes: list[type[BasePermission]] = [IsAuthenticated]


class Knox(_Checked):
    authentication_classes = [KnoxAuthentication]
    permission_classes: list[type[BasePermission]] = [IsAuthenticated]


class DrfApiKey(_Checked):
    authentication_classes: list[Any] = []
    permission_classes: list[type[BasePermission]] = [HasAPIKey]


class NaiveProxy(APIView):
    """As one would write it in an afternoon: a key, a connection for each call, the answer decoded and encoded again."""

    authentication_classes: list[Any] = []
    permission_classes: list[type[BasePermission]] = [HasAPIKey]

    def get(self, request: Request) -> Response:
        answer = requests.get(_USER, headers=_TOKEN, timeout=10)
        return Response(answer.json(), status=answer.status_code)


def bare_proxy(request: HttpRequest) -> HttpResponse:
    """No key, no limits, no log: a kept session of `requests`, and its bytes handed on."""
    answer = _session().get(_USER, headers=_TOKEN, timeout=10)
    return HttpResponse(answer.content, status=answer.status_code, content_type="application/json")


def bare_sender(request: HttpRequest) -> HttpResponse:
    """As `bare_proxy`, with the two calls that it takes to send a message."""
    _session().get(_CHANNEL, headers=_SLOW, timeout=10)
    answer = _session().post(f"{_CHANNEL}/messages", data=request.body, headers=_SLOW, timeout=10)
    return HttpResponse(answer.content, status=answer.status_code, content_type="application/json")


def _session() -> requests.Session:
    session: requests.Session | None = getattr(_thread, "session", None)
    if session is None:
        session = _thread.session = requests.Session()
    return session

"""The first page: how a workspace's keys stand, at a glance."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.admin.site import site


@site.page("", name="index")
def front(request: HttpRequest) -> HttpResponse:
    return render(request, "admin/front.html", site.each_context(request) | {"title": _("At a glance")})

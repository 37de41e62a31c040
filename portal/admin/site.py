"""The admin site: who may open it, and its URLs. It has no other URLs than these."""

from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from keys import key_format
from keys.models import Member
from portal.accounts import kept_forms
from portal.accounts.kept_forms import FormPage, form_page
from portal.admin import login
from portal.admin.viewer import get_actor, get_viewer, handle_no_permission
from pumble_bridge.explanations import explain

if TYPE_CHECKING:
    from portal.admin.base import ViewerAdmin

View = Callable[..., HttpResponseBase]


class PortalAdmin(admin.AdminSite):
    site_title = site_header = gettext_lazy("API keys for Pumble")
    enable_nav_sidebar = False

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")

    def has_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, Member) and request.user.is_staff

    def admin_view(self, view: View, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - as in Django
        """Wrap `view` so that only owners, administrators and operators open it. A key in the URL never reaches the view."""

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in {"GET", "HEAD", "POST"}:
                return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
            if not self.has_permission(request):
                return handle_no_permission(request)
            if key_format.contains_key_pattern(unquote_plus(request.META.get("QUERY_STRING", ""))):
                return _redirect_without_key(request)
            if request.method == "POST":
                kept_forms.drop_kept_form(request)
            return view(request, *args, **kwargs)

        return update_wrapper(form_page(FormPage())(never_cache(guarded)), view)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return the sign-in, the translations for scripts, and the lists. Leave out Django's pages to add, delete and autocomplete."""
        return [
            path("login/", login.login, name="login"),
            path("jsi18n/", self.admin_view(self.i18n_javascript), name="jsi18n"),
            *(
                path(
                    f"{model_admin.opts.app_label}/{model_admin.opts.model_name}/", include(model_admin.urls)
                )
                for model_admin in self.model_admins
            ),
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return the context of every page: the viewer, and the links to the pages that the viewer may open."""
        viewer = get_viewer(request)
        here = request.path
        nav_links: list[tuple[str, Any, bool]] = [
            ("admin:index", _("Overview"), here == reverse("admin:index")),
            ("admin:lookup", _("Look up"), here.startswith(reverse("admin:lookup"))),
        ]
        nav_links += [
            (
                model_admin.list_url_name,
                model_admin.plural,
                here.startswith(reverse(model_admin.list_url_name)),
            )
            for model_admin in self.model_admins
            if model_admin.has_view_permission(request)
        ]
        if viewer.is_superuser:
            here_installation = here.startswith(reverse("admin:installation"))
            nav_links.append(("admin:installation", _("Installation"), here_installation))
        return {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "has_permission": True,
            "is_nav_sidebar_enabled": False,
            "viewer": viewer,
            "nav_links": nav_links,
        }

    @property
    def model_admins(self) -> "list[ViewerAdmin]":
        registered: Any = self._registry.values()
        return sorted(registered, key=lambda model_admin: model_admin.order)


def _redirect_without_key(request: HttpRequest) -> HttpResponse:
    """Redirect to the same page without the key. The browser's history keeps the URL anyway."""
    query = unquote_plus(request.META["QUERY_STRING"])
    answer = explain(query, viewer=get_viewer(request), by=get_actor(request), now=timezone.now())
    warning = _("This page's URL contained an API key. Browsers and servers store URLs. Revoke that key.")
    messages.warning(request, warning)
    if not answer.explanations:
        return redirect(request.path)
    return redirect("admin:keys_apikey_change", answer.explanations[0].key.pk)


site = PortalAdmin()

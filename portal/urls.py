"""The URLs of the portal."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from portal import health, metrics
from portal.accounts import views as accounts
from portal.dashboard import (
    key_changes,
    key_creation,
    key_list,
    key_page,
    key_rotation,
    lookup,
    overview,
    session,
    trial_keys,
    workspace_keys,
)
from portal.doctor import probe
from portal.reference import views as reference
from pumble_bridge import manifest
from pumble_bridge.hooks.views import hook


@require_safe
def serve_manifest(request: HttpRequest) -> HttpResponse:
    return JsonResponse(manifest.build())


urlpatterns = [
    path("", include("portal.api.urls")),  # first, because most requests are calls
    path("", include("portal.mcp.urls")),
    path("", key_list.KeyList.as_view(), name="start"),
    path("overview", overview.Overview.as_view(), name="overview"),
    path("lookup/", lookup.Lookup.as_view(), name="lookup"),
    path("lookup/<str:looked_up>/", lookup.Lookup.as_view(), name="lookup"),
    path("keys/new", key_creation.CreateKey.as_view(), name="new-key"),
    path(
        "keys/new/",  # "new" is no key's id
        RedirectView.as_view(pattern_name="new-key", query_string=True, http_method_names=["get", "head"]),
        name="new-key-slash",
    ),
    path("workspace-keys/", workspace_keys.WorkspaceKeyList.as_view(), name="workspace-keys"),
    path("workspace-keys/new", workspace_keys.CreateWorkspaceKey.as_view(), name="new-workspace-key"),
    path("keys/<slug:key_id>/responsible", workspace_keys.ReplaceResponsible.as_view(), name="responsible"),
    path("keys/<slug:key_id>/", key_page.KeyPage.as_view(), name="key"),
    path("keys/<slug:key_id>/rename", key_changes.RenameKey.as_view(), name="rename"),
    path("keys/<slug:key_id>/narrow", key_changes.NarrowKey.as_view(), name="narrow"),
    path("keys/<slug:key_id>/disable", key_changes.DisableKey.as_view(), name="disable"),
    path("keys/<slug:key_id>/enable", key_changes.EnableKey.as_view(), name="enable"),
    path("keys/<slug:key_id>/rotate", key_rotation.RotateKey.as_view(), name="rotate"),
    path("keys/<slug:key_id>/renew", key_rotation.RenewKey.as_view(), name="renew"),
    path("keys/<slug:key_id>/stop-listening", key_changes.StopListening.as_view(), name="stop-listening"),
    path("keys/<slug:key_id>/finish", key_changes.FinishRotation.as_view(), name="finish"),
    path("keys/<slug:key_id>/delete", key_changes.DeleteKey.as_view(), name="delete"),
    path("keys/<slug:key_id>/remedy", overview.ApplyFix.as_view(), name="remedy"),
    path("admin/", include("portal.admin.urls")),
    path("signout", session.sign_out, name="signout"),
    path("signout/everywhere", session.SignOutEverywhere.as_view(), name="signout-everywhere"),
    path("language", session.choose_language, name="set_language"),
    path("manifest", serve_manifest, name="manifest"),
    path("pumble/hook", hook, name="hook"),
    path("pumble/install", accounts.install, name="install"),
    path("pumble/signin", accounts.signin, name="signin"),
    path("pumble/redirect", accounts.callback, name="redirect"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.serve, name="metrics"),
    path(probe.PATH.lstrip("/"), probe.serve_probe, name="doctor-probe"),
    path("api-docs/", reference.interactive, name="api-docs"),
    path("api-docs/try", trial_keys.TryApi.as_view(), name="try-it"),
    path("api-docs/plain/", reference.plain_html, name="api-docs-plain"),
    path("api-docs/plain.md", reference.plain_markdown, name="api-docs-markdown"),
    path("api-docs/openapi.json", reference.openapi_json, name="openapi-json"),
    path("api-docs/openapi.yaml", reference.openapi_yaml, name="openapi-yaml"),
    path("llms.txt", reference.llms_txt, name="llms-txt"),
]

handler400 = "portal.error_pages.bad_request"
handler404 = "portal.error_pages.not_found"
handler500 = "portal.error_pages.server_error"

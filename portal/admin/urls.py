"""The URLs of the admin: the lists of the site, and the pages that belong to no model."""

from django.urls import path

from keys.models import ApiKey, AuditEvent, HourlyUse, Member, Policy, RequestLog, Workspace
from portal.admin import index, installation, key_actions
from portal.admin.api_keys import ApiKeyAdmin
from portal.admin.audit_events import AuditEventAdmin
from portal.admin.calls import HourlyUseAdmin, RequestLogAdmin
from portal.admin.lookup import lookup
from portal.admin.members import MemberAdmin
from portal.admin.policies import PolicyAdmin
from portal.admin.site import site
from portal.admin.workspaces import WorkspaceAdmin

app_name = "admin"

site.register(ApiKey, ApiKeyAdmin)
site.register(Member, MemberAdmin)
site.register(Policy, PolicyAdmin)
site.register(AuditEvent, AuditEventAdmin)
site.register(RequestLog, RequestLogAdmin)
site.register(HourlyUse, HourlyUseAdmin)
site.register(Workspace, WorkspaceAdmin)

urlpatterns = [
    path("", site.admin_view(index.index), name="index"),
    path("keys/apikey/revoke/", site.admin_view(key_actions.revoke), name="revoke-keys"),
    path("keys/apikey/disable/", site.admin_view(key_actions.disable), name="disable-keys"),
    path("keys/apikey/enable/", site.admin_view(key_actions.enable), name="enable-keys"),
    path("lookup/", site.admin_view(lookup), name="lookup"),
    path("lookup/<str:looked_up>/", site.admin_view(lookup), name="lookup"),
    path("installation/", site.admin_view(installation.installation), name="installation"),
    *site.get_urls(),
]

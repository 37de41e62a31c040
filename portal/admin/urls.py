"""URLs of the admin: the site with its lists, and the pages that belong to no model."""

from django.urls import path

from keys.models import ApiKey, AuditEvent, HourlyUse, Member, Policy, RequestLog, Workspace
from portal.admin import index, installation, key_actions
from portal.admin.api_keys import ApiKeys
from portal.admin.audit_events import AuditEvents
from portal.admin.calls import Calls, HourlyCounts
from portal.admin.identify_key import identify_key
from portal.admin.members import Members
from portal.admin.policies import PolicyAdmin
from portal.admin.site import site
from portal.admin.workspaces import Workspaces

app_name = "admin"

site.register(ApiKey, ApiKeys)
site.register(Member, Members)
site.register(Policy, PolicyAdmin)
site.register(AuditEvent, AuditEvents)
site.register(RequestLog, Calls)
site.register(HourlyUse, HourlyCounts)
site.register(Workspace, Workspaces)

urlpatterns = [
    path("", site.admin_view(index.index), name="index"),
    path("keys/apikey/revoke/", site.admin_view(key_actions.revoke), name="revoke-keys"),
    path("keys/apikey/disable/", site.admin_view(key_actions.disable), name="disable-keys"),
    path("keys/apikey/enable/", site.admin_view(key_actions.enable), name="enable-keys"),
    path("whose/", site.admin_view(identify_key), name="identify-key"),
    path("installation/", site.admin_view(installation.installation), name="installation"),
    *site.get_urls(),
]

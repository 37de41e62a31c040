"""URLs for the command line tool. Source: Pumble app platform reference, 1.4.

`mine` and `authorizations` come before the ids, so that they are not read as ids.
"""

from django.urls import path

from sandbox.developers import apps, sign_in
from sandbox.developers.endpoint import developer_view, public_view

_W = "workspaces/<str:workspace_id>"
_U = f"{_W}/workspaceUsers/<str:person_id>"

urlpatterns = [
    path("lead", public_view(POST=sign_in.request_code)),
    path("lead/activate", public_view(POST=sign_in.activate)),
    path("lead/login", public_view(POST=sign_in.login)),
    path(f"{_W}/exchange", public_view(POST=sign_in.exchange)),
    path(f"{_W}/refresh", public_view(POST=sign_in.refresh)),
    path(f"{_W}/info", public_view(GET=sign_in.workspace_info)),
    path(_U, public_view(GET=sign_in.member_info)),
    path(f"{_U}/apps", developer_view(POST=apps.create)),
    path(f"{_U}/apps/mine", developer_view(GET=apps.list_apps)),
    path(f"{_U}/apps/mine/<str:app_id>", developer_view(GET=apps.get_app)),
    path(f"{_U}/apps/authorizations", developer_view(GET=apps.authorizations)),
    path(f"{_U}/apps/<str:app_id>", developer_view(PUT=apps.update, DELETE=apps.delete)),
    path(f"{_U}/apps/<str:app_id>/secrets/rotate", developer_view(PUT=apps.rotate)),
    path(f"{_U}/oauth2/grant", developer_view(GET=apps.grant)),
]

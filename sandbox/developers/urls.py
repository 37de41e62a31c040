"""Where the command line tool finds what. Source: Pumble app platform reference, 1.4.

`mine` and `authorizations` stand before ids, so that they are never taken for one.
"""

from django.urls import path

from sandbox.developers import apps, sign_in
from sandbox.developers.endpoint import own, public

_W = "workspaces/<str:workspace_id>"
_U = f"{_W}/workspaceUsers/<str:person_id>"

urlpatterns = [
    path("lead", public(POST=sign_in.begin)),
    path("lead/activate", public(POST=sign_in.activate)),
    path("lead/login", public(POST=sign_in.login)),
    path(f"{_W}/exchange", public(POST=sign_in.exchange)),
    path(f"{_W}/refresh", public(POST=sign_in.refresh)),
    path(f"{_W}/info", public(GET=sign_in.info)),
    path(_U, public(GET=sign_in.member)),
    path(f"{_U}/apps", own(POST=apps.create)),
    path(f"{_U}/apps/mine", own(GET=apps.mine)),
    path(f"{_U}/apps/mine/<str:app_id>", own(GET=apps.details)),
    path(f"{_U}/apps/authorizations", own(GET=apps.authorizations)),
    path(f"{_U}/apps/<str:app_id>", own(PUT=apps.update, DELETE=apps.delete)),
    path(f"{_U}/apps/<str:app_id>/secrets/rotate", own(PUT=apps.rotate)),
    path(f"{_U}/oauth2/grant", own(GET=apps.grant)),
]

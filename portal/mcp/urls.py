"""The address of MCP, and the addresses where its clients look for OAuth."""

from django.urls import path, re_path

from portal.mcp import views

PATHS = frozenset({"/mcp", "/mcp/"})
urlpatterns = [
    path("mcp", views.McpView.as_view(schema=None), name="mcp"),
    path("mcp/", views.McpView.as_view(schema=None)),
    re_path(
        r"^(?:mcp/)?\.well-known/(?:oauth-[^/]+|openid-configuration)(?:/.*)?$",
        views.explain_no_oauth,
        name="no-oauth",
    ),
    re_path(r"^register/?$", views.explain_no_oauth),
]

"""The routes of the agents' API; a request imports only those of its own module."""

from trunkline.http_api.routing import RouteIndex

ROUTES = RouteIndex(
    package=__name__,
    segment=5,
    modules={"context": ("calls",), "reports": ("calls",), "tools": ("tools",)},
)
"""Modules by the fifth segment of the path: `/agent/v1/calls/{call_id}/<resource>`."""

NO_CALL = "No such call."
ATTEMPT_OVER = {409: "The token is for an attempt that has ended, or the call ended long ago."}

PARAMETER_PATTERNS = {"call_id": "[0-9a-fA-F-]{36}", "tool": "[A-Za-z_][A-Za-z0-9_]{0,63}"}

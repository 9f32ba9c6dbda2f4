"""Routes of refused calls."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.call_control.refusals import RefusalList, RefusalQuery
from trunkline.http_api.routing import RouteGroup

from ..auth import ApiRequest
from ..bootstrap.refusals import refusal_log

group = RouteGroup()


@group.get("/api/v1/refusals", scope=Scope.CALLS_READ, returns="A page of refusals.")
def list_refusals(request: ApiRequest, query: RefusalQuery) -> RefusalList:
    """List the refused calls of a number, newest first.

    They are kept for thirty days. Rows of batches are in the results of their batch.
    """
    return refusal_log().page(request.principal, query)

"""Route of the audit log."""

from __future__ import annotations

from trunkline.auth.audit_log import AuditList, AuditQuery
from trunkline.auth.scopes import Scope
from trunkline.http_api.routing import RouteGroup

from ..auth import ApiRequest
from ..bootstrap.tenant import audit_log

group = RouteGroup()


@group.get("/api/v1/audit", scope=Scope.AUDIT_READ)
def list_audit(request: ApiRequest, query: AuditQuery) -> AuditList:
    """List the audit log, newest entry first; entries are kept for a year."""
    return audit_log().page(request.principal, query)

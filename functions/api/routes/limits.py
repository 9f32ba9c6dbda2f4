"""Route of a tenant's limits."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.core.rate_limit import DEFAULT_PER_MINUTE
from trunkline.http_api.routing import RouteGroup
from trunkline.tenants.responses import LimitsView, limits_view

from ..auth import ApiRequest
from ..bootstrap.base import tenant_settings
from ..bootstrap.outbound import quota_service, usage

group = RouteGroup()


@group.get("/api/v1/limits", scope=Scope.CALLS_READ)
def get_limits(request: ApiRequest) -> LimitsView:
    """Read your limits and their current use."""
    principal, rate = request.principal, request.rate_limit
    tenant_id, livemode = principal.tenant_id, principal.livemode
    return limits_view(
        tenant_settings().get(tenant_id),
        rate.limit if rate else DEFAULT_PER_MINUTE,
        waiting=usage().waiting(tenant_id, livemode=livemode),
        in_progress=usage().in_progress(tenant_id, livemode=livemode),
        today=quota_service().calls_today(principal),
    )

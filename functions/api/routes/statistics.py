"""Routes of numbers: of calls by minute, and of the reconciler's repairs."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.http_api.routing import RouteGroup
from trunkline.statistics.repairs import RepairList, RepairQuery
from trunkline.statistics.service import StatisticsQuery, StatisticsView

from ..auth import ApiRequest
from ..bootstrap.statistics import repair_log, statistics_service

group = RouteGroup()


@group.get("/api/v1/statistics", scope=Scope.CALLS_READ)
def get_statistics(request: ApiRequest, query: StatisticsQuery) -> StatisticsView:
    """Read how many calls were accepted, dialled and answered lately, and why calls failed.

    The counts follow the calls by about a second. After a failure of AWS an event may be counted twice, or
    not at all.
    """
    return statistics_service().of_calls(request.principal, query)


@group.get("/api/v1/repairs", scope=Scope.CALLS_READ)
def list_repairs(request: ApiRequest, query: RepairQuery) -> RepairList:
    """List what the reconciler repaired of your calls in the last thirty days, newest first."""
    return repair_log().page(request.principal, query)

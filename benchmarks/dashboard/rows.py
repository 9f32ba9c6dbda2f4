"""All rows of the dashboard, each measured in Chromium against the local stack."""

from __future__ import annotations

from benchmarks.call_latency import TenantClient
from benchmarks.dashboard.browser import Visitor, visitor
from benchmarks.dashboard.changes import change_rows
from benchmarks.dashboard.interactions import interaction_row
from benchmarks.dashboard.request_rates import request_rows
from benchmarks.dashboard.scripts import script_row
from benchmarks.dashboard.scrolling import scroll_row
from benchmarks.dashboard.visits import paint_rows
from benchmarks.results import Row
from infrastructure.dashboard_site import dashboard_site
from local.config import for_tests
from local.stack import Stack, local_stack
from tests.support.chromium import find_chromium

_USERS = 6
"""The local stack serves few requests at once, and each open tab may hold one of them."""


def dashboard_rows() -> list[Row]:
    """Measure on a stack of its own, whose calls are those of the benchmark."""
    rows, chromium = [script_row(dashboard_site())], find_chromium()
    if chromium is None:
        return [*rows, Row("dashboard in a browser", "not measured", "no Chromium starts here")]
    with (
        local_stack(for_tests("bench-dashboard", users=_USERS), print) as stack,
        visitor(stack, chromium) as who,
    ):
        return [*rows, *_browser_rows(stack, who)]


def _browser_rows(stack: Stack, who: Visitor) -> list[Row]:
    tenant = TenantClient(stack)
    return [
        *paint_rows(who),
        *change_rows(stack, tenant, who),
        interaction_row(stack, tenant, who),
        scroll_row(who),
        *request_rows(stack, tenant, who),
    ]

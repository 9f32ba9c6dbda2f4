"""The `make bench` command: starts a stack, measures, and prints a table.

`make bench ARGS="webhooks pacing"` measures only these groups.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from benchmarks import (
    access,
    batch_files,
    batch_imports,
    batches,
    call_latency,
    call_units,
    cost,
    pacing,
    pacing_under_load,
    pauses,
    reconciler,
    reconciler_fleet,
    scale,
    schedules,
    startup,
    tools,
    web_calls,
    webhooks,
)
from benchmarks.call_latency import TenantClient
from benchmarks.dashboard.rows import dashboard_rows
from benchmarks.results import Row, show
from local.config import for_tests
from local.stack import Stack, local_stack

Measure = Callable[[Stack, TenantClient], list[Row]]
CALLS_BY_CPS = {1: 30, 5: 300, 20: 300, 50: 300}
STACK_GROUPS: dict[str, Measure] = {
    "call_latency": lambda stack, tenant: [
        *call_latency.post_rows(stack, tenant),
        *call_latency.dial_rows(stack, tenant),
        *call_latency.request_rows(stack, tenant),
    ],
    "access": access.access_rows,
    "tools": lambda stack, _: tools.tool_rows(stack),
    "web_calls": web_calls.web_call_rows,
    # Before the webhooks, whose thousand executions would stay in the emulator's memory.
    "memory": lambda stack, _: [startup.memory_row(stack)],
    "webhooks": lambda stack, _: webhooks.webhook_rows(stack),
    "pacing": lambda stack, _: pacing.pacing_rows(stack, CALLS_BY_CPS),
    "pacing_under_load": lambda stack, _: pacing_under_load.loaded_pacing_rows(stack),
    "pauses": lambda stack, _: pauses.pause_rows(stack),
    "cost": cost.cost_rows,
    "call_units": call_units.call_unit_rows,
    "scale": lambda stack, tenant: [
        *scale.queue_length_rows(stack, tenant),
        scale.unanswered_row(stack),
        scale.handover_row(stack),
    ],
    "schedules": lambda stack, _: schedules.tick_rows(stack),
    "batches": batches.batch_rows,
}
STANDALONE_GROUPS: dict[str, Callable[[], list[Row]]] = {
    "start": lambda: [*startup.import_rows(), *startup.layer_rows()],
    "reconciler": lambda: [*reconciler.reconciler_rows(), *reconciler_fleet.fleet_rows()],
    "run": startup.run_rows,
    "doctor": startup.doctor_rows,
    "dashboard": dashboard_rows,
    "batch_files": batch_files.broken_rows_rows,
    "batch_imports": batch_imports.import_rows,
}


_BEFORE_THE_STACK = {"start", "reconciler"}
"""Groups whose memory and processor time nothing else may have touched."""


def _standalone_rows(wanted: set[str]) -> list[Row]:
    return [row for name, measure in STANDALONE_GROUPS.items() if name in wanted for row in measure()]


def main(names: Sequence[str]) -> None:
    """Measure the named groups, or all groups."""
    groups = [*STANDALONE_GROUPS, *STACK_GROUPS]
    wanted = set(names or groups)
    if unknown := wanted - set(groups):
        raise SystemExit(f"unknown group {sorted(unknown)[0]}; the groups are {', '.join(groups)}")
    rows = _standalone_rows(wanted & _BEFORE_THE_STACK)
    if wanted & set(STACK_GROUPS):
        with local_stack(for_tests("bench-stack"), print) as stack:
            tenant = TenantClient(stack)
            for name, measure in STACK_GROUPS.items():
                rows += measure(stack, tenant) if name in wanted else []
    rows += _standalone_rows(wanted - _BEFORE_THE_STACK)
    show(rows, is_complete=not names)


if __name__ == "__main__":
    main(sys.argv[1:])

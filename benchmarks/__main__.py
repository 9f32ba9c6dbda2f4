"""`make bench`: bring a stack up, measure, print; `make bench ARGS="webhooks pacing"`: some of it anew."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from benchmarks import access, batches, cost, load, main_job, pacing, start, stories, tools, webhooks
from benchmarks.table import Row, show
from local.config import for_tests
from local.stack import Stack, local_stack

Measure = Callable[[Stack, main_job.Client], list[Row]]
PACES = {1: 30, 5: 300, 20: 300, 50: 300}
ON_A_STACK: dict[str, Measure] = {
    "main": lambda stack, tenant: [
        *main_job.post_rows(stack, tenant),
        *main_job.dial_rows(stack, tenant),
        *main_job.call_rows(stack, tenant),
    ],
    "access": access.access_rows,
    "tools": lambda stack, _: tools.tool_rows(stack),
    "stories": stories.story_rows,
    "memory": lambda stack, _: [start.memory_row(stack)],  # before the emulator keeps a thousand histories
    "webhooks": lambda stack, _: webhooks.webhook_rows(stack),
    "pacing": lambda stack, _: pacing.pacing_rows(stack, PACES),
    "cost": cost.cost_rows,
    "load": lambda stack, tenant: [
        *load.depth_rows(stack, tenant),
        load.unanswered_row(stack),
        load.handover_row(stack),
    ],
    "schedules": lambda stack, _: batches.tick_rows(stack),
    "batches": batches.batch_rows,
}
ALONE: dict[str, Callable[[], list[Row]]] = {
    "start": lambda: [*start.import_rows(), *start.layer_rows()],
    "run": start.run_rows,
}


def main(names: Sequence[str]) -> None:
    """Measure these groups, or all."""
    wanted = set(names or [*ON_A_STACK, *ALONE])
    if unknown := wanted - {*ON_A_STACK, *ALONE}:
        raise SystemExit(f"no figures called {sorted(unknown)[0]}: {', '.join([*ALONE, *ON_A_STACK])}")
    rows = ALONE["start"]() if "start" in wanted else []
    if wanted & set(ON_A_STACK):
        with local_stack(for_tests("bench-stack"), print) as stack:
            tenant = main_job.Client(stack)
            for name, measure in ON_A_STACK.items():
                rows += measure(stack, tenant) if name in wanted else []
    rows += ALONE["run"]() if "run" in wanted else []
    show(rows, whole=not names)


if __name__ == "__main__":
    main(sys.argv[1:])

"""`make bench`: bring a stack up, measure, print."""

from __future__ import annotations

from benchmarks import cost, load, main_job, pacing, start, stories, webhooks
from benchmarks.table import show
from local.config import for_tests
from local.stack import local_stack


def main() -> None:
    rows = [*start.import_rows(), *start.layer_rows()]
    with local_stack(for_tests("bench-stack"), print) as stack:
        tenant = main_job.Client(stack)
        rows += main_job.post_rows(stack, tenant)
        rows += main_job.dial_rows(stack, tenant)
        rows += main_job.call_rows(stack, tenant)
        rows += stories.story_rows(stack, tenant)
        rows.append(start.memory_row(stack))
        rows += webhooks.webhook_rows(stack)
        rows += pacing.pacing_rows(stack, {1: 30, 5: 300, 20: 300, 50: 300})
        rows += cost.cost_rows(stack, tenant)
        rows += load.depth_rows(stack, tenant)
        rows.append(load.unanswered_row(stack))
        rows.append(load.handover_row(stack))
    rows += start.run_rows()
    show(rows)


if __name__ == "__main__":
    main()

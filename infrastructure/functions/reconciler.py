"""The `reconciler` function: plans the repairs of a minute, and makes those that need no LiveKit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets

from infrastructure import permissions as may
from infrastructure.alarms import failed_items
from infrastructure.python_function import PythonFunction

if TYPE_CHECKING:
    from infrastructure.stack import TrunklineStack


def add_reconciler(stack: TrunklineStack) -> PythonFunction:
    """Add the function, its environment and its permissions."""
    built = PythonFunction(
        stack,
        "Reconciler",
        runtime=stack.runtime,
        package="reconciler",
        environment=stack.function_environment("REPAIR_QUEUE_URL", "DELIVERY_FLOW_ARN")
        | stack.schedules.environment()
        | stack.batches.environment(),
        timeout_s=55,
        memory_mib=stack.settings.api_memory_mib,
    )
    may.may_use_table(built.role, stack.data, *may.READ, *may.CHANGE, *may.REMOVE)
    may.may_query_index(built.role, stack.data, "open")
    may.may_wake(built.role, stack.repairs.queue)
    may.may_start(built.role, stack.deliveries.machine)
    may.may_keep_schedules(built.role, stack.schedules)
    may.may_run_batches(built.role, stack.batches.machine)
    # Lambda would run a pass that failed twice more, and try one that it throttles for six hours. Only one
    # runs at once, so old passes would take the turns of new ones.
    # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    built.live.configure_async_invoke(retry_attempts=0, max_event_age=Duration.minutes(1))
    every_minute = events.Schedule.rate(Duration.minutes(1))
    target = targets.LambdaFunction(built.live, retry_attempts=0)
    events.Rule(stack, "ReconcilerEveryMinute", schedule=every_minute, targets=[target])
    failed_items(built, "reconciler")
    return built

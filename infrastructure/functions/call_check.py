"""The `call_check` function: looks at one call at the time that was set for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_lambda_event_sources as event_sources

from infrastructure import permissions as may
from infrastructure.alarms import failed_items
from infrastructure.dial_queue import CALL_QUEUES
from infrastructure.python_function import PythonFunction

if TYPE_CHECKING:
    from infrastructure.stack import TrunklineStack

_TIMEOUT_S = 45


def add_call_check(stack: TrunklineStack) -> PythonFunction:
    """Add the function, its environment and its permissions."""
    built = PythonFunction(
        stack,
        "CallCheck",
        runtime=stack.runtime,
        package="call_check",
        environment=stack.function_environment(*CALL_QUEUES) | stack.egress_environment(),
        timeout_s=_TIMEOUT_S,
        memory_mib=stack.settings.api_memory_mib,
        calls_itself=True,
    )
    may.may_use_table(built.role, stack.data, *may.READ, *may.CHANGE, *may.REMOVE)
    may.may_read_livekit_secrets(built.role, stack.data)
    may.may_wake(built.role, stack.dial_queue.queue, stack.test_dial_queue.queue)
    source = event_sources.SqsEventSource(
        stack.call_checks.queue, batch_size=1, max_concurrency=stack.settings.call_checks_at_once
    )
    built.live.add_event_source(source)
    failed_items(built, "call_check")
    return built

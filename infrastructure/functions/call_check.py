"""The `call_check` function: looks at one call at the time that was set for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure import permissions as may
from infrastructure.alarms import failed_items
from infrastructure.dial_queue import CALL_QUEUES
from infrastructure.python_function import PythonFunction
from infrastructure.queues import serve_queue

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
    serve_queue(built, stack.call_checks.queue, stack.settings.call_checks_at_once)
    failed_items(built, "call_check")
    return built

"""The `dialer` function: lane runs that place calls on live trunks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure import permissions as may
from infrastructure.alarms import failed_items, livekit_refused
from infrastructure.dial_queue import CALL_QUEUES, DIALER_TIMEOUT_S
from infrastructure.python_function import PythonFunction
from infrastructure.queues import serve_queue

if TYPE_CHECKING:
    from infrastructure.stack import TrunklineStack


def add_dialer(stack: TrunklineStack) -> PythonFunction:
    """Add the function, its environment and its permissions."""
    built = PythonFunction(
        stack,
        "Dialer",
        runtime=stack.runtime,
        package="dialer",
        environment=stack.function_environment(*CALL_QUEUES) | stack.egress_environment(),
        timeout_s=DIALER_TIMEOUT_S,
        memory_mib=stack.settings.dialer_memory_mib,
        calls_itself=True,
    )
    may.may_use_table(built.role, stack.data, *may.READ, *may.BATCH, *may.CHANGE, *may.REMOVE)
    may.may_query_index(built.role, stack.data, "open")
    may.may_read_livekit_secrets(built.role, stack.data)
    may.may_wake(built.role, stack.dial_queue.queue, stack.test_dial_queue.queue, stack.call_checks.queue)
    serve_queue(built, stack.dial_queue.queue, stack.settings.dialer_lanes)
    failed_items(built, "dialer")
    livekit_refused(built, "dialer")
    return built

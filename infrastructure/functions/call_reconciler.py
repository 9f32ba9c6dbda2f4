"""The `call_reconciler` function: the tasks of a pass, some trunks or some calls each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure import permissions as may
from infrastructure.dial_queue import CALL_QUEUES
from infrastructure.python_function import PythonFunction
from infrastructure.queues import serve_queue
from infrastructure.repair_queue import TASK_TIMEOUT_S

if TYPE_CHECKING:
    from infrastructure.stack import TrunklineStack


def add_call_reconciler(stack: TrunklineStack) -> PythonFunction:
    """Add the function, its environment and its permissions. It hands long lanes over to itself."""
    built = PythonFunction(
        stack,
        "CallReconciler",
        runtime=stack.runtime,
        package="call_reconciler",
        environment=stack.function_environment(*CALL_QUEUES, "REPAIR_QUEUE_URL") | stack.egress_environment(),
        timeout_s=TASK_TIMEOUT_S,
        memory_mib=stack.settings.api_memory_mib,
        calls_itself=True,
    )
    may.may_use_table(built.role, stack.data, *may.READ, *may.BATCH, *may.CHANGE, *may.REMOVE)
    may.may_query_index(built.role, stack.data, "open")
    may.may_read_livekit_secrets(built.role, stack.data)
    may.may_wake(
        built.role,
        stack.dial_queue.queue,
        stack.test_dial_queue.queue,
        stack.call_checks.queue,
        stack.repairs.queue,
    )
    serve_queue(built, stack.repairs.queue, stack.settings.repair_tasks_at_once)
    return built

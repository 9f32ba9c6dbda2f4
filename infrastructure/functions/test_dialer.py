"""The `test_dialer` function: lane runs that simulate the calls of test keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure import permissions as may
from infrastructure.dial_queue import DIALER_TIMEOUT_S
from infrastructure.python_function import PythonFunction
from infrastructure.queues import serve_queue

if TYPE_CHECKING:
    from infrastructure.stack import TrunklineStack


def add_test_dialer(stack: TrunklineStack) -> PythonFunction:
    """Add the function, its environment and its permissions. It has no right to any LiveKit secret."""
    lanes, queue = stack.settings.test_dialer_lanes, stack.test_dial_queue.queue
    urls = {
        "DIAL_QUEUE_URL": stack.dial_queue.queue.queue_url,
        "TEST_DIAL_QUEUE_URL": queue.queue_url,
    }
    built = PythonFunction(
        stack,
        "TestDialer",
        runtime=stack.runtime,
        package="test_dialer",
        environment={"TABLE_NAME": stack.data.table.table_name} | urls,
        timeout_s=DIALER_TIMEOUT_S,
        memory_mib=stack.settings.api_memory_mib,
        calls_itself=True,
    )
    may.may_use_table(built.role, stack.data, *may.READ, *may.BATCH, *may.CHANGE, *may.REMOVE)
    may.may_query_index(built.role, stack.data, "open")
    may.may_wake(built.role, stack.dial_queue.queue, queue)
    serve_queue(built, queue, lanes)
    return built

"""The `livekit_webhook` function: the receiver of LiveKit's signed webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure import permissions as may
from infrastructure.dial_queue import CALL_QUEUES
from infrastructure.python_function import PythonFunction

if TYPE_CHECKING:
    from infrastructure.stack import TrunklineStack


def add_livekit_webhook(stack: TrunklineStack) -> PythonFunction:
    """Add the function, its environment and its permissions."""
    built = PythonFunction(
        stack,
        "LiveKitWebhook",
        runtime=stack.runtime,
        package="livekit_webhook",
        environment=stack.function_environment(*CALL_QUEUES) | stack.egress_environment(),
        timeout_s=15,
        memory_mib=stack.settings.api_memory_mib,
    )
    may.may_use_table(built.role, stack.data, *may.READ, *may.CHANGE, *may.REMOVE)
    may.may_read_livekit_secrets(built.role, stack.data)
    may.may_wake(built.role, stack.dial_queue.queue, stack.test_dial_queue.queue, stack.call_checks.queue)
    return built

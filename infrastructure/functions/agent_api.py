"""The `agent_api` function: the API that agents use during a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure import permissions as may
from infrastructure.python_function import PythonFunction

if TYPE_CHECKING:
    from infrastructure.stack import TrunklineStack


def add_agent_api(stack: TrunklineStack) -> PythonFunction:
    """Add the function, its environment and its permissions."""
    built = PythonFunction(
        stack,
        "AgentApi",
        runtime=stack.runtime,
        package="agent_api",
        environment=stack.function_environment("CONTEXT_KEY_ARN") | stack.egress_environment(),
        timeout_s=29,
        memory_mib=stack.settings.api_memory_mib,
        encrypts=True,
    )
    may.may_use_table(built.role, stack.data, *may.READ, *may.CHANGE, *may.REMOVE)
    may.may_encrypt(built.role, stack.data, may.PERSONAL_DATA)
    may.may_decrypt(built.role, stack.data, may.PERSONAL_DATA)
    may.may_decrypt(built.role, stack.data, may.TOOLS)
    may.may_read_livekit_secrets(built.role, stack.data)
    return built

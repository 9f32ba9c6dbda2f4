"""The `api` function: every authenticated route of a tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure import permissions as may
from infrastructure.alarms import failed_items
from infrastructure.python_function import PythonFunction

if TYPE_CHECKING:
    from infrastructure.stack import TrunklineStack


def add_api(stack: TrunklineStack) -> PythonFunction:
    """Add the function, its environment and its permissions."""
    built = PythonFunction(
        stack,
        "Api",
        runtime=stack.runtime,
        package="api",
        environment=stack.function_environment(
            "DIAL_QUEUE_URL",
            "TEST_DIAL_QUEUE_URL",
            "KEY_PEPPER_ARN",
            "CONTEXT_KEY_ARN",
            "DELIVERY_FLOW_ARN",
            "API_URL",
        )
        | stack.egress_environment()
        | stack.schedules.environment()
        | stack.batches.environment()
        | {
            "BATCH_BUCKET": stack.batches.bucket.bucket_name,
            "OWN_LIVEKIT_PREFIX": stack.data.own_livekit_prefix,
            "DATA_KEY_ARN": stack.data.key.key_arn,
            "USER_POOL_ISSUER": stack.settings.user_pool_issuer,
            "USER_POOL_CLIENT_ID": stack.settings.user_pool_client_id,
            "LONG_POLLS": str(stack.settings.long_polls),
        },
        timeout_s=29,
        memory_mib=stack.settings.api_memory_mib,
        encrypts=True,
    )
    may.may_use_table(built.role, stack.data, *may.READ, *may.BATCH, *may.CHECK, *may.CHANGE, *may.REMOVE)
    may.may_query_index(built.role, stack.data, "open", "calls", "user_calls", "number_calls")
    readable = (may.RESPONSES, may.TOOLS, may.TRIGGERS, may.TEMPLATES)
    may.may_encrypt(built.role, stack.data, may.PERSONAL_DATA, may.WEBHOOKS, *readable)
    for purpose in readable:
        may.may_decrypt(built.role, stack.data, purpose)
    may.may_keep_own_livekit_secrets(built.role, stack.data)
    may.may_read_livekit_secrets(built.role, stack.data)
    may.may_read_pepper(built.role, stack.data)
    may.may_start(built.role, stack.deliveries.machine)
    may.may_wake(built.role, stack.dial_queue.queue, stack.test_dial_queue.queue)
    may.may_keep_schedules(built.role, stack.schedules)
    may.may_keep_files(built.role, stack.batches.bucket)
    may.may_start(built.role, stack.batches.machine)
    failed_items(built, "api")
    return built

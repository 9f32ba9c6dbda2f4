"""The `webhook_deliver` function: one delivery attempt at an endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure import permissions as may
from infrastructure.python_function import PythonFunction
from infrastructure.webhook_delivery import DELIVER_TIMEOUT_S

if TYPE_CHECKING:
    from infrastructure.stack import TrunklineStack


def add_webhook_deliver(stack: TrunklineStack) -> PythonFunction:
    """Add the function, its environment and its permissions."""
    settings = stack.settings
    built = PythonFunction(
        stack,
        "WebhookDeliver",
        runtime=stack.runtime,
        package="webhook_deliver",
        environment=stack.egress_environment()
        | {
            "TABLE_NAME": stack.data.table.table_name,
            "CONTEXT_KEY_ARN": stack.data.context_key.key_arn,
            "NOTICES_TOPIC_ARN": stack.notices.topic.topic_arn,
            "API_URL": stack.address.url,
            "WEBHOOK_DISABLE_AFTER_S": str(settings.webhook_disable_after_s),
            "WEBHOOK_SLOTS": str(settings.webhook_slots),
            "WEBHOOK_TENANT_SLOTS": str(settings.webhook_tenant_slots),
            "WEBHOOK_DELIVERIES_AT_ONCE": str(settings.webhook_deliveries_at_once),
        },
        timeout_s=DELIVER_TIMEOUT_S,
        memory_mib=settings.api_memory_mib,
        encrypts=True,
    )
    may.may_use_table(built.role, stack.data, *may.READ, *may.CHANGE, *may.REMOVE)
    may.may_decrypt(built.role, stack.data, may.WEBHOOKS)
    may.may_notify(built.role, stack.notices.topic)
    return built

"""What a deployed stack says of itself: addresses and names for operators, the CLI and the local stack."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from aws_cdk import CfnOutput

from infrastructure.assets import ROOT
from infrastructure.http_api import LIVEKIT_WEBHOOK_PATH

if TYPE_CHECKING:
    from infrastructure.stack import TrunklineStack


def add_outputs(stack: TrunklineStack) -> None:
    """Make the stack's outputs."""
    endpoint = stack.address.url
    values = {
        "Version": _version(),
        "ApiUrl": endpoint,
        "LiveKitWebhookUrl": f"{endpoint}{LIVEKIT_WEBHOOK_PATH}",
        "TableName": stack.data.table.table_name,
        "DialQueueUrl": stack.dial_queue.queue.queue_url,
        "TestDialQueueUrl": stack.test_dial_queue.queue.queue_url,
        "TestDeadLettersUrl": stack.test_dial_queue.dead_letters.queue_url,
        "DeadLettersUrl": stack.dial_queue.dead_letters.queue_url,
        "LiveKitSecretArn": stack.data.livekit_secret.secret_arn,
        "KeyPepperArn": stack.data.key_pepper.secret_arn,
        "DeliveryFlowArn": stack.deliveries.machine.state_machine_arn,
        "EventDeadLettersUrl": stack.events.dead_letters.queue_url,
        "NoticesTopicArn": stack.notices.topic.topic_arn,
        "EventBusName": stack.bus.bus.event_bus_name,
        "ScheduleDeadLettersUrl": stack.schedules.dead_letters.queue_url,
        "BusDeadLettersUrl": stack.bus.dead_letters.queue_url,
        "CallCheckDeadLettersUrl": stack.call_checks.dead_letters.queue_url,
        "RepairDeadLettersUrl": stack.repairs.dead_letters.queue_url,
        "BatchFlowArn": stack.batches.machine.state_machine_arn,
        "BatchBucketName": stack.batches.bucket.bucket_name,
        "ScheduleGroupName": stack.schedules.group_name,
    }
    if stack.data.table is not stack.data.own_table:
        values["AdoptedStreamArn"] = stack.settings.adopted_stream_arn
    if stack.settings.keep_data:
        values["KeptOnDestroy"] = ", ".join(_kept(stack))
    for name, value in values.items():
        CfnOutput(stack, name, value=value)


def _version() -> str:
    """Return the product's version, which `trunkline doctor` compares with its own."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def _kept(stack: TrunklineStack) -> list[str]:
    """Name the data that outlives the stack; tenants' own LiveKit secrets are no part of it, and stay too."""
    data = stack.data
    adopted = [] if data.table is data.own_table else [data.table.table_name]
    return [
        *adopted,
        data.own_table.table_name,
        data.key.key_arn,
        data.context_key.key_arn,
        data.livekit_secret.secret_arn,
        data.key_pepper.secret_arn,
        stack.batches.bucket.bucket_name,
        f"{data.own_livekit_prefix}*",
    ]

"""`event_fanout`: from the table's stream to one delivery per event and endpoint."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from trunkline.batches.repository import BatchRepository
from trunkline.core import aws_clients
from trunkline.core.logging import logger
from trunkline.core.settings import EventFanoutSettings
from trunkline.storage.serialization import from_dynamodb
from trunkline.storage.table import Table
from trunkline.trunks.repository import TrunkRepository
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.event_bus import EventBus
from trunkline.webhooks.fan_out import FanOut
from trunkline.webhooks.repository import EndpointRepository
from trunkline.webhooks.state_machine import DeliveryStateMachine

log = logger("event_fanout")
processor = BatchProcessor(event_type=EventType.DynamoDBStreams)


@cache
def fanout() -> FanOut:
    settings = EventFanoutSettings.from_env()
    table = Table(aws_clients.client("dynamodb"), settings.table_name)
    flow = DeliveryStateMachine(aws_clients.client("stepfunctions"), settings.delivery_flow_arn)
    bus = EventBus(aws_clients.client("events"), settings.event_bus_name)
    return FanOut(
        EndpointRepository(table),
        DeliveryRepository(table),
        flow,
        TrunkRepository(table).grantees,
        bus.publish,
        BatchRepository(table),
    )


def take(record: DynamoDBRecord) -> None:
    """Take one record; if it fails, the stream sends it and those after it again, and at last to the
    dead letters."""
    fanout().take(from_dynamodb(record.raw_event["dynamodb"]["NewImage"]))


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> Any:
    fanout().begin_batch()
    answer = process_partial_response(event, take, processor, context)
    log.info("batch", events=len(event["Records"]), failed=len(answer["batchItemFailures"]))
    return answer
